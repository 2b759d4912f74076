"""Crops show each tooth upright and upper right; answers go back to where the tooth lies."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.bundle import bundle
from panodent.dentition import PERMANENT
from panodent.evaluation.case_scores import score_pair
from panodent.evaluation.evaluate import summarise
from panodent.inference.decode import decode
from panodent.inference.instances import ToothInstance
from panodent.inference.refinement import (
    CHANNELS,
    CROP,
    CropPlace,
    crop_place,
    refined_lead,
    refined_leads,
    tooth_crops,
)
from panodent.inference.rescaling import predict_teeth

PLANE = (64, 128)
SIZE = (256, 512)
"""Four radiograph pixels a plane pixel."""


def instance(fdi: int, row: int, col: int, height: int = 20, width: int = 8) -> ToothInstance:
    """A tooth of lead 2 with two pixels of -2 around it; `row` and `col` are of the tooth."""
    lead = np.full((height + 4, width + 4), -2, np.float32)
    lead[2:-2, 2:-2] = 2
    number = PERMANENT.index(fdi) if fdi else -1
    return ToothInstance(number, lead, (row - 2, col - 2), 0.9)


@pytest.mark.parametrize(
    ("fdi", "upside_down", "mirrored"),
    [(16, False, False), (26, False, True), (36, True, True), (46, True, False)],
)
def test_every_crop_shows_an_upper_right_tooth(fdi: int, upside_down: bool, mirrored: bool) -> None:
    place = crop_place(instance(fdi, 30, 40), PERMANENT, PLANE)
    assert (place.upside_down, place.mirrored) == (upside_down, mirrored)


@pytest.mark.parametrize(("row", "col"), [(5, 10), (40, 100)])
def test_without_a_number_the_place_tells_the_quadrant(row: int, col: int) -> None:
    place = crop_place(instance(0, row, col), PERMANENT, PLANE)
    assert (place.upside_down, place.mirrored) == (row == 40, col == 100)


def test_a_crop_has_margins() -> None:
    place = crop_place(instance(16, 20, 40), PERMANENT, PLANE)
    # 14 % of 20 rows, 24 % of 8 columns.
    np.testing.assert_allclose(place.box, (17.2, 38.08, 42.8, 49.92))
    assert crop_place(instance(16, 20, 40, 2, 2), PERMANENT, PLANE).box == (18.5, 38.5, 23.5, 43.5)


def test_a_crop_shows_pixels_lead_neighbours_and_odds() -> None:
    pixels = np.zeros(SIZE, np.float32)
    pixels[80:160, 160:192] = 1  # the first tooth, bright
    none = np.full(PLANE, 0.9, np.float32)
    none[20:40, 40:48] = 0.1
    teeth = [instance(16, 20, 40), instance(15, 20, 48)]
    places = [crop_place(tooth, PERMANENT, PLANE) for tooth in teeth]
    crops = tooth_crops(pixels, none, teeth, places)
    assert crops.shape == (2, CHANNELS, *CROP)
    assert crops.dtype == np.float32
    bright, lead, other, odds = crops[0]
    middle = (64, 32)
    assert (bright[middle], lead[middle]) == (bright.max(), pytest.approx(2 / 3))
    assert other[middle] == pytest.approx(-2)  # no other tooth near: the limit
    assert odds[middle] == pytest.approx(np.log(9) / 3, rel=1e-4)
    assert bright.mean() == pytest.approx(0, abs=1e-4)
    # The neighbour's lead is seen at the right edge of the first crop, and the other way round.
    assert other[64, -1] == pytest.approx(2 / 3)
    assert crops[1][2][64, 0] == pytest.approx(2 / 3)


@pytest.mark.parametrize("fdi", [16, 26, 36, 46])
def test_an_answer_goes_back_to_its_place(fdi: int) -> None:
    place = crop_place(instance(fdi, 20, 40), PERMANENT, PLANE)
    truth = np.zeros(SIZE, np.float32)
    truth[90:150, 165:187] = 1
    truth[90:100, 165:170] = 0  # one corner is missing, so orientation matters
    seen = place.scaled(4, 4).cut(truth, CROP) - np.float32(0.5)
    lead, (top, left) = refined_lead(seen, place, SIZE, PLANE)
    found = np.zeros(SIZE, bool)
    found[top : top + lead.shape[0], left : left + lead.shape[1]] = lead > 0
    assert (found != (truth > 0)).sum() <= 4


def test_places_beyond_the_radiograph_are_cut() -> None:
    place = CropPlace((-3.0, -2.0, 17.0, 6.0))
    lead, corner = refined_lead(np.ones((64, 32), np.float32), place, SIZE, PLANE)
    assert corner == (0, 0)
    assert lead.shape == (68, 24)


def test_no_teeth_need_no_network() -> None:
    assert refined_leads(_fails, np.zeros(SIZE, np.float32), PERMANENT, [], np.ones(PLANE)) == []


def _fails(crops: np.ndarray) -> np.ndarray:
    raise AssertionError("called")


def _same(crops: np.ndarray) -> np.ndarray:
    """A refiner that answers with the lead it was shown, at half the resolution."""
    lead = crops[:, 1].reshape(len(crops), CROP[0] // 2, 2, CROP[1] // 2, 2).mean(axis=(2, 4))
    return np.stack([np.zeros_like(lead), lead], axis=1)


def test_a_refiner_that_repeats_the_lead_changes_next_to_nothing(drawn) -> None:
    radiograph, _ = drawn
    made = bundle.load().without_refiner()
    planes = made.predict_planes(radiograph.pixels)
    before = decode(planes, made.classes, radiograph.size, made.calibration)

    def refine(teeth, none):
        return refined_leads(_same, radiograph.pixels, made.classes, teeth, none)

    after = decode(planes, made.classes, radiograph.size, made.calibration, refine)
    assert after.fdi.tolist() == before.fdi.tolist()
    assert after.scores.tolist() == before.scores.tolist()
    assert after.flags == before.flags
    assert summarise([score_pair(before, after, key="")], samples=0).figures["dice"].value > 0.97


def test_the_default_bundle_can_be_used_without_refinement(drawn) -> None:
    radiograph, _ = drawn
    made = bundle.load()
    plain = predict_teeth(made.without_refiner(), radiograph.pixels)
    refined = predict_teeth(made, radiograph.pixels)
    assert plain.fdi.tolist() == refined.fdi.tolist()
    assert plain.scores.tolist() == refined.scores.tolist()
    both = zip(plain.masks, refined.masks, strict=True)
    changed = sum(a.shape != b.shape or bool((a != b).any()) for a, b in both)
    assert changed > len(plain) / 2
