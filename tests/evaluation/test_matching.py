"""Tests of `panodent.evaluation.matching`, worked out by hand on rectangles."""

from __future__ import annotations

import numpy as np

from panodent.evaluation.matching import match_teeth, on_ignore_regions, same_number_pairs
from panodent.teeth.teeth import Teeth

SIZE = (20, 100)


def teeth(*places: tuple[int, int]) -> Teeth:
    """Teeth of 10 x 10 pixels from (FDI, left)."""
    square = np.ones((10, 10), bool)
    return Teeth.from_masks(SIZE, [(fdi, square, (5, left)) for fdi, left in places])


def test_pairs_have_the_same_number_and_the_largest_dice() -> None:
    truth, found = teeth((36, 0), (36, 20), (0, 40)), teeth((36, 21), (36, 2), (0, 40), (37, 60))
    matching = match_teeth(truth, found)
    assert matching.pairs == {1: 0, 0: 1}
    assert same_number_pairs(truth, Teeth.empty(SIZE), np.empty((3, 0))) == {}


def test_correct_pairs_overlap_enough() -> None:
    # 36 shifted by 3 of 10: IoU 70 / 130; 37 shifted by 4: 60 / 140, below one half.
    matching = match_teeth(teeth((36, 0), (37, 30)), teeth((36, 3), (37, 34)))
    assert matching.pairs == {0: 0, 1: 1}
    assert matching.correct == {0: 0}
    assert matching.on_a_tooth.tolist() == [True, False]


def test_the_best_instance_of_a_tooth_has_any_number() -> None:
    matching = match_teeth(teeth((36, 0), (37, 30)), teeth((36, 2), (48, 1)))
    assert matching.best_column(0) == 1
    assert matching.best_column(1) is None
    assert match_teeth(teeth((36, 0)), Teeth.empty(SIZE)).best_column(0) is None


def test_extras_and_excused_instances() -> None:
    # Without a number on a missed tooth: excused, the second one not. With a number that the
    # ground truth lacks: an extra, also on a tooth.
    truth = teeth((36, 30), (37, 60))
    found = teeth((0, 30), (0, 30), (37, 60), (48, 80), (12, 60))
    matching = match_teeth(truth, found)
    assert matching.extras == (0, 48, 12)
    assert matching.excused == 1


def test_instances_on_ignore_regions() -> None:
    # Shifted by 3 of 10: IoU 70 / 130. By 4: 60 / 140, but 60 % inside. By 5: 50 %, not more.
    truth = teeth((0, 0), (36, 60))
    found = teeth((11, 3), (12, 4), (0, 4), (13, 5), (36, 60), (21, 80))
    expected = [True, True, True, False, False, False]
    assert on_ignore_regions(truth, found).tolist() == expected
    assert not on_ignore_regions(teeth((36, 60)), found).any()
    assert on_ignore_regions(truth, Teeth.empty(SIZE)).shape == (0,)


def test_a_small_instance_in_a_large_ignore_region_lies_on_it() -> None:
    truth = Teeth.from_masks(SIZE, [(0, np.ones((20, 60), bool), (0, 0))])
    assert on_ignore_regions(truth, teeth((11, 5), (12, 56))).tolist() == [True, False]


def test_an_instance_on_a_tooth_inside_an_ignore_region_is_scored() -> None:
    square = np.ones((10, 10), bool)
    region = np.ones((20, 60), bool)
    truth = Teeth.from_masks(SIZE, [(36, square, (5, 0)), (0, region, (0, 0))])
    assert on_ignore_regions(truth, teeth((36, 2), (37, 20))).tolist() == [False, True]
