"""Radiograph to network frame and back: no pixel shifts, no detail falls between the samples."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.bundle.frame import Frame
from panodent.errors import ConfigError
from panodent.radiograph.radiograph import Radiograph
from panodent.radiograph.resampling import enlarged, normalised, resized
from panodent.teeth.teeth import Teeth

SIZES = [(512, 1024), (600, 1211), (1435, 2867), (100, 100), (256, 512), (97, 1501)]


def bump(shape: tuple[int, int], row: float, col: float, width: float) -> np.ndarray:
    """A round hill of this deviation about (row, column)."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    return np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / (2 * width**2)).astype(np.float32)


def centre(plane: np.ndarray) -> np.ndarray:
    """Centre of mass (row, column)."""
    rows, cols = np.mgrid[: plane.shape[0], : plane.shape[1]]
    return np.array([(rows * plane).sum(), (cols * plane).sum()]) / plane.sum()


@pytest.mark.parametrize("size", SIZES)
def test_any_radiograph_fills_the_frame(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).random(size, np.float32)
    image = Frame(256, 512).forward(pixels)
    assert image.shape == Frame(256, 512).size == (256, 512)
    assert image.dtype == np.float32
    assert np.abs(image).max() <= 1.5


def test_the_frame_keeps_what_it_was_given(drawn: tuple[Radiograph, Teeth]) -> None:
    pixels = drawn[0].pixels
    before = pixels.copy()
    Frame(512, 1024).forward(pixels)
    assert np.array_equal(pixels, before)


def test_exposure_does_not_show(drawn: tuple[Radiograph, Teeth]) -> None:
    pixels = drawn[0].pixels
    image = Frame().forward(pixels)
    assert np.percentile(image, 1) == pytest.approx(-1, abs=1e-4)
    assert np.percentile(image, 99.5) == pytest.approx(1, abs=1e-4)
    assert np.allclose(Frame().forward(0.3 * pixels + np.float32(0.2)), image, atol=1e-4)


def test_outliers_are_clipped_and_one_value_is_dark() -> None:
    pixels = np.linspace(0.4, 0.5, 32 * 64, dtype=np.float32).reshape(32, 64)
    pixels[0, 0], pixels[-1, -1] = 0, 1
    image = normalised(pixels)
    assert (image[0, 0], image[-1, -1]) == (-1.5, 1.5)
    for value in (0, 0.5, 1):
        assert (normalised(np.full((32, 64), value, np.float32)) == -1).all()


def test_shrinking_takes_means() -> None:
    pixels = np.random.default_rng(1).random((64, 128), np.float32)
    means = pixels.reshape(32, 2, 64, 2).mean(axis=(1, 3))
    assert np.allclose(resized(pixels, (32, 64)), means, atol=1e-6)
    chequered = (np.indices((64, 128)).sum(axis=0) % 2).astype(np.float32)
    assert np.allclose(resized(chequered, (32, 64)), 0.5)


def test_a_side_that_shrinks_beside_one_that_grows_takes_means_too() -> None:
    stripes = np.tile(np.array([0, 0, 0, 1], np.float32), (40, 100))  # (40, 400)
    found = resized(stripes, (64, 100))
    assert found.shape == (64, 100)
    assert np.allclose(found, 0.25)


def test_an_equal_size_changes_nothing() -> None:
    pixels = np.random.default_rng(2).random((64, 128), np.float32)
    assert np.array_equal(resized(pixels, (64, 128)), pixels)


# --- the way back ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(512, 1024), (600, 1211), (1435, 2867), (256, 512), (300, 333)])
@pytest.mark.parametrize("place", [(40.3, 60.8), (128.0, 255.5), (215.2, 470.1)])
def test_there_and_back_moves_nothing(size: tuple[int, int], place: tuple[float, float]) -> None:
    plane = bump((256, 512), *place, 6)
    large = enlarged(plane, (0, 0, *size), size)
    assert large.shape == size
    scale = np.array(size) / plane.shape
    # Pixel centres correspond: (p + 0.5) * scale - 0.5.
    expected = (np.array(place) + 0.5) * scale - 0.5
    assert np.abs(centre(large) - expected).max() < 0.1 * max(scale.max(), 1)
    assert np.abs(centre(resized(large, plane.shape)) - place).max() < 0.1


@pytest.mark.parametrize("size", [(512, 1024), (600, 1211), (1435, 2867)])
def test_what_shrinks_into_the_frame_comes_back_to_its_place(size: tuple[int, int]) -> None:
    place = (0.31 * size[0], 0.77 * size[1])
    pixels = bump(size, *place, size[0] / 40)
    back = enlarged(resized(pixels, (256, 512)), (0, 0, *size), size)
    assert np.abs(centre(back) - place).max() < 0.1


@pytest.mark.parametrize(
    "box", [(0, 0, 600, 1211), (0, 0, 7, 5), (123, 457, 301, 700), (590, 1200, 600, 1211)]
)
def test_a_box_agrees_with_the_whole(box: tuple[int, int, int, int]) -> None:
    size = (600, 1211)
    plane = bump((64, 128), 30, 70, 12)
    whole = enlarged(plane, (0, 0, *size), size)
    top, left, bottom, right = box
    part = enlarged(plane, box, size)
    assert part.shape == (bottom - top, right - left)
    assert np.allclose(part, whole[top:bottom, left:right], atol=2e-3)


def test_a_crop_of_the_plane_agrees_with_the_whole_plane() -> None:
    size, box = (600, 1211), (220, 480, 330, 660)
    plane = bump((64, 128), 30, 60, 8)
    crop = plane[20:40, 48:76]
    part = enlarged(np.ascontiguousarray(crop), box, size, (20, 48), plane.shape)
    assert np.allclose(part, enlarged(plane, box, size), atol=2e-3)


def test_a_slope_stays_a_slope() -> None:
    plane = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (32, 1))
    large = enlarged(plane, (0, 0, 64, 256), (64, 256))
    assert np.allclose(np.diff(large[:, 4:-4]), 1 / 63 / 4, atol=1e-3)
    assert np.allclose(large[:, 128], ((128.5 / 4) - 0.5) / 63, atol=1e-3)


@pytest.mark.parametrize(
    ("height", "width", "name"),
    [
        (0, 512, "height"),
        (-32, 512, "height"),
        (16, 512, "height"),
        (250, 512, "height"),
        (256, 500, "width"),
        (256.0, 512, "height"),
        (256, "512", "width"),
        (256, True, "width"),
        (None, 512, "height"),
    ],
)
def test_bad_frames_are_refused(height: object, width: object, name: str) -> None:
    with pytest.raises(ConfigError, match=f"frame {name} is .*multiple of 32"):
        Frame(height, width)  # type: ignore[arg-type]
