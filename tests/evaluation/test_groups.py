"""Tests of `panodent.evaluation.groups`: scores of groups, and the gap between them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from panodent.errors import DatasetError
from panodent.evaluation.bootstrap import percentile_interval, resampled_ratios, resamples
from panodent.evaluation.case_scores import CaseScores, score_pair
from panodent.evaluation.evaluate import summarise
from panodent.evaluation.grouping import Grouping
from panodent.evaluation.groups import MIN_COMPARED, compared
from panodent.teeth.teeth import Teeth

SIZE = (40, 100)


def teeth(*numbers: int) -> Teeth:
    square = np.ones((10, 10), bool)
    places = {36: 0, 37: 20, 38: 40}
    return Teeth.from_masks(SIZE, [(fdi, square, (10, places[fdi])) for fdi in numbers])


def case(key: str, *found: int) -> CaseScores:
    """A radiograph with 36 and 37."""
    return score_pair(teeth(36, 37), teeth(*found), key=key)


def by_first_letter(*order: str, **options) -> Grouping:
    return Grouping(
        "letter",
        order,
        lambda c: c.key[0] if c.key[0] in order else None,
        lambda _: "another letter",
        **options,
    )


CASES = [
    *(case(f"a{n}", 36, 37) for n in range(6)),
    *(case(f"b{n}", 36) if n < 3 else case(f"b{n}", 36, 37) for n in range(6)),
    case("c0"),
    case("z0", 36),
    case("z1", 36),
]


def test_each_group_is_scored_as_if_alone() -> None:
    made = compared(CASES, by_first_letter("b", "a", "c", "unused"), samples=40)
    assert [group.name for group in made.groups] == ["b", "a", "c"]
    for group in made.groups:
        alone = summarise([c for c in CASES if c.key[0] == group.name], samples=0)
        assert {name: f.value for name, f in group.figures.items()} == {
            name: f.value for name, f in alone.figures.items()
        }
    b, a, c = made.groups
    assert (b.figures["dice"].value, a.figures["dice"].value) == (9 / 12, 1.0)
    assert (b.tooth_count, len(b.cases), b.cases[0]) == (12, 6, "b0")
    assert (a.figures["dice"].low, a.figures["dice"].high) == (1.0, 1.0)
    assert "too few" in c.figures["dice"].reason  # one radiograph


def test_gap_is_between_the_best_and_the_worst_large_group() -> None:
    made = compared(CASES, by_first_letter("a", "b", "c"), samples=200)
    gap = made.gaps["dice"]
    # c, with a Dice of 0, has fewer than MIN_COMPARED radiographs.
    assert (gap.best, gap.worst, MIN_COMPARED) == ("a", "b", 5)
    assert gap.estimate.value == 0.25
    # Lower is better: every second b misses a tooth.
    count = made.gaps["count_error"]
    assert (count.best, count.worst, count.estimate.value) == ("a", "b", 0.5)
    assert "count_bias" not in made.gaps
    assert made.gaps["hd95"].estimate.value is None


def test_interval_of_the_gap_against_a_plain_one() -> None:
    mixed = [case(f"a{n}", 36, 37) if n % 3 else case(f"a{n}", 36) for n in range(6)]
    listed = [*mixed, *(c for c in CASES if c.key[0] == "b")]
    gap = compared(listed, by_first_letter("a", "b"), samples=300, seed=7).gaps["dice"]
    dice = {
        letter: resampled_ratios(
            np.array([[sum(t.dice for t in c.teeth)] for c in listed if c.key[0] == letter]),
            np.full((6, 1), 2.0),
            resamples(6, 300, seed),
        )[:, 0]
        for letter, seed in (("a", 7), ("b", 8))
    }
    assert (gap.best, gap.worst) == ("a", "b")
    assert (gap.estimate.low, gap.estimate.high) == percentile_interval(dice["a"] - dice["b"])
    assert gap.estimate.low < 0 < gap.estimate.value  # six radiographs each do not decide it


@pytest.mark.parametrize("order", [("a",), ("a", "c"), ("c",)])
def test_one_large_group_has_no_gap(order: tuple[str, ...]) -> None:
    gap = compared(CASES, by_first_letter(*order), samples=10).gaps["dice"]
    assert (gap.best, gap.worst, gap.estimate.value) == ("", "", None)
    assert "fewer than two groups of 5 radiographs" in gap.estimate.reason


def test_nothing_is_dropped_silently() -> None:
    made = compared(
        CASES, by_first_letter("a", "b", table="t.csv", unmatched=("x.png",)), samples=0
    )
    assert made.without_group == {"another letter": ("c0", "z0", "z1")}
    assert made.left_out == (
        ("3 radiographs are in no group: another letter", ("c0", "z0", "z1")),
        ("1 row of t.csv belongs to no radiograph", ("x.png",)),
    )


def test_a_label_outside_the_order_is_an_error() -> None:
    with pytest.raises(DatasetError, match="c0: group 'q' is not among a, b"):
        compared([case("c0")], Grouping("x", ("a", "b"), lambda _: "q", str))


def test_scores_json_holds_the_groups() -> None:
    made = by_first_letter("a", "b", bands="by letter", notes=("n",))
    evaluation = summarise(CASES, samples=20, groupings=[made])
    data = json.loads(evaluation.to_json())["groups"]["letter"]
    assert list(data) == [
        "bands", "table", "groups", "gaps", "without_group", "rows_without_radiograph", "notes",
    ]  # fmt: skip
    assert list(data["groups"][0]) == ["name", "radiographs", "teeth", "figures", "cases"]
    assert data["groups"][0]["figures"]["dice"]["value"] == 1.0
    assert list(data["gaps"]["dice"]) == [
        "best", "worst", "value", "low", "high", "count", "reason",
    ]  # fmt: skip
    assert data["gaps"]["dice"]["best"] == "a"
    assert summarise(CASES, samples=20, groupings=[made]).to_json() == evaluation.to_json()


def test_no_cases() -> None:
    made = compared([], by_first_letter("a"))
    assert (made.groups, made.without_group) == ((), {})
