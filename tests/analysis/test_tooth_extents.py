"""The extents of teeth, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from panodent.analysis.tooth_extents import SHAPES, ToothExtent, column_stretch, tooth_extents
from panodent.teeth.teeth import Teeth

Jaw = Callable[..., Teeth]


def extent(fdi: int, mask: np.ndarray, corner: tuple[int, int] = (10, 20)) -> ToothExtent:
    (found,) = tooth_extents(Teeth.from_masks((200, 200), [(fdi, mask, corner)]), np.ones(1, bool))
    assert found is not None
    return found


@pytest.mark.parametrize(("fdi", "crown", "apex"), [(16, 49, -10), (46, -10, 49)])
def test_crown_and_apex(fdi: int, crown: float, apex: float) -> None:
    found = extent(fdi, np.ones((40, 10), bool))
    assert (found.crown, found.apex) == (crown, apex)
    assert found.length == 40
    assert found.x == 24.5
    assert found.tilt == pytest.approx(0)


def test_large_masks_are_thinned() -> None:
    found = extent(36, np.ones((150, 60), bool))
    assert found.area == 9000
    assert len(found.points) < 6000
    assert found.length == pytest.approx(150, abs=3)


def test_a_round_mask_has_no_axis() -> None:
    found = extent(36, np.ones((20, 20), bool))
    assert found.axis is None
    assert found.tilt is None
    assert found.coronal_share == 1
    assert found.length == 20


def test_widths_from_crown_to_root() -> None:
    mask = np.zeros((40, 12), bool)
    mask[:20] = True
    mask[20:, 4:8] = True
    assert extent(46, mask).widths(2).tolist() == [11, 3]
    assert extent(16, mask[::-1]).widths(2).tolist() == [11, 3]
    assert extent(46, mask).coronal_share == pytest.approx(3)


def test_a_tooth_without_a_number_has_none() -> None:
    teeth = Teeth.from_masks((9, 9), [(0, np.ones((4, 4), bool), (0, 0))])
    assert tooth_extents(teeth, np.ones(1, bool)) == [None]


def test_the_shapes_name_seven_positions() -> None:
    assert {jaw: len(row) for jaw, row in SHAPES.items()} == {"upper": 7, "lower": 7}


@pytest.mark.parametrize(("width", "low", "high"), [(1.0, 1, 1), (0.5, 2, 2), (1.6, 1, 1)])
def test_a_squeezed_radiograph_is_stretched(
    jaw: Jaw, width: float, low: float, high: float
) -> None:
    teeth = jaw(width=width)
    assert low <= column_stretch(teeth, np.ones(len(teeth), bool)) <= high


def test_few_teeth_tell_nothing(jaw: Jaw) -> None:
    teeth = jaw(width=0.5).select(np.arange(5))
    assert column_stretch(teeth, np.ones(5, bool)) == 1
