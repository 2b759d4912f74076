"""Tests of `panodent.drawing.panel`."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.drawing.display import windowed_rgb
from panodent.drawing.overlay import overlay
from panodent.drawing.panel import panel
from panodent.errors import TeethError
from panodent.teeth.teeth import Teeth


def test_a_panel_has_a_tile_for_each_picture(grey, two_rows) -> None:
    radiograph, teeth = grey(100, 200), two_rows((100, 200), 10)
    three = panel(radiograph, teeth.select([0, 1]), teeth, width=150)
    two = panel(radiograph, teeth, width=150)
    assert three.shape[0] == two.shape[0] > 75
    assert three.shape[1] > 3 * 150
    assert 2 * 150 < two.shape[1] < 3 * 150


def test_tiles_are_radiograph_prediction_and_ground_truth(grey, two_rows) -> None:
    radiograph, teeth = grey(100, 200), two_rows((100, 200), 10)
    picture = panel(radiograph, Teeth.empty((100, 200)), teeth)
    gap, head = 6, 38  # half of and 3.2 times the font size of 12 pixels
    first, second, third = (
        picture[head : head + 100, gap + n * 206 : gap + n * 206 + 200] for n in range(3)
    )
    assert np.array_equal(first, windowed_rgb(radiograph))
    assert np.array_equal(second, first)  # a prediction without teeth
    assert np.array_equal(third, overlay(radiograph, teeth, legend=False))


def test_sizes_must_be_equal(grey, two_rows) -> None:
    with pytest.raises(TeethError):
        panel(grey(100, 201), two_rows((100, 200), 10))
