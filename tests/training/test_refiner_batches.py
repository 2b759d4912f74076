"""Batches of crops for the refiner, and the Dice of crops."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.inference.refinement import CHANNELS, CROP
from panodent.training.refiner_batches import batch, crop_dice
from panodent.training.refiner_config import RefinerConfig
from panodent.training.refiner_crops import STORED, Crops

SMALL = RefinerConfig(filters=(4, 8), epochs=2, batch_size=8, variants=1)


def test_batches_are_changed_at_random_but_reproducible() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.integers(-90, 90, (3, CHANNELS, *STORED), dtype=np.int8)
    outlines = np.zeros((3, *STORED), np.uint8)
    outlines[:, 40:120, 20:60] = 1
    crops = Crops(inputs, outlines)
    plain, shapes = batch(crops, np.arange(3))
    assert plain.shape == (3, *CROP, CHANNELS)
    border = (STORED[0] - CROP[0]) // 2, (STORED[1] - CROP[1]) // 2
    middle = inputs[:, :, border[0] : border[0] + CROP[0], border[1] : border[1] + CROP[1]]
    np.testing.assert_allclose(plain, np.moveaxis(middle, 1, -1) / 32, atol=1e-6)
    assert np.array_equal(shapes, outlines[:, border[0] : -border[0], border[1] : -border[1]])
    once, _ = batch(crops, np.arange(3), SMALL, np.random.default_rng(5))
    twice, _ = batch(crops, np.arange(3), SMALL, np.random.default_rng(5))
    other, _ = batch(crops, np.arange(3), SMALL, np.random.default_rng(6))
    assert np.array_equal(once, twice)
    assert not np.allclose(once, other)


def test_dice_before_and_after_refinement() -> None:
    inputs = np.zeros((1, CHANNELS, *STORED), np.int8)
    inputs[:, 1] = -50  # the first network says that there is no tooth
    crops = Crops(inputs, np.ones((1, *STORED), np.uint8))

    def all_tooth(seen: np.ndarray) -> np.ndarray:
        logits = np.zeros((len(seen), CROP[0] // 2, CROP[1] // 2, 2), np.float32)
        logits[..., 1] = 1
        return logits

    assert crop_dice(all_tooth, crops) == (0, 1)
    none = Crops(inputs[:0], crops.outlines[:0])
    assert np.isnan(crop_dice(all_tooth, none)).all()
