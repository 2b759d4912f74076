"""Tests of `panodent.teeth.overlap`, worked out by hand on rectangles."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.teeth.overlap import (
    crops_by_number,
    foreground_dice,
    intersection,
    intersections,
    iou_and_dice,
    union,
)
from panodent.teeth.teeth import Teeth

SIZE = (20, 60)


def teeth(*places: tuple[int, int]) -> Teeth:
    """Teeth of 10 x 10 pixels from (FDI, left)."""
    square = np.ones((10, 10), bool)
    return Teeth.from_masks(SIZE, [(fdi, square, (5, left)) for fdi, left in places])


@pytest.mark.parametrize(
    ("corner", "pixels"),
    [((0, 0), 16), ((3, 3), 1), ((-2, 1), 2 * 3), ((4, 0), 0), ((0, -4), 0)],
)
def test_intersection_of_squares(corner: tuple[int, int], pixels: int) -> None:
    square = np.ones((4, 4), bool)
    top, left = corner
    other = ((top, left, top + 4, left + 4), square)
    assert intersection(((0, 0, 4, 4), square), other) == pixels


def test_intersection_counts_pixels_and_not_boxes() -> None:
    chequered = np.indices((4, 4)).sum(axis=0) % 2 == 0
    box = (0, 0, 4, 4)
    assert intersection((box, chequered), (box, ~chequered)) == 0
    assert intersection((box, chequered), (box, chequered)) == 8


def test_intersections_of_all_pairs() -> None:
    assert intersections(teeth((36, 0), (37, 20)), teeth((36, 5))).tolist() == [[50], [0]]
    assert intersections(Teeth.empty(SIZE), teeth((36, 0))).shape == (0, 1)


def test_iou_and_dice_of_all_pairs() -> None:
    iou, dice = iou_and_dice(teeth((36, 0), (37, 20)), teeth((36, 5)))
    assert iou.tolist() == [[pytest.approx(50 / 150)], [0]]
    assert dice.tolist() == [[0.5], [0]]
    assert iou_and_dice(teeth((36, 0)), Teeth.empty(SIZE))[0].shape == (1, 0)


def test_union_and_foreground() -> None:
    first, second = teeth((36, 0), (37, 5)), teeth((11, 10))
    assert union(first).sum() == 150
    assert foreground_dice(first, second) == 2 * 50 / (150 + 100)
    assert foreground_dice(first, Teeth.empty(SIZE)) == 0
    assert foreground_dice(Teeth.empty(SIZE), Teeth.empty(SIZE)) == 1


def test_foreground_outside_ignored_teeth() -> None:
    # 36 at 0 to 10, predicted 5 columns too far; the ignored tooth covers 5 to 15.
    first, second, ignored = teeth((36, 0)), teeth((36, 5)), teeth((0, 5))
    assert foreground_dice(first, second, ignored) == 2 * 50 / (100 + 50)
    assert foreground_dice(first, second, Teeth.empty(SIZE)) == 0.5
    assert foreground_dice(Teeth.empty(SIZE), second, ignored) == 1  # nothing is left


def test_teeth_of_one_number_are_joined() -> None:
    crops = crops_by_number(teeth((36, 0), (36, 5), (37, 30)))
    assert list(crops) == [36, 37]
    assert crops[36][0] == (0, 0, *SIZE)
    assert crops[36][1].sum() == 150
    assert list(crops[37][0]) == [5, 30, 15, 40]
