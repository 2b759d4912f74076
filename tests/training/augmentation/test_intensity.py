"""Intensity augmentation: each effect alone, on images whose result is known."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.training.augmentation.config import AugmentConfig, only
from panodent.training.augmentation.intensity import change_intensity

FLAT = np.full((40, 80), 0.5, np.float32)


def changed(config: AugmentConfig, seed: int = 0, image: np.ndarray = FLAT) -> np.ndarray:
    return change_intensity(image.copy(), config, np.random.default_rng(seed))


def test_without_effects_the_image_stays_and_is_clipped() -> None:
    assert np.array_equal(changed(only()), FLAT)
    wide = np.linspace(-3, 3, 3200, dtype=np.float32).reshape(40, 80)
    assert np.array_equal(changed(only(), image=wide), np.clip(wide, -1.5, 1.5))


@pytest.mark.parametrize("seed", range(10))
def test_exposure_changes_stay_in_their_ranges(seed: int) -> None:
    brighter = changed(only(brightness=0.2), seed)
    assert np.ptp(brighter) == 0
    assert abs(brighter[0, 0] - 0.5) <= 0.2
    contrast = changed(only(contrast=1.0), seed)[0, 0]  # a factor from 1/2 to 2
    assert 0.25 <= contrast <= 1.0
    gamma = changed(only(gamma=1.0), seed)[0, 0]  # ((0.5 + 1) / 2) ** (1/2 to 2) * 2 - 1
    assert 0.75**2 * 2 - 1 - 1e-6 <= gamma <= 0.75**0.5 * 2 - 1 + 1e-6


def test_probabilities_decide_how_often_an_effect_is_applied() -> None:
    edge = np.repeat(np.float32([[-1] * 40 + [1] * 40]), 40, axis=0)
    for name, image in (("noise", FLAT), ("blur", edge), ("detail", edge)):
        for probability in (0.0, 1.0):
            config = only(**{name: 0.9, f"{name}_probability": probability})
            hits = sum(not np.array_equal(changed(config, s, image), image) for s in range(8))
            assert hits == 8 * probability, name


def test_boxes_are_flat_small_and_at_most_three() -> None:
    for seed in range(10):
        image = changed(only(erase=1.0), seed)
        drawn = image != 0.5
        assert set(np.unique(image[drawn])) <= {-1.0, 1.0}
        # Each at most 12 % of 40 and of 80 pixels: 4 x 9.
        assert drawn.sum() <= 3 * 4 * 9


def test_shade_is_smooth() -> None:
    image = changed(only(shade=0.3))
    assert image.std() > 0.05
    assert np.abs(np.diff(image, axis=1)).max() < 0.2


def test_equalisation_widens_the_contrast_of_a_dim_image() -> None:
    dim = np.random.default_rng(0).normal(-0.8, 0.05, (64, 128)).astype(np.float32)
    assert changed(only(equalise=1.0), image=dim).std() > 1.2 * dim.std()
