"""Tests of `panodent.evaluation.matching`, worked out by hand on rectangles."""

from __future__ import annotations

import numpy as np

from panodent.evaluation.matching import match_teeth, same_number_pairs
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
    # On an unnumbered tooth: excused, the second one not. Without a number on a missed tooth:
    # excused. With a number that the ground truth lacks: an extra.
    truth = teeth((0, 0), (36, 30), (37, 60))
    found = teeth((11, 0), (12, 0), (0, 30), (37, 60), (48, 80))
    matching = match_teeth(truth, found)
    assert matching.extras == (12, 48)
    assert matching.excused == 2
