"""Teeth at an unusual scale are looked at again at the usual one, and numbered right."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from panodent.bundle import bundle
from panodent.dentition import PERMANENT
from panodent.errors import BundleError
from panodent.evaluation.case_scores import score_pair
from panodent.inference import rescaling
from panodent.teeth.teeth import Teeth

USUAL = dict.fromkeys(PERMANENT, (0.2, 0.05))


def row_of(count: int, height: int, width: int, size: tuple[int, int] = (400, 1000)) -> Teeth:
    """Boxes of teeth side by side from (100, 200) on."""
    tooth = np.ones((height, width), bool)
    return Teeth.from_masks(
        size, [(PERMANENT[i], tooth, (100, 200 + i * width)) for i in range(count)]
    )


def test_teeth_of_the_usual_size_need_no_second_look() -> None:
    assert rescaling.usual_size_window(row_of(10, 80, 50), USUAL, (400, 1000)) is None
    assert rescaling.usual_size_window(row_of(10, 80, 41), USUAL, (400, 1000)) is None


def test_many_teeth_tell_a_slight_difference() -> None:
    # 45 wide instead of 50: nine tenths of 1000; 80 high as usual: the whole 400.
    assert rescaling.usual_size_window(row_of(19, 80, 45, (400, 2000)), USUAL, (400, 1000)) is None
    found = rescaling.usual_size_window(row_of(20, 80, 45, (400, 2000)), USUAL, (400, 1000))
    # 20 teeth of 45 from 200 on: their middle is (140, 650).
    assert found == (-60, 200, 340, 1100)
    assert rescaling.usual_size_window(row_of(20, 80, 47, (400, 2000)), USUAL, (400, 1000)) is None


def test_narrow_teeth_get_a_window_in_which_they_are_as_wide_as_usual() -> None:
    # 20 wide instead of 50: four tenths of 1000; 60 high instead of 80: three quarters of 400.
    found = rescaling.usual_size_window(row_of(10, 60, 20), USUAL, (400, 1000))
    # The row spans 100 to 160 and 200 to 400: its middle is (130, 300).
    assert found == (-20, 100, 280, 500)


def test_large_teeth_get_a_window_beyond_the_radiograph() -> None:
    found = rescaling.usual_size_window(row_of(8, 160, 100), USUAL, (400, 1000))
    assert found == (180 - 400, 600 - 1000, 180 + 400, 600 + 1000)


def test_a_look_at_that_window_is_the_last() -> None:
    narrow = row_of(10, 60, 20)
    assert rescaling.usual_size_window(narrow, USUAL, (300, 400)) is None


def test_short_teeth_of_usual_width_are_childrens_and_no_scale() -> None:
    assert rescaling.usual_size_window(row_of(10, 40, 50), USUAL, (400, 1000)) is None


def test_few_teeth_or_unknown_sizes_tell_no_scale() -> None:
    assert rescaling.usual_size_window(row_of(7, 60, 20), USUAL, (400, 1000)) is None
    assert rescaling.usual_size_window(row_of(10, 60, 20), {}, (400, 1000)) is None


def test_what_lies_beyond_the_radiograph_is_black() -> None:
    pixels = np.ones((2, 3), np.float32)
    seen = rescaling.cut_window(pixels, (-1, 1, 2, 5))
    assert seen.tolist() == [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]]


def test_usual_sizes_are_medians_of_both_sides() -> None:
    def one(fdi: int, height: int) -> Teeth:
        return Teeth.from_masks((100, 200), [(fdi, np.ones((height, 20), bool), (0, 0))])

    found = rescaling.usual_sizes([one(11, 10), one(21, 20), one(11, 60), one(0, 90)])
    assert found == {11: (0.2, 0.1), 21: (0.2, 0.1)}


def test_a_radiograph_with_wide_margins_is_numbered_as_without(drawn) -> None:
    radiograph, truth = drawn
    height, width = radiograph.size
    rows, cols = height * 2 // 5, width * 2 // 5  # on each side: five ninths of the scale
    pixels = cv2.copyMakeBorder(radiograph.pixels, rows, rows, cols, cols, cv2.BORDER_CONSTANT)
    wide = truth.placed(rows, cols, pixels.shape)
    made = bundle.load().without_refiner()  # which makes up for a part of the wrong scale
    once = rescaling.predict_teeth(replace(made, sizes={}), pixels)
    twice = rescaling.predict_teeth(made, pixels)
    plain = rescaling.predict_teeth(made, radiograph.pixels)
    expected = score_pair(truth, plain).dice
    assert score_pair(wide, twice).dice > expected - 0.05
    assert score_pair(wide, twice).dice > score_pair(wide, once).dice + 0.1


def test_usual_sizes_are_kept_in_a_bundle_and_checked(tmp_path) -> None:
    made = replace(bundle.load(), sizes={11: (0.25, 0.05)})
    bundle.save(made, tmp_path)
    assert bundle.load(tmp_path).sizes == {11: (0.25, 0.05)}
    with pytest.raises(BundleError, match="usual size of tooth 11"):
        replace(made, sizes={11: (0.25, 0.0)})


def test_a_tooth_is_seen_in_a_window_if_one_of_its_pixels_is() -> None:
    corner = np.zeros((10, 10), bool)
    corner[0, 0] = True  # a box would reach far, the tooth is this pixel and one opposite
    corner[9, 9] = True
    teeth = Teeth.from_masks((50, 50), [(11, corner, (20, 20))])
    assert rescaling.seen_in_window(teeth, (0, 0, 50, 50)).tolist() == [True]
    assert rescaling.seen_in_window(teeth, (-10, -10, 21, 21)).tolist() == [True]
    assert rescaling.seen_in_window(teeth, (21, 21, 29, 29)).tolist() == [False]
    assert rescaling.seen_in_window(teeth, (0, 0, 20, 50)).tolist() == [False]
    assert rescaling.seen_in_window(teeth, (29, 29, 60, 60)).tolist() == [True]
