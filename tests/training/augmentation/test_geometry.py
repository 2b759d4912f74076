"""Geometric augmentation: maps computed by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from panodent.training.augmentation.config import only
from panodent.training.augmentation.geometry import (
    affine_map,
    displaced_places,
    log_uniform_factor,
    off_trough,
    rescaling_map,
    smooth_field,
    warp,
)


def test_without_changes_the_map_is_the_identity() -> None:
    rng = np.random.default_rng(0)
    assert np.allclose(affine_map((64, 128), (64, 128), False, only(), rng), np.eye(3))


def test_a_flip_maps_column_x_to_width_minus_1_minus_x() -> None:
    rng = np.random.default_rng(0)
    flip = affine_map((64, 128), (64, 128), True, only(), rng)
    assert flip @ [0, 5, 1] == pytest.approx([127, 5, 1])


def test_pixel_centres_correspond_between_sizes() -> None:
    # Pixel 0 of two covers pixels 0 and 1 of four: its centre is at 0.5.
    half = rescaling_map((2, 2), (4, 8))
    assert half @ [0, 0, 1] == pytest.approx([1.5, 0.5, 1])
    assert half @ [1, 1, 1] == pytest.approx([5.5, 2.5, 1])


def test_factors_lie_between_the_reciprocal_and_the_limit() -> None:
    rng = np.random.default_rng(0)
    drawn = [log_uniform_factor(rng, 1.0) for _ in range(500)]
    assert 0.5 <= min(drawn) < 0.55
    assert 1.9 < max(drawn) <= 2.0
    assert log_uniform_factor(rng, 0.0) == 1.0


def test_a_smooth_field_has_few_waves_and_a_deviation_of_about_1() -> None:
    field = smooth_field((128, 256), 2, np.random.default_rng(1))
    assert field.shape == (128, 256, 2)
    assert field.dtype == np.float32
    assert 0.5 < field.std() < 1.5
    assert np.abs(np.diff(field, axis=1)).max() < 0.2


def test_places_are_left_out_where_nothing_moves_smoothly() -> None:
    assert displaced_places((8, 8), only(), np.random.default_rng(0)) is None
    places = displaced_places((8, 16), only(trough=0.3), np.random.default_rng(0))
    assert places is not None
    assert np.array_equal(places[..., 1], np.repeat(np.arange(8)[:, None], 16, axis=1))


def test_warp_gives_the_same_with_identical_places_as_without() -> None:
    image = np.random.default_rng(0).random((16, 32), np.float32)
    shift = np.array([[1.0, 0, 3], [0, 1, 2], [0, 0, 1]])
    rows, cols = np.mgrid[:16, :32].astype(np.float32)
    plain = warp(image, shift, (16, 32), None, cv2.INTER_LINEAR)
    assert np.array_equal(plain[0, :20], image[2, 3:23])
    placed = warp(image, shift, (16, 32), np.dstack([cols, rows]), cv2.INTER_LINEAR)
    assert np.allclose(placed[:14, :29], plain[:14, :29], atol=1e-6)


def test_off_the_trough_columns_move_as_computed_by_hand() -> None:
    # Centres at -0.75, -0.25, 0.25, 0.75 of the half width; 2 pixels a half.
    assert off_trough(4, 0.0, 0.0).tolist() == [0, 1, 2, 3]
    # -0.75 + 0.4 * -0.75 * (1 - 0.5625) = -0.88125; -0.25 + 0.4 * -0.25 * (1 - 0.0625) = -0.34375
    assert off_trough(4, 0.4, 0.0) == pytest.approx([-0.2625, 0.8125, 2.1875, 3.2625])
    # -0.75 + 0.4 * 0.4375 = -0.575; -0.25 + 0.4 * 0.9375 = 0.125
    assert off_trough(4, 0.0, 0.4) == pytest.approx([0.35, 1.75, 2.75, 3.35])
    assert (np.diff(off_trough(512, 0.33, 0.165)) > 0).all()
    assert (np.diff(off_trough(512, -0.33, -0.165)) > 0).all()
