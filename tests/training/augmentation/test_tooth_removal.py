"""Teeth taken out of a radiograph: pixels, labels and neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from panodent import phantom
from panodent.dentition import ARCH_ORDER, PERMANENT
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.augmentation.tooth_removal import choose_run, remove_teeth
from panodent.training.batches import class_image


@pytest.fixture(scope="module")
def whole() -> tuple[np.ndarray, np.ndarray]:
    radiograph, teeth = phantom.draw(2, (256, 512), missing=[])
    return radiograph.pixels, class_image(teeth, PERMANENT)


def removed(before: np.ndarray, after: np.ndarray) -> list[int]:
    gone = set(np.unique(before)) - set(np.unique(after))
    return [PERMANENT[value - 1] for value in gone]


DEFAULT = AugmentConfig()
ONE_RUN = AugmentConfig(extract_max_runs=1)


@pytest.mark.parametrize("seed", range(20))
def test_a_run_of_neighbours_goes_and_the_others_keep_their_numbers(whole, seed: int) -> None:
    pixels, labels = whole
    image, left = remove_teeth(pixels, labels, PERMANENT, ONE_RUN, np.random.default_rng(seed))
    gone = removed(labels, left)
    places = sorted(ARCH_ORDER.index(fdi) for fdi in gone)
    assert 1 <= len(gone) <= ONE_RUN.extract_max_length
    assert places == list(range(places[0], places[0] + len(places)))
    assert len({fdi < 30 for fdi in gone}) == 1
    assert image.dtype == np.float32
    assert image.min() >= 0
    assert image.max() <= 1


def test_the_gap_looks_like_what_is_around_it(whole) -> None:
    config = replace(ONE_RUN, extract_close=0.0)
    pixels, labels = whole
    image, left = remove_teeth(pixels, labels, PERMANENT, config, np.random.default_rng(1))
    gap = (labels > 0) & (left == 0)
    assert np.array_equal(left[~gap], labels[~gap])
    around = pixels[(labels == 0)]
    assert image[gap].mean() < pixels[gap].mean() - 0.05
    assert image[gap].mean() == pytest.approx(around.mean(), abs=0.15)


def test_teeth_behind_a_closing_gap_move_towards_the_midline(whole) -> None:
    config = replace(ONE_RUN, extract_close=1.0)
    pixels, labels = whole
    moved = 0
    for seed in range(20):
        _, left = remove_teeth(pixels, labels, PERMANENT, config, np.random.default_rng(seed))
        gone = removed(labels, left)
        if len({fdi // 10 for fdi in gone}) > 1 or max(fdi % 10 for fdi in gone) == 8:
            continue
        quadrant, last = gone[0] // 10, max(fdi % 10 for fdi in gone)
        value = PERMANENT.index(quadrant * 10 + last + 1) + 1
        shift = np.nonzero(left == value)[1].mean() - np.nonzero(labels == value)[1].mean()
        outwards = 1 if quadrant in (2, 3) else -1
        assert shift * outwards < -1
        moved += 1
        other = [v for v, fdi in enumerate(PERMANENT, 1) if (fdi < 30) != (quadrant < 3)]
        still = np.isin(labels, other)
        assert (left[still] == labels[still]).mean() > 0.97
    assert moved > 5


def test_jaws_of_all_sorts_are_made(whole) -> None:
    pixels, labels = whole
    left = [
        remove_teeth(pixels, labels, PERMANENT, DEFAULT, np.random.default_rng(seed))[1]
        for seed in range(60)
    ]
    counts = [32 - len(removed(labels, after)) for after in left]
    assert max(counts) == 31
    assert min(counts) <= 20
    assert 24 <= np.mean(counts) <= 30


@pytest.mark.parametrize("seed", range(10))
def test_the_last_tooth_may_go(whole, seed: int) -> None:
    pixels, labels = whole
    one = np.where(labels == PERMANENT.index(36) + 1, labels, 0).astype(np.uint8)
    image, left = remove_teeth(pixels, one, PERMANENT, DEFAULT, np.random.default_rng(seed))
    assert not left.any()
    assert image.shape == pixels.shape


def test_without_teeth_nothing_changes(whole) -> None:
    pixels, labels = whole
    none = np.zeros_like(labels)
    image, left = remove_teeth(pixels, none, PERMANENT, DEFAULT, np.random.default_rng(0))
    assert image is pixels
    assert left is none


def test_settings_bound_the_runs() -> None:
    labels = np.zeros((8, 64), np.uint8)
    labels[:, :32] = np.arange(1, 33)
    longest = AugmentConfig(extract_length_p=0.01, extract_max_length=3)
    single = AugmentConfig(extract_length_p=1.0)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        assert len(choose_run(labels, PERMANENT, longest, rng)) <= 3
        assert len(choose_run(labels, PERMANENT, single, rng)) == 1
