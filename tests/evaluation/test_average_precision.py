"""Tests of `panodent.evaluation.average_precision`, worked out by hand on rectangles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from panodent.dentition import DECIDUOUS, PERMANENT, TEETH
from panodent.evaluation.average_precision import class_precision, mask_average_precision
from panodent.evaluation.case_scores import CaseScores, score_pair
from panodent.teeth.teeth import Teeth

SIZE = (40, 200)


def tooth(fdi: int, left: int):
    return fdi, np.ones((10, 10), bool), (10, left)


def teeth(*items, scores=None) -> Teeth:
    return Teeth.from_masks(SIZE, items, scores)


def case(key: str, truth: Teeth, found: Teeth | None) -> CaseScores:
    return score_pair(truth, found, key=key)


BOTH = teeth(tooth(36, 10), tooth(11, 50))


def mixed(count: int = 6):
    """Cases of different quality."""
    for index in range(count):
        shifted = tooth(36, 10 + (3 * index) % 5)
        found = teeth(shifted, tooth(11 if index % 2 else 12, 50), scores=[0.9, 0.6])
        yield case(str(index), BOTH, found)


def test_a_perfect_prediction_is_1():
    assert mask_average_precision([case("a", BOTH, BOTH)])[0] == (1.0, 1.0)


def test_ap_by_hand():
    # 36 at IoU 90 / 110 = 0.818: right at the seven thresholds 0.50 to 0.80; 11 missed.
    found = teeth(tooth(36, 11), scores=[0.9])
    value, _ = mask_average_precision([case("a", BOTH, found)])
    assert value.ap == pytest.approx((7 / 10 + 0) / 2)
    assert value.ap50 == pytest.approx(1 / 2)


def test_ap_orders_by_score_over_all_images():
    # The surest 36 is on nothing: precision is 1/2 at every recall.
    truth = teeth(tooth(36, 10))
    cases = [
        case("a", truth, teeth(tooth(36, 10), scores=[0.5])),
        case("b", Teeth.empty(SIZE), teeth(tooth(36, 10), scores=[0.9])),
    ]
    assert mask_average_precision(cases)[0] == pytest.approx((0.5, 0.5))


@pytest.mark.parametrize(
    ("truth", "found", "expected"),
    [
        (BOTH, None, (0.0, 0.0)),
        (Teeth.empty(SIZE), BOTH, (None, None)),
        (Teeth.empty(SIZE), None, (None, None)),
    ],
)
def test_ap_of_empty_cases(truth, found, expected):
    assert mask_average_precision([case("a", truth, found)])[0] == expected


def test_ap_counts_deciduous_teeth():
    # 36 is perfect, 55 is missed: the mean over two classes; 75 is not in the truth and no class.
    truth, found = teeth(tooth(36, 10), tooth(55, 50)), teeth(tooth(36, 10), tooth(75, 90))
    cases = [case("a", truth, found)]
    assert mask_average_precision(cases)[0] == (0.5, 0.5)
    assert mask_average_precision(cases, PERMANENT)[0] == (1.0, 1.0)
    assert mask_average_precision(cases, DECIDUOUS)[0] == (0.0, 0.0)
    only = [case("a", teeth(tooth(55, 10)), teeth(tooth(55, 10)))]
    assert mask_average_precision(only)[0] == (1.0, 1.0)
    assert mask_average_precision(only, PERMANENT)[0] == (None, None)


def test_some_classes_of_all_are_those_counted_alone():
    truth = teeth(tooth(36, 10), tooth(11, 50), tooth(55, 90))
    found = teeth(tooth(36, 12), tooth(11, 53), tooth(55, 91), tooth(75, 120))
    cases = [case(str(n), truth, found if n % 2 else truth) for n in range(4)]
    rows = np.array([[0, 1, 2, 3], [1, 1, 3, 3], [0, 0, 0, 2]])
    for classes in (PERMANENT, DECIDUOUS, (36, 55), tuple(TEETH)):
        value, drawn = class_precision(cases, resamples=rows).over(classes)
        alone, each = mask_average_precision(cases, classes, rows)
        assert value == pytest.approx(alone)
        assert np.array(drawn) == pytest.approx(np.array(each))


def test_a_class_that_a_resample_lacks_is_left_out():
    cases = [case("a", teeth(tooth(36, 10)), None), case("b", BOTH, BOTH)]
    found = class_precision(cases, (11, 36), np.array([[0, 0], [1, 1]]))
    assert found.classes == (11, 36)
    assert np.isnan(found.ap[1]).tolist() == [True, False]
    assert found.over((11,))[1] == [(None, None), (1.0, 1.0)]


def test_ap_of_a_resample_equals_that_of_the_cases_drawn():
    # Guards our use of the library's matches, whose order it does not promise.
    cases = list(mixed())
    rows = np.array([[0, 1, 2, 3, 4, 5], [5, 5, 1, 0, 0, 3], [2, 2, 2, 2, 2, 2]])
    value, drawn = mask_average_precision(cases, resamples=rows)
    assert drawn[0] == value
    for row, found in zip(rows, drawn, strict=True):
        copies = [replace(cases[i], key=str(n)) for n, i in enumerate(row)]
        assert found == pytest.approx(mask_average_precision(copies)[0])
