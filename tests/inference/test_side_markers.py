"""The letter R of a machine tells a mirrored radiograph; other letters and words do not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from panodent import phantom
from panodent.inference.predictor import Prediction
from panodent.inference.side_markers import (
    BACKWARDS,
    WRONG_SIDE,
    _mostly_below,
    is_letter_r,
    mirrored,
)
from panodent.radiograph.radiograph import from_array
from panodent.utils.arrays import FloatImage


def written(text: str, left: int, thickness: int = 2, scale: float = 1.0) -> FloatImage:
    drawn = np.full((400, 800), 50, np.uint8)
    cv2.putText(drawn, text, (left, 300), cv2.FONT_HERSHEY_SIMPLEX, scale, 255, thickness)
    return drawn.astype(np.float32) / 255


def flipped(pixels: FloatImage) -> FloatImage:
    return np.ascontiguousarray(pixels[:, ::-1])


@pytest.mark.parametrize("thickness", [1, 2, 3])
def test_the_letter_tells_the_side(thickness: int) -> None:
    right_way = written("R", 20, thickness)
    assert mirrored(right_way) == ""
    assert mirrored(flipped(right_way)) == BACKWARDS
    assert mirrored(written("R", 750, thickness)) == WRONG_SIDE


@pytest.mark.parametrize("text", [*"ABDGKLOPQSXZ4689", "RO", "MEYER", "R1"])
def test_other_letters_and_words_tell_nothing(text: str) -> None:
    for left in (20, 700):
        pixels = written(text, left)
        assert mirrored(pixels) == mirrored(flipped(pixels)) == ""


def test_a_letter_that_reads_forwards_on_the_left_outweighs_the_rest() -> None:
    both = np.maximum(written("R", 20), written("R", 750))
    assert mirrored(both) == ""


@pytest.mark.parametrize("pixels", [np.zeros((4, 4)), np.ones((40, 1)), np.full((60, 120), 0.3)])
def test_pictures_without_letters(pixels: FloatImage) -> None:
    assert mirrored(pixels.astype(np.float32)) == ""
    assert not is_letter_r(pixels > 0)


def test_a_prediction_warns() -> None:
    radiograph, teeth = phantom.draw(seed=3, size=(400, 800))
    found = Prediction(
        teeth.size, teeth.fdi, teeth.boxes, teeth.masks, teeth.scores, radiograph=radiograph
    )
    assert "swapped" not in found.warning
    marked = np.maximum(radiograph.pixels * 0.5, flipped(written("R", 20)) * 0.99)
    marked[260:320, 720:] = flipped(written("R", 20))[260:320, 720:]
    warned = replace(found, radiograph=from_array((marked * 255).astype(np.uint8)))
    assert BACKWARDS in warned.warning


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 40, 41, 60])
def test_counting_tells_the_95th_percentile(count: int) -> None:
    generator = np.random.default_rng(count)
    for digits in (1, 2, 6):
        values = np.round(generator.random(count, np.float32), digits)
        for limit in (0.5, *values.tolist(), float(np.quantile(values, 0.95))):
            assert _mostly_below(values, limit) == (float(np.quantile(values, 0.95)) <= limit)
