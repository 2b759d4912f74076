"""Tests of `panodent.analysis.prediction_quality`: what is warned about, and what is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import panodent
from panodent import phantom
from panodent.analysis.prediction_quality import (
    MIN_INCISOR_RATIO,
    MIN_QUALITY,
    incisor_ratio,
    one_sided,
    quality,
    warning,
)
from panodent.bundle.bundle import load
from panodent.dentition import mirror
from panodent.teeth.teeth import Teeth


@pytest.fixture(scope="module")
def predictor() -> panodent.Predictor:
    return panodent.Predictor(load().without_findings())  # which are not judged


@pytest.mark.parametrize("seed", range(6))
def test_a_panoramic_passes(predictor: panodent.Predictor, seed: int) -> None:
    found = predictor(phantom.draw(seed, (512, 1024), missing=[18, 28, 38, 48])[0])
    assert found.quality > MIN_QUALITY
    assert found.warning == ""


@pytest.mark.parametrize("turn", [1, 3])
def test_a_panoramic_on_its_side_is_warned_about(
    predictor: panodent.Predictor, drawn, turn: int
) -> None:
    turned = np.ascontiguousarray(np.rot90(drawn[0].pixels, turn))
    assert "upright panoramic" in predictor(turned).warning


@pytest.mark.parametrize("turned", [np.flipud, lambda pixels: np.rot90(pixels, 2)])
def test_an_upside_down_panoramic_is_warned_about(predictor: panodent.Predictor, turned) -> None:
    radiograph, _ = phantom.draw(0, (512, 1024))
    found = predictor(np.ascontiguousarray(turned(radiograph.pixels)))
    assert len(found) > 20
    assert found.warning


def test_incisors_are_compared_where_both_jaws_have_some(drawn) -> None:
    truth = drawn[1]
    ratio = incisor_ratio(truth)
    assert ratio is not None
    assert ratio > MIN_INCISOR_RATIO
    assert incisor_ratio(truth.select(truth.fdi < 30)) is None
    swapped = [{11: 31, 31: 11}.get(fdi, fdi) for fdi in truth.fdi.tolist()]
    chosen = replace(truth, fdi=np.array(swapped)).select(np.isin(truth.fdi, [11, 31]))
    assert "upside down" in warning(replace(chosen, scores=np.ones(2)))


@pytest.mark.parametrize("half", [np.s_[:, :512], np.s_[:, 512:]])
def test_half_a_panoramic_is_warned_about(predictor: panodent.Predictor, half) -> None:
    radiograph, _ = phantom.draw(0, (512, 1024), missing=[])
    found = predictor(np.ascontiguousarray(radiograph.pixels[half]))
    assert "one side only" in found.warning


@pytest.mark.parametrize("joined", [np.vstack, np.hstack])
def test_two_panoramics_in_one_picture_are_warned_about(
    predictor: panodent.Predictor, joined
) -> None:
    pair = [phantom.draw(seed, (512, 1024), missing=[])[0].pixels for seed in (0, 1)]
    assert "two radiographs in the picture" in predictor(joined(pair)).warning


def test_one_side_has_many_teeth_and_the_other_few(drawn) -> None:
    right = [11, 12, 13, 14, 15, 41, 42]
    assert one_sided(_those(drawn[1], [*right, 21, 31]))
    assert one_sided(_those(drawn[1], [mirror(fdi) for fdi in [*right, 21, 31]]))
    assert not one_sided(_those(drawn[1], [*right, 21, 22, 31]))
    assert not one_sided(_those(drawn[1], right[1:]))


def _those(truth: Teeth, numbers: list[int]) -> Teeth:
    """As many of its teeth, with these numbers; one without any is not a tooth of a side."""
    chosen = truth.select(range(len(numbers) + 1))
    return replace(chosen, fdi=np.array([*numbers, 0]))


def test_noise_and_stripes_are_warned_about(predictor: panodent.Predictor) -> None:
    rng = np.random.default_rng(0)
    noise = rng.random((400, 800), dtype=np.float32)
    stripes = np.sin(np.arange(800) / 9)[None].repeat(400, 0).astype(np.float32) * 0.4 + 0.5
    for pixels in (noise, stripes):
        assert predictor(pixels).warning


def test_quality_is_a_mean_with_a_quarter_of_a_tooth_of_score_0() -> None:
    mask = np.ones((2, 2), bool)
    items = [(fdi, mask, (0, left)) for fdi, left in ((11, 0), (21, 2), (0, 4))]
    teeth = Teeth.from_masks((9, 9), items, [0.9, 0.45, 0.99])
    assert quality(teeth) == pytest.approx((0.9 + 0.45) / 2.25)  # without the unnumbered tooth


def test_widths_of_incisors_are_means_of_rows() -> None:
    upper = np.ones((4, 6), bool)
    upper[2:, 3:] = False  # rows of 6, 6, 3 and 3 pixels
    lower = np.ones((4, 3), bool)
    teeth = Teeth.from_masks((20, 20), [(11, upper, (0, 0)), (41, lower, (10, 0))])
    assert incisor_ratio(teeth) == pytest.approx(4.5 / 3)


def test_without_teeth_there_is_no_quality() -> None:
    none = Teeth.empty((10, 10))
    assert quality(none) == 0
    assert "no tooth found" in warning(none)
