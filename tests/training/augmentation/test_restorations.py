"""Crowns and implants in the place of teeth: bright, and only roots are teeth."""

from __future__ import annotations

import numpy as np
import pytest

from panodent import phantom
from panodent.dentition import ARCH_ORDER, PERMANENT
from panodent.training.augmentation import restorations
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.augmentation.restorations import add_restorations
from panodent.training.batches import class_image


@pytest.fixture(scope="module")
def whole() -> tuple[np.ndarray, np.ndarray]:
    radiograph, teeth = phantom.draw(2, (256, 512), missing=[])
    return radiograph.pixels, class_image(teeth, PERMANENT)


IMPLANTS = AugmentConfig(restore_implants=1.0)
CROWNS = AugmentConfig(restore_implants=0.0)


@pytest.mark.parametrize("seed", range(20))
def test_a_run_of_teeth_becomes_implants_that_bear_no_number(whole, seed: int) -> None:
    pixels, labels = whole
    before = pixels.copy()
    image, left = add_restorations(pixels, labels, PERMANENT, IMPLANTS, np.random.default_rng(seed))
    assert np.array_equal(pixels, before)
    gone = sorted(
        ARCH_ORDER.index(PERMANENT[value - 1])
        for value in set(np.unique(labels)) - set(np.unique(left))
    )
    assert gone == list(range(gone[0], gone[0] + len(gone)))
    kept = left > 0
    assert np.array_equal(left[kept], labels[kept])
    assert (image.dtype, left.dtype) == (np.float32, np.uint8)
    assert image.min() >= 0
    assert image.max() <= 1
    place = (labels > 0) & ~kept
    bright = image > np.percentile(pixels, 95)
    assert bright[place].mean() > 0.1  # metal where the tooth was...
    assert bright[place].mean() > bright[labels == 0].mean()
    assert (image[place] < pixels[place] - 0.05).any()  # ...narrower than its root


def test_roots_become_screws_narrower_than_they_were(whole) -> None:
    pixels, labels = whole
    only = np.where(labels == PERMANENT.index(36) + 1, labels, 0).astype(np.uint8)
    image, left = add_restorations(pixels, only, PERMANENT, IMPLANTS, np.random.default_rng(3))
    assert not left.any()
    rows = np.nonzero(only)[0]
    low = slice(int(np.percentile(rows, 60)), int(np.percentile(rows, 80)))
    metal = (image > image[only > 0].max() * 0.7) & (only > 0)
    assert 0 < metal[low].sum() < 0.7 * (only[low] > 0).sum()


@pytest.mark.parametrize("seed", range(10))
def test_crowned_roots_stay_teeth(whole, seed: int) -> None:
    pixels, labels = whole
    image, left = add_restorations(pixels, labels, PERMANENT, CROWNS, np.random.default_rng(seed))
    assert np.array_equal(left, labels)
    changed = image != pixels
    assert changed.any()
    assert image[changed].mean() > pixels[changed].mean()
    assert (np.abs(image - pixels)[labels == 0] > 0.3).mean() < 0.001
    rooted = np.isin(labels, np.unique(labels[changed & (labels > 0)]))
    assert changed[rooted].mean() < 0.8


def test_metal_has_room_around_its_tooth_and_none_beyond_the_picture() -> None:
    tooth = np.zeros((100, 80), bool)
    tooth[50:80, 40:50] = True  # 30 x 10: a margin of 4 + (29 + 9) // 6 = 10
    assert restorations.tooth_window(tooth) == (slice(40, 90), slice(30, 60))
    edge = np.zeros((100, 80), bool)
    edge[:30, :10] = True
    assert restorations.tooth_window(edge) == (slice(0, 40), slice(0, 20))


def test_a_jaw_without_teeth_stays_as_it_is(whole) -> None:
    pixels, labels = whole
    none = np.zeros_like(labels)
    image, left = add_restorations(pixels, none, PERMANENT, IMPLANTS, np.random.default_rng(0))
    assert image is pixels
    assert left is none


def test_a_speck_of_a_tooth_is_taken_out_without_an_implant(whole) -> None:
    pixels, labels = whole
    speck = np.zeros_like(labels)
    speck[100:102, 200:202] = 5
    image, left = add_restorations(pixels, speck, PERMANENT, IMPLANTS, np.random.default_rng(0))
    assert not left.any()
    assert np.isfinite(image).all()
