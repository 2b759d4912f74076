"""Quick Dice, computed by hand on images of a few pixels."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.training.augmentation.augment import IGNORED
from panodent.training.batches import Example
from panodent.training.validation import MIN_PIXELS, argmax_at, tooth_dice, validate


def image(*values: int) -> np.ndarray:
    return np.array([values], np.uint8)


@pytest.mark.parametrize(
    ("truth", "found", "expected"),
    [
        (image(1, 1, 0, 0), image(1, 1, 0, 0), [1.0]),
        (image(1, 1, 0, 0), image(1, 0, 0, 0), [2 / 3]),
        (image(1, 1, 2, 2), image(2, 2, 2, 2), [0.0, 2 * 2 / 6]),
        (image(1, 1, 0, 0), image(0, 0, 0, 0), [0.0]),
        (image(0, 0), image(0, 0), []),  # neither: nothing to count
        (image(0, 0), image(3, 3), []),  # a speck is not a tooth
        (image(IGNORED, 1), image(2, 1), [1.0]),
    ],
)
def test_dice_of_each_tooth(truth: np.ndarray, found: np.ndarray, expected: list) -> None:
    assert tooth_dice(truth, found) == pytest.approx(expected)


def test_a_tooth_that_is_not_there_costs_a_zero_from_twelve_pixels_on() -> None:
    truth = np.zeros((4, 8), np.uint8)
    truth[:, :2] = 1
    found = truth.copy()
    found.ravel()[np.flatnonzero(found == 0)[: MIN_PIXELS - 1]] = 2
    assert tooth_dice(truth, found) == [1.0]
    found.ravel()[np.flatnonzero(found == 0)[:1]] = 2
    assert tooth_dice(truth, found) == [1.0, 0.0]


def test_scores_are_enlarged_linearly_before_the_best_is_taken() -> None:
    scores = np.zeros((1, 2, 2), np.float32)
    scores[0, 0, 0], scores[0, 1, 1] = 3.0, 1.0
    # At pixels 0 to 3 class 0 has 3, 2.25, 0.75, 0 and class 1 has 0, 0.25, 0.75, 1.
    assert argmax_at(scores[:, :, :], (1, 4))[0, [0, 1, 3]].tolist() == [0, 0, 1]
    assert argmax_at(scores, (1, 2)).tolist() == [[0, 1]]


def test_the_mean_is_over_teeth_and_further_planes_do_not_count() -> None:
    labels = np.zeros((32, 64), np.uint8)
    labels[:16, :32], labels[16:, 32:] = 1, 2
    examples = [Example("a", np.zeros((32, 64), np.uint8), labels)]
    planes = np.zeros((1, 32, 64, 5), np.float32)
    planes[0, :16, :32, 1] = 9  # tooth 1 found, tooth 2 missed
    planes[..., 0] = 1
    planes[..., 3:] = 99  # offsets

    counted: list[tuple[int, ...]] = []

    def loss(truth: np.ndarray, scores: np.ndarray) -> float:
        counted.append((*truth.shape, *scores.shape))
        return float(len(truth))

    dice, mean_loss = validate(lambda batch: planes, loss, examples, (32, 64), 3, 4)
    assert dice == pytest.approx(0.5)
    assert mean_loss == len(examples)
    assert counted == [(len(examples), 32, 64, len(examples), *planes.shape[1:])]
    dice, mean_loss = validate(lambda batch: planes, loss, [], (32, 64), 3, 4)
    assert dice == 0
    assert np.isnan(mean_loss)
