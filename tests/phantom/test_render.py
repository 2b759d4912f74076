"""Tests of `panodent.phantom.render`."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.phantom import draw
from panodent.phantom.render import OVERLAP, RenderedTooth, _superimposed, render

SIZE = (128, 256)


def test_drawing_is_rendering_with_checked_arguments() -> None:
    radiograph, teeth = render(3, SIZE, missing=[36])
    same, others = draw(3, SIZE, missing=[36])
    assert np.array_equal(radiograph.pixels, same.pixels)
    assert teeth == others
    assert 36 not in teeth.fdi


def test_overlapping_teeth_saturate() -> None:
    def tooth(left: int, brightness: float) -> RenderedTooth:
        mask = np.ones((2, 4), bool)
        plane = np.full((2, 4), brightness, np.float32)
        return RenderedTooth((1, left), mask, plane, np.zeros((2, 4), bool))

    total = _superimposed([tooth(0, 0.2), tooth(2, 0.4)], (4, 8))
    assert total[1].tolist() == pytest.approx(
        [0.2, 0.2, 0.4 + OVERLAP * 0.2, 0.4 + OVERLAP * 0.2, 0.4, 0.4, 0, 0]
    )
    assert not total[0].any()


def test_all_teeth_are_inside_the_smallest_image() -> None:
    _, teeth = render(0, (64, 64), missing=[])
    assert len(teeth) == 32  # the whole phantom is scaled to the image
    assert (teeth.boxes >= 0).all()
    assert (teeth.boxes[:, 2:] <= 64).all()
