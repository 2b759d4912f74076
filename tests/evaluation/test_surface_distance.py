"""`panodent.evaluation.surface_distance`: distances between outlines, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.evaluation.surface_distance import surface_distance


def square(top: int, left: int, side: int) -> tuple[list[int], np.ndarray]:
    return [top, left, top + side, left + side], np.ones((side, side), bool)


def test_equal_outlines_are_at_distance_0():
    assert surface_distance(square(5, 7, 10), square(5, 7, 10), 0.0) == (0.0, 1.0)


def test_a_square_inside_another():
    # The outer outline has 13 points a side, each for a length of 1, and 4 corners of a half
    # diagonal. From the inner square its corners are (2, 2) away, the points beside them (2, 1)
    # and (1, 2), the 11 others of each side 2. The inner outline is 2 away everywhere.
    near = surface_distance(square(0, 0, 14), square(2, 2, 10), 2.0)
    outer, inner = 4 * 13 + 4 * np.sqrt(0.5), 4 * 9 + 4 * np.sqrt(0.5)
    assert near.nsd == pytest.approx((4 * 11 + inner) / (outer + inner))
    # The four corners are 2.83 of 54.83, the last 5.2 per cent: the 95th percentile is theirs.
    assert near.hd95 == pytest.approx(np.sqrt(8), abs=1e-6)


def test_distance_is_the_larger_of_both_directions():
    # All of the small square lies in the large one's outline, most of the large one is far away.
    small, large = square(0, 0, 4), square(0, 0, 40)
    there, back = (surface_distance(a, b, 1.0) for a, b in ((small, large), (large, small)))
    assert there == back
    assert there.hd95 > 30


def test_shifted_square_agrees_within_a_tolerance_of_the_shift():
    assert surface_distance(square(5, 5, 10), square(5, 8, 10), 3.0).nsd == 1.0
    assert surface_distance(square(5, 5, 10), square(5, 8, 10), 2.9).nsd < 1.0


def test_far_apart_masks_share_nothing():
    near = surface_distance(square(0, 0, 4), square(0, 100, 4), 5.0)
    assert near.nsd == 0.0
    assert near.hd95 == pytest.approx(100.0)
