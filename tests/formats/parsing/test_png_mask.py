"""Masks as PNG in base64: there and back, and bounded by the size of the radiograph."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent.errors import AnnotationError
from panodent.formats.parsing.png_mask import from_text, to_text

MASK = np.array([[1, 1, 0], [0, 1, 1]], bool)


def png(image: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG", **options)
    return stream.getvalue()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 9), (33, 17)])
def test_masks_come_back(shape: tuple[int, int], compressed: bool) -> None:
    mask = np.random.default_rng(0).random(shape) < 0.5
    assert np.array_equal(from_text(to_text(mask, compressed), shape), mask)


def test_pixels_outside_the_mask_are_transparent() -> None:
    with Image.open(io.BytesIO(base64.b64decode(to_text(MASK)))) as picture:
        alpha = np.asarray(picture.convert("RGBA"))[..., 3]
    assert np.array_equal(alpha > 0, MASK)


@pytest.mark.parametrize(
    "data",
    [
        png(MASK.astype(np.uint8) * 9),
        png(MASK),
        png(np.dstack([np.full((2, 3), 9)] * 3 + [MASK * 255]).astype(np.uint8)),
        png(np.dstack([np.full((2, 3), 9), MASK * 1]).astype(np.uint8)),
    ],
    ids=["grey", "one bit", "RGBA", "grey and alpha"],
)
def test_alpha_counts_before_values(data: bytes) -> None:
    assert np.array_equal(from_text(text(data), (2, 3)), MASK)
    assert np.array_equal(from_text(text(zlib.compress(data)), (8, 10)), MASK)


def header(width: int, height: int) -> bytes:
    fields = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    size = struct.pack(">I", len(fields) - 4)
    return b"\x89PNG\r\n\x1a\n" + size + fields + struct.pack(">I", zlib.crc32(fields))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, "a mask is None; expected a PNG in base64"),
        ("§", "expected a PNG in base64"),
        ("abc", "a mask is 'abc'"),
        (text(b"x" * 50), "neither a PNG nor a zlib stream of one"),
        (text(zlib.compress(b"x" * 50)), "a mask starts with b'xxxxxxxx'; expected a PNG"),
        (text(header(3, 2)), "a mask is a damaged PNG"),
        (text(header(4, 2)), "a mask of 2 x 4 pixels in an image of 2 x 3"),
        (text(header(3, 3)), "a mask of 3 x 3 pixels in an image of 2 x 3"),
        (text(header(0, 2)), "a mask of 2 x 0 pixels"),
        (text(zlib.compress(header(3, 2) + bytes(1 << 20))), "inflates to more than 65568 bytes"),
        (text(png(np.zeros((2, 3, 3), np.uint8))), "a PNG of 3 channels; expected one"),
    ],
)
def test_other_texts_are_refused(given: Any, reason: str) -> None:
    with pytest.raises(AnnotationError, match=reason):
        from_text(given, (2, 3))
