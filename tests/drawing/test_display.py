"""Tests of `panodent.drawing.display`."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.drawing.display import (
    check_same_size,
    fitted_size,
    font_size,
    scaled_down,
    windowed_rgb,
)
from panodent.errors import TeethError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth


@pytest.mark.parametrize(
    ("size", "width", "expected"),
    [
        ((1000, 2000), 500, (250, 500)),
        ((1000, 2000), 2000, (1000, 2000)),
        ((10, 20), 500, (10, 20)),
        ((1, 2000), 100, (1, 100)),  # never less than a row
    ],
)
def test_fitted_size(size, width, expected) -> None:
    assert fitted_size(size, width) == expected


def test_scaling_down_averages_pixels() -> None:
    radiograph = Radiograph(np.array([[0.0, 1.0], [0.5, 0.5]], np.float32).repeat(2, axis=1))
    small = scaled_down(radiograph, 2)
    assert small.size == (1, 2)
    assert small.pixels.tolist() == [[0.25, 0.75]]
    assert scaled_down(radiograph, 4) is radiograph


def test_the_window_stretches_contrast() -> None:
    ramp = np.linspace(0.4, 0.6, 10_000, dtype=np.float32).reshape(100, 100)
    shown = windowed_rgb(Radiograph(ramp))
    assert shown.dtype == np.uint8
    assert (shown[0, 0].tolist(), shown[-1, -1].tolist()) == ([0, 0, 0], [255, 255, 255])
    middle = shown[50, 0].astype(int)
    assert middle == pytest.approx([127, 127, 127], abs=3)


@pytest.mark.parametrize(("size", "expected"), [((64, 64), 11), ((1000, 2250), 30)])
def test_font_size(size, expected) -> None:
    assert font_size(size) == expected  # the root of the area by 50, at least 11


def test_sizes_must_be_equal() -> None:
    radiograph = Radiograph(np.zeros((64, 64), np.float32))
    check_same_size(radiograph, Teeth.empty((64, 64)))
    with pytest.raises(TeethError, match=r"\(64, 65\).*\(64, 64\)"):
        check_same_size(radiograph, Teeth.empty((64, 65)))
