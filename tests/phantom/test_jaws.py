"""Tests of `panodent.phantom.jaws`."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.phantom.arches import HEIGHT, WIDTH, tooth_placements
from panodent.phantom.jaws import Canvas, background

SIZE = (256, 512)  # half a pixel for each unit


def test_units_become_pixels() -> None:
    # (1024, 512) units on (256, 512) pixels: a unit is half a pixel. Pixel centres are at halves,
    # and OpenCV's fixed point has 16 steps: (2 * 0.5 - 0.5) * 16.
    assert Canvas(SIZE).pixels([(2.0, 2.0)]).tolist() == [[8, 8]]
    assert Canvas(SIZE).pixels([(WIDTH, HEIGHT)]).tolist() == [[511.5 * 16, 255.5 * 16]]


def test_an_area_is_1_inside_and_0_outside() -> None:
    plane = Canvas(SIZE).area([(400, 200), (600, 200), (600, 300), (400, 300)], blur=0)
    assert plane[125, 250] == 1
    assert plane[20, 20] == 0
    assert plane.dtype == np.float32


def test_a_line_has_its_width() -> None:
    plane = Canvas(SIZE).line([(100, 256), (900, 256)], width=20, blur=0)
    assert (plane[:, 256] > 0).sum() == pytest.approx(10, abs=2)


@pytest.mark.parametrize("blur", [4.0, 40.0])  # at full size, and on a smaller array
def test_blurring_keeps_the_sum(blur: float) -> None:
    plane = np.zeros(SIZE, np.float32)
    plane[120:136, 240:272] = 1
    blurred = Canvas(SIZE).blurred(plane, blur)
    assert blurred.sum() == pytest.approx(plane.sum(), rel=0.02)
    assert blurred.max() < 1
    assert Canvas(SIZE).blurred(plane, 0.1) is plane


def test_grain_is_random_texture() -> None:
    fine = Canvas(SIZE).grain(np.random.default_rng(0), 2)
    coarse = Canvas(SIZE).grain(np.random.default_rng(0), 100)
    assert fine.shape == coarse.shape == SIZE
    assert np.abs(np.diff(fine)).mean() > 5 * np.abs(np.diff(coarse)).mean()


def test_the_background_has_jaws_and_no_bone_at_its_border() -> None:
    teeth = tooth_placements(np.random.default_rng(0), [])
    grey, bone = background(SIZE, teeth, np.random.default_rng(1))
    assert grey.shape == bone.shape == SIZE
    assert grey.min() >= 0
    assert grey.max() <= 0.9
    assert bone.min() >= 0
    assert bone.max() <= 1
    assert bone[215, 256] > 0.5  # the chin
    assert bone[250, 5] == pytest.approx(0, abs=0.05)
    assert grey[215, 256] > grey[250, 5]
