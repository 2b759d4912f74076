"""Pasting: places and values by hand, on blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from panodent.training.augmentation.paste import Place, paste

SIZE = (80, 120)
PLACE = Place(
    box=(20, 30, 50, 50), source=(20.0, 40.0), target=(25.0, 70.0), scale=(1.0, 1.0), mirrored=False
)


def source() -> tuple[np.ndarray, np.ndarray]:
    """A bright tooth of class 1 above a brighter germ of class 2, 3 to the right of both."""
    pixels, labels = np.full(SIZE, 60, np.uint8), np.zeros(SIZE, np.uint8)
    for value, (rows, cols) in {
        1: (slice(20, 34), slice(30, 50)),
        2: (slice(36, 50), slice(32, 46)),
        3: (slice(20, 50), slice(54, 70)),
    }.items():
        pixels[rows, cols], labels[rows, cols] = 120 + 20 * value, value
    return pixels, labels


def target() -> tuple[np.ndarray, np.ndarray]:
    """A tooth of class 5 to be replaced, between the classes 6 and 7."""
    pixels, labels = np.full(SIZE, 0.25, np.float32), np.zeros(SIZE, np.uint8)
    for value, cols in {5: slice(60, 80), 6: slice(36, 56), 7: slice(84, 104)}.items():
        pixels[25:58, cols], labels[25:58, cols] = 0.6, value
    return pixels, labels


def pasted(place: Place = PLACE) -> tuple[bool, np.ndarray, np.ndarray]:
    pixels, labels = target()
    done = paste(source(), (pixels, labels), place, {1: 8, 2: 9}, [5], np.random.default_rng(0))
    return done, pixels, labels


def test_labels_are_where_the_teeth_are() -> None:
    done, pixels, labels = pasted()
    assert done
    expected = target()[1]
    expected[expected == 5] = 0
    expected[25:39, 60:80], expected[41:55, 62:76] = 8, 9
    assert np.array_equal(labels, expected)
    # The germ is brighter than the tooth, and both than the bone between them.
    assert pixels[labels == 9].mean() > pixels[labels == 8].mean() + 0.03
    assert pixels[labels == 8].mean() > pixels[60:70, 62:76].mean() + 0.1


def test_other_teeth_and_far_places_keep_their_pixels() -> None:
    _, pixels, labels = pasted()
    before, old = target()
    inner = (slice(27, 56), slice(38, 53))
    assert np.array_equal(pixels[inner], before[inner])
    for value in (6, 7):
        assert np.array_equal(labels == value, old == value)
    assert np.array_equal(pixels[:8], before[:8])
    assert np.array_equal(pixels[:, 110:], before[:, 110:])


def test_a_mirror_image_and_a_scale() -> None:
    done, _, labels = pasted(replace(PLACE, mirrored=True, scale=(0.5, 0.5)))
    assert done
    rows, cols = np.nonzero(labels == 9)
    # The germ is off the middle to the left in the source, so to the right here.
    assert (cols.min(), cols.max()) == (72 - 5, 72 + 1)
    assert (rows.min(), rows.max()) == (33, 39)


@pytest.mark.parametrize(
    "place",
    [
        replace(PLACE, target=(25.0, 5.0)),  # outside the image
        replace(PLACE, target=(25.0, -300.0)),
        replace(PLACE, target=(25.0, 52.0)),  # behind class 6
        replace(PLACE, scale=(1.0, 2.0)),  # wider than the gap
    ],
)
def test_what_does_not_fit_changes_nothing(place: Place) -> None:
    done, pixels, labels = pasted(place)
    before, old = target()
    assert not done
    assert np.array_equal(pixels, before)
    assert np.array_equal(labels, old)
