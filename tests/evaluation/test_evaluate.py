"""`panodent.evaluation.evaluate`: many cases joined, intervals, the confusion matrix."""

from __future__ import annotations

import json

import numpy as np
import pytest

from panodent.errors import ConfigError
from panodent.evaluation.evaluate import METRICS, SCHEMA, score_pair, summarise
from panodent.teeth.teeth import Teeth

SIZE = (40, 200)


def tooth(fdi: int, left: int, width: int = 10):
    return fdi, np.ones((10, width), bool), (10, left)


def teeth(*items, scores=None) -> Teeth:
    return Teeth.from_masks(SIZE, items, scores)


def case(key: str, truth: Teeth, found: Teeth | None, **options):
    return score_pair(truth, found, key=key, **options)


BOTH = teeth(tooth(36, 10), tooth(11, 50))


def mixed(count: int = 6):
    """Cases of different quality."""
    generator = np.random.default_rng(5)
    for index in range(count):
        shift = int(generator.integers(0, 6))
        found = teeth(tooth(36, 10 + shift), tooth(11 if index % 2 else 12, 50), scores=[0.9, 0.6])
        yield case(str(index), BOTH, found)


def test_dice_is_pooled_over_teeth_and_not_over_images():
    one = case("one", teeth(tooth(36, 10)), None)
    evaluation = summarise([one, case("two", BOTH, BOTH)], samples=0)
    dice = evaluation.figures["dice"]
    assert (dice.value, dice.count) == (2 / 3, 3)
    assert evaluation.figures["numbering"].value == 2 / 3
    assert evaluation.figures["foreground"].value == 0.5
    assert evaluation.figures["dice_obb"].value == 0.5  # no prediction is 0 for all 32 teeth
    assert evaluation.without_prediction == ("one",)


def test_figures_by_type_and_tooth_are_parts_of_the_pool():
    # 36 found, 11 missed, 48 extra.
    evaluation = summarise([case("a", BOTH, teeth(tooth(36, 10), tooth(48, 90)))], samples=0)
    assert evaluation.figures["dice"].value == pytest.approx(1 / 3)
    assert evaluation.by_type["molar"]["dice"].value == 0.5
    assert evaluation.by_type["molar"]["numbering"].value == 1.0
    assert evaluation.by_type["incisor"]["dice"].value == 0.0
    assert evaluation.by_tooth[48]["dice"].value == 0.0
    # 12 molars: 11 as they should be, 48 absent but predicted.
    assert evaluation.by_type["molar"]["dice_obb"].value == pytest.approx(11 / 12)
    assert "dice" not in evaluation.by_type["canine"]
    assert evaluation.figures["detection_f1"].value == pytest.approx(2 / (2 + 1 + 1))


def test_count_error_and_bias():
    cases = [
        case("more", teeth(tooth(36, 10)), teeth(tooth(36, 10), tooth(11, 50), tooth(12, 80))),
        case("fewer", BOTH, teeth(tooth(36, 10))),
    ]
    figures = summarise(cases, samples=0).figures
    assert (figures["count_error"].value, figures["count_bias"].value) == (1.5, 0.5)


def test_confusion_matrix():
    truth = teeth(tooth(36, 10), tooth(37, 30), tooth(11, 50), tooth(12, 70))
    found = teeth(tooth(37, 10), tooth(36, 30), tooth(0, 50), tooth(48, 120))
    confusion = summarise([case("a", truth, found)], samples=0).confusion
    filled = {
        (confusion.rows[r], confusion.columns[c]): int(confusion.counts[r, c])
        for r, c in np.argwhere(confusion.counts).tolist()
    }
    assert filled == {
        ("36", "37"): 1,
        ("37", "36"): 1,
        ("11", "unnumbered"): 1,
        ("12", "missed"): 1,
        ("extra", "48"): 1,
    }
    assert confusion.counts.shape == (33, 34)


def test_deciduous_teeth_get_rows_of_their_own():
    deciduous = teeth(tooth(55, 10))
    evaluation = summarise([case("a", deciduous, deciduous)], samples=0)
    assert "55" in evaluation.confusion.rows
    assert evaluation.by_tooth[55]["dice"].value == 1.0
    assert list(evaluation.by_type) == [
        "incisor", "canine", "premolar", "molar", "deciduous molar",
    ]  # fmt: skip
    assert evaluation.by_type["deciduous molar"]["numbering"].value == 1.0
    assert "dice" not in evaluation.by_type["molar"]


def test_an_invented_deciduous_tooth_gets_a_row():
    evaluation = summarise([case("a", BOTH, teeth(tooth(36, 10), tooth(71, 90)))], samples=0)
    assert evaluation.by_tooth[71]["dice"].value == 0.0
    assert evaluation.by_type["deciduous incisor"]["dice"].value == 0.0
    assert (evaluation.by_kind["deciduous"]["ap"].value, evaluation.figures["ap"].value) == (
        None,
        0.5,  # 36 of 36 and 11
    )


def test_permanent_and_deciduous_teeth_apart():
    # 36 with a score of 0.9 is right, 55 with 0.6 is on nothing.
    truth = teeth(tooth(36, 10), tooth(55, 50))
    found = teeth(tooth(36, 10), tooth(55, 90), scores=[0.9, 0.6])
    evaluation = summarise([case("a", truth, found)], samples=0)
    permanent, deciduous = evaluation.by_kind["permanent"], evaluation.by_kind["deciduous"]
    assert permanent["calibration_error"].value == pytest.approx(0.1)
    assert deciduous["calibration_error"].value == pytest.approx(0.6)
    assert evaluation.figures["calibration_error"].value == pytest.approx((0.1 + 0.6) / 2)
    assert (permanent["ap50"].value, deciduous["ap50"].value) == (1.0, 0.0)
    assert (permanent["dice"].value, deciduous["dice"].value) == (1.0, 0.0)
    assert (permanent["ap"].count, deciduous["ap"].count) == (1, 1)
    assert list(summarise([case("a", BOTH, BOTH)], samples=0).by_kind) == ["permanent"]


def test_ignore_regions_are_said():
    truth = teeth(tooth(36, 10), tooth(0, 50))
    found = teeth(tooth(36, 10), tooth(37, 50))
    evaluation = summarise([case("a", truth, found), case("b", BOTH, BOTH)], samples=0)
    assert evaluation.notes == (
        "the ground truth has 1 ignore region (teeth without a number) in 1 radiograph; they are "
        "not scored, and neither are predicted teeth on them (1)",
    )
    for name in ("dice", "numbering", "detection_f1", "ap", "foreground", "dice_obb"):
        assert evaluation.figures[name].value == 1.0
    assert evaluation.figures["count_error"].value == 0.0
    assert summarise([case("b", BOTH, BOTH)], samples=0).notes == ()


def test_intervals_are_the_same_for_the_same_seed():
    first, again, other = (summarise(mixed(), samples=200, seed=s) for s in (3, 3, 4))
    assert first.to_json() == again.to_json()
    assert first.figures["dice"] != other.figures["dice"]
    for name, estimate in first.figures.items():
        if estimate.value is not None and name not in ("ap", "ap50"):
            assert estimate.low <= estimate.value <= estimate.high


def test_interval_of_the_bootstrap_against_a_plain_one():
    cases = list(mixed())
    generator = np.random.default_rng(0)
    plain = []
    for row in generator.integers(len(cases), size=(300, len(cases))):
        drawn = [cases[i] for i in row]
        pool = [t.dice for c in drawn for t in c.teeth] + [0.0 for c in drawn for _ in c.extras]
        plain.append(np.mean(pool))
    dice = summarise(cases, samples=300, seed=0).figures["dice"]
    assert (dice.low, dice.high) == pytest.approx(tuple(np.percentile(plain, [2.5, 97.5])))


def test_one_case_has_no_interval():
    dice = summarise([case("a", BOTH, BOTH)]).figures["dice"]
    assert (dice.value, dice.low, dice.high) == (1.0, None, None)
    assert "too few" in dice.reason


@pytest.mark.parametrize(
    "cases",
    [
        [],
        [case("empty", Teeth.empty(SIZE), Teeth.empty(SIZE))],
        [case(str(i), Teeth.empty(SIZE), None, surfaces=True) for i in range(3)],
    ],
)
def test_nothing_to_count_is_null_with_a_reason(cases):
    evaluation = summarise(cases, samples=20)
    data = json.loads(evaluation.to_json())  # strict: NaN would not have been written
    assert data["figures"]["dice"]["value"] is None
    assert "teeth to count" in data["figures"]["dice"]["reason"]
    assert data["figures"]["ap"]["value"] is None


def test_surface_figures_say_that_they_were_not_measured():
    evaluation = summarise([case("a", BOTH, BOTH)], samples=0)
    assert evaluation.figures["nsd"].reason == "not measured"
    measured = summarise([case("a", BOTH, teeth(tooth(36, 10)), surfaces=True)], samples=0)
    assert measured.figures["nsd"].value == 0.5  # the missed tooth is 0
    assert (measured.figures["hd95"].value, measured.figures["hd95"].count) == (0.0, 1)


def test_json_schema():
    data = json.loads(summarise(mixed(), samples=10, without_truth=["z"], notes=["n"]).to_json())
    assert data["schema"] == SCHEMA
    assert list(data) == [
        "schema", "settings", "case_count", "without_prediction", "without_truth", "notes",
        "figures", "by_kind", "by_type", "by_tooth", "groups", "confusion", "cases",
    ]  # fmt: skip
    assert list(data["figures"]) == list(METRICS)
    assert list(data["figures"]["dice"]) == ["value", "low", "high", "count", "reason"]
    assert (data["without_truth"], data["notes"], data["case_count"]) == (["z"], ["n"], 6)


def test_headline_leaves_out_what_has_no_value():
    short = summarise([case("a", BOTH, BOTH)], samples=0).headline()
    assert short["dice"] == [1.0, None, None]
    assert "hd95" not in short


def test_negative_samples():
    with pytest.raises(ConfigError, match="-1"):
        summarise([], samples=-1)
