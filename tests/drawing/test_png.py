"""PNG files of our own are read by others, pixel for pixel."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from panodent.drawing.png import encode


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 7), (9, 1), (64, 33), (1, 1, 3), (5, 4, 3), (128, 257, 3)]
)
def test_every_pixel_comes_back(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    data = encode(image)
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        assert picture.mode == ("RGB" if len(shape) == 3 else "L")
        assert np.array_equal(np.asarray(picture), image)
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(found[..., ::-1] if len(shape) == 3 else found, image)


@pytest.mark.parametrize("shape", [(1500, 2000), (1024, 2041, 3), (3, 700_000, 3)])
def test_large_pictures_have_the_same_bytes_with_more_threads(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 4, shape, np.uint8)
    data = encode(image)
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(found[..., ::-1] if len(shape) == 3 else found, image)
    assert encode(image, threads=3) == data


def test_views_are_encoded_as_they_look() -> None:
    image = np.arange(600, dtype=np.uint16).astype(np.uint8).reshape(10, 20, 3)[::-1, ::2]
    with Image.open(io.BytesIO(encode(image))) as picture:
        assert np.array_equal(np.asarray(picture), image)


def test_label_images_are_small() -> None:
    labels = np.zeros((1024, 2048), np.uint8)
    labels[300:500, 400:800] = 11
    assert len(encode(labels)) < 12_000
