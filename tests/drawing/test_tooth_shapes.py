"""Tests of `panodent.drawing.tooth_shapes`."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.dentition import TEETH
from panodent.drawing.tooth_shapes import NECK, pictogram
from panodent.drawing.vector import to_points


def test_every_tooth_has_a_pictogram() -> None:
    for fdi in TEETH:
        shape = pictogram(fdi)
        crown = to_points(shape.crown)
        assert crown[:, 1].min() == pytest.approx(0, abs=0.5)
        assert crown[:, 1].max() == pytest.approx(NECK)
        tips = max(to_points(root)[:, 1].max() for root in shape.roots)
        assert shape.length - 6 < tips < shape.length + 1


@pytest.mark.parametrize(
    ("fdi", "roots"), [(16, 2), (46, 1), (48, 1), (14, 1), (11, 1), (55, 2), (85, 1)]
)
def test_roots_by_tooth_type(fdi: int, roots: int) -> None:
    """Upper molars have a palatal root behind the outline of the two others."""
    assert len(pictogram(fdi).roots) == roots


def test_left_and_right_are_alike_and_jaws_are_not() -> None:
    assert pictogram(11) == pictogram(21)
    assert pictogram(11).width > pictogram(41).width


def test_crowns_have_their_width() -> None:
    for fdi in (11, 13, 15, 16):
        crown = to_points(pictogram(fdi).crown)
        assert np.ptp(crown[:, 0]) == pytest.approx(pictogram(fdi).width, rel=0.03)
