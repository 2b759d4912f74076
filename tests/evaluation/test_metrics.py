"""Tests of `panodent.evaluation.metrics`: the table, and what one radiograph adds."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.dentition import DECIDUOUS, TEETH
from panodent.evaluation.case_scores import score_pair
from panodent.evaluation.metrics import DECIDUOUS_TYPES, METRICS, case_row, case_terms
from panodent.teeth.teeth import Teeth

SIZE = (40, 200)


def teeth(*places: tuple[int, int]) -> Teeth:
    """Teeth of 10 x 10 pixels from (FDI, left)."""
    square = np.ones((10, 10), bool)
    return Teeth.from_masks(SIZE, [(fdi, square, (10, left)) for fdi, left in places])


def test_the_table_is_complete() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.label
        assert metric.definition[-1] not in ". "
    assert [name for name, metric in METRICS.items() if metric.surface] == ["nsd", "hd95"]
    assert [name for name, metric in METRICS.items() if metric.is_share] == [
        "dice", "numbering", "dice_obb", "foreground", "detection_f1", "ap", "ap50", "nsd",
    ]  # fmt: skip


def test_terms_of_a_case() -> None:
    # 36 found, 11 missed, 48 and an instance without a number extra.
    truth, found = teeth((36, 10), (11, 50)), teeth((36, 10), (48, 90), (0, 120))
    terms = case_terms(score_pair(truth, found))
    assert terms["all", "dice"] == (1, 4)
    assert terms["molar", "dice"] == (1, 2)
    assert terms["incisor", "dice"] == (0, 1)
    assert terms["48", "dice"] == (0, 1)
    assert terms["all", "numbering"] == (1, 2)
    assert terms["all", "dice_obb"] == (30, 32)
    assert terms["all", "foreground"] == (pytest.approx(2 * 100 / (200 + 300)), 1)
    assert terms["all", "detection_f1"] == (1, 1 + (2 + 1) / 2)
    assert (terms["all", "count_error"], terms["all", "count_bias"]) == ((1, 1), (1, 1))
    assert ("all", "nsd") not in terms


def test_deciduous_teeth_have_types_of_their_own() -> None:
    # 55 found, 75 extra; 16 found.
    truth, found = teeth((55, 10), (16, 50)), teeth((55, 10), (16, 50), (75, 90))
    terms = case_terms(score_pair(truth, found))
    assert terms["deciduous molar", "dice"] == (1, 2)
    assert terms["deciduous", "dice"] == (1, 2)
    assert terms["molar", "dice"] == terms["permanent", "dice"] == (1, 1)
    assert terms["permanent", "dice_obb"] == terms["all", "dice_obb"] == (32, 32)
    assert ("deciduous molar", "dice_obb") not in terms
    kinds = {TEETH[fdi].type for fdi in DECIDUOUS}
    assert {f"deciduous {name}" for name in kinds} == set(DECIDUOUS_TYPES)


def test_surface_terms_of_a_case() -> None:
    truth, found = teeth((36, 10), (11, 50)), teeth((36, 10), (48, 90))
    terms = case_terms(score_pair(truth, found, surfaces=True))
    assert terms["all", "nsd"] == (1, 3)  # the missed and the extra tooth are 0
    assert terms["all", "hd95"] == (0, 1)  # they have no distance


def test_row_of_the_case_table() -> None:
    truth = teeth((36, 10), (37, 30), (11, 50), (12, 70))
    row = case_row(score_pair(truth, teeth((38, 10), (37, 30), (0, 50)), key="a"))
    assert (row["case"], row["predicted"]) == ("a", True)
    assert (row["teeth"], row["predicted_teeth"]) == (4, 3)
    assert row["misnumbered"] == ["36>38", "11>?"]
    assert (row["missed"], row["extra"], row["dice"]) == ([12], [38], 1 / 5)
    assert row["nsd"] is None
    assert "ap" not in row
    assert (row["ignored"], row["ignore_regions"], row["dentition"]) == ([], 0, "permanent")


def test_row_of_a_case_with_an_ignore_region() -> None:
    row = case_row(score_pair(teeth((36, 10), (0, 50)), teeth((36, 10), (37, 50), (0, 50))))
    assert (row["ignored"], row["ignore_regions"], row["extra"]) == ([37, "?"], 1, [])
    assert (row["teeth"], row["predicted_teeth"], row["count_bias"]) == (1, 1, 0)
