"""Resampling and normalisation of pixels, with results computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.radiograph.resampling import enlarged, normalised, resized

RAMP = np.linspace(0, 1, 200, dtype=np.float32).reshape(10, 20)


def test_shrinking_averages_areas() -> None:
    image = np.array([[0, 1, 2, 3], [4, 5, 6, 7]], np.float32)
    assert resized(image, (1, 2)).tolist() == [[2.5, 4.5]]


def test_enlarging_interpolates_between_pixel_centres() -> None:
    image = np.array([[0, 1]], np.float32)
    assert resized(image, (1, 4)).tolist() == [[0, 0.25, 0.75, 1]]


@pytest.mark.parametrize("size", [(5, 40), (20, 10), (10, 20)])
def test_one_side_may_shrink_while_the_other_grows(size: tuple[int, int]) -> None:
    found = resized(RAMP, size)
    assert found.shape == size
    assert found.mean() == pytest.approx(RAMP.mean(), abs=1e-3)


def test_normalised_pixels_do_not_depend_on_exposure() -> None:
    expected = normalised(RAMP)
    assert expected.dtype == np.float32
    assert np.percentile(expected, [1, 99.5]) == pytest.approx([-1, 1], abs=1e-5)
    assert np.allclose(normalised(RAMP * 0.3 + 0.5), expected, atol=1e-4)


def test_extreme_pixels_are_clipped_and_flat_images_are_dark() -> None:
    image = RAMP.copy()
    image[0, 0], image[-1, -1] = -50, 50
    assert (normalised(image).min(), normalised(image).max()) == (-1.5, 1.5)
    assert (normalised(np.full((4, 4), 0.3, np.float32)) == -1).all()


def test_a_part_of_an_enlarged_plane_is_that_part_of_the_whole() -> None:
    size, box = (40, 80), (7, 11, 30, 61)
    whole = enlarged(RAMP, (0, 0, *size), size)
    top, left, bottom, right = box
    part = enlarged(RAMP, box, size)
    assert np.allclose(part, whole[top:bottom, left:right], atol=1e-5)
    # The same from a crop of the plane, away from the edges of the crop.
    crop = RAMP[1:9, 2:18]
    from_crop = enlarged(crop, box, size, corner=(1, 2), whole=RAMP.shape)
    assert np.allclose(from_crop, part, atol=1e-5)
