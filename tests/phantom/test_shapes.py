"""Tests of `panodent.phantom.shapes`."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.phantom.arches import Placement
from panodent.phantom.shapes import ToothShape, tooth_shape


def shape(fdi: int, seed: int = 0) -> ToothShape:
    placement = Placement(fdi, 500, 300, 110, 60, 0)
    return tooth_shape(placement, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("fdi", "solids"), [(11, 1), (13, 1), (15, 1), (16, 4), (36, 3), (18, 3), (48, 3)]
)
def test_a_crown_and_its_roots(fdi: int, solids: int) -> None:
    """One line for a tooth of one root; crown and roots apart for molars."""
    assert len(shape(fdi).solids) == solids


@pytest.mark.parametrize("fdi", [11, 13, 15, 16, 36, 48])
def test_outlines_are_in_the_coordinates_of_the_tooth(fdi: int) -> None:
    points = np.concatenate(shape(fdi).solids)
    assert points[:, 1].min() == pytest.approx(0, abs=0.05)
    assert 0.9 < points[:, 1].max() <= 1.01
    crown = points[points[:, 1] < 0.4]
    assert np.abs(crown[:, 0]).max() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("fdi", [11, 36])
def test_pulp_is_inside_the_tooth(fdi: int) -> None:
    found = shape(fdi)
    pulp, solid = np.concatenate(found.pulp), np.concatenate(found.solids)
    assert pulp.min(axis=0)[1] > solid.min(axis=0)[1]
    assert np.abs(pulp[:, 0]).max() < np.abs(solid[:, 0]).max()
    assert pulp[:, 1].max() < solid[:, 1].max()
    assert 0.3 < found.neck < 0.5


def test_a_seed_is_one_shape() -> None:
    first, again, other = shape(36, 1), shape(36, 1), shape(36, 2)
    assert np.array_equal(first.solids[0], again.solids[0])
    assert not np.array_equal(first.solids[0], other.solids[0])
