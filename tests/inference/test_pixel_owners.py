"""Whose a pixel is, computed by hand on a plane of two pixels."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.inference.pixel_owners import OVERLAP, PixelOwners, crop_with_margin, sort_by_owner


def test_pixels_come_in_order_of_their_owners() -> None:
    order, present, starts = sort_by_owner(np.array([2, 0, 2, 5]))
    assert order.tolist() == [1, 0, 2, 3]
    assert present.tolist() == [0, 2, 5]
    assert starts.tolist() == [0, 1, 3]
    assert [part.tolist() for part in sort_by_owner(np.zeros(0, np.int64))] == [[], [], []]


def test_a_crop_has_room_and_stays_inside() -> None:
    assert crop_with_margin((1, 5, 3, 9), (10, 10)) == (slice(0, 5), slice(3, 10))


def two_pixels() -> PixelOwners:
    """Pixels (3, 3) and (3, 4) of a plane 8 x 8: one of tooth 0, one of tooth 1."""
    inside = np.zeros((8, 8), bool)
    inside[3, 3:5] = True
    none = np.full((8, 8), 0.9, np.float32)
    none[inside] = 0.1
    likely = np.array([[0.0, -5.0], [-4.0, 0.0]], np.float32)
    return PixelOwners(inside, np.array([0, 1]), likely, none)


def test_a_tooth_leads_in_its_own_pixels_and_gives_way_in_others() -> None:
    lead, corner = two_pixels().lead(0)
    assert corner == (1, 1)
    assert lead.shape == (5, 5)
    assert lead.dtype == np.float32
    odds = np.log(9)
    # Its own: 5 ahead of the other tooth, so that only the background limits it.
    assert lead[2, 2] == pytest.approx(odds, abs=1e-5)
    # The neighbour's: 4 behind, of which `OVERLAP` are forgiven.
    assert lead[2, 3] == pytest.approx(-4 + OVERLAP)
    # Outside all teeth the background alone counts.
    assert lead[2, 1] == pytest.approx(-odds, abs=1e-5)


def test_a_single_tooth_has_no_rival() -> None:
    inside = np.zeros((6, 6), bool)
    inside[2, 2] = True
    none = np.full((6, 6), 0.5, np.float32)
    lead, _ = PixelOwners(inside, np.array([0]), np.zeros((1, 1), np.float32), none).lead(0)
    assert lead[2, 2] == pytest.approx(0.0, abs=1e-6)
