"""Masks in JSON files, as a PNG in base64 (labelme) or as a zlib stream of one (Supervisely).

The size in the PNG's header is checked before anything is decompressed.

>>> mask = np.array([[True, False, True]])
>>> from_text(to_text(mask, compressed=True), (10, 10))
array([[ True, False,  True]])
"""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
import numpy.typing as npt

from panodent.errors import AnnotationError
from panodent.formats.parsing.excerpt import excerpt
from panodent.utils.arrays import BoolArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = 24  # signature, length and name of the first chunk, width, height
_SPARE = 1 << 16  # bytes for chunks other than the pixels


def to_text(mask: BoolArray, compressed: bool = False) -> str:
    """Base64 of a PNG with one bit a pixel, or of its zlib stream if `compressed`.

    Pixels outside the mask are transparent, which is what Supervisely's SDK reads.
    """
    from PIL import Image

    stream = io.BytesIO()
    picture = Image.fromarray(np.asarray(mask, np.uint8))
    picture.putpalette([0, 0, 0, 255, 255, 255])
    picture.save(stream, format="PNG", transparency=0, bits=1)
    data = stream.getvalue()
    return base64.b64encode(zlib.compress(data) if compressed else data).decode()


def from_text(text: object, largest: tuple[int, int]) -> BoolArray:
    """The mask (height, width) of such a text, a zlib stream or not.

    A pixel is true if it is opaque, or, in a PNG without transparency, if it is not 0. `largest` is
    the (height, width) of the radiograph: a larger PNG is refused before it is decompressed.
    Raises `AnnotationError`.
    """
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except ValueError:
        data = None
    if data is None:
        raise AnnotationError(f"a mask is {excerpt(text)}; expected a PNG in base64")
    if not data.startswith(_SIGNATURE):
        return _decoded(_inflated(data, largest))
    _checked_size(data, largest)
    return _decoded(data)


def _inflated(data: bytes, largest: tuple[int, int]) -> bytes:
    stream = zlib.decompressobj()
    try:
        head = stream.decompress(data, _HEADER)
        height, width = _checked_size(head, largest)
        limit = 4 * (width + 1) * height + _SPARE
        rest = stream.decompress(stream.unconsumed_tail, limit)
    except zlib.error as error:
        raise AnnotationError(
            f"a mask is neither a PNG nor a zlib stream of one ({error})"
        ) from None
    if stream.unconsumed_tail:
        raise AnnotationError(
            f"a mask of {height} x {width} pixels inflates to more than {limit} bytes"
        )
    return head + rest


def _checked_size(head: bytes, largest: tuple[int, int]) -> tuple[int, int]:
    if len(head) < _HEADER or not head.startswith(_SIGNATURE) or head[12:16] != b"IHDR":
        raise AnnotationError(f"a mask starts with {head[:8]!r}; expected a PNG")
    width, height = struct.unpack(">II", head[16:_HEADER])
    if not (1 <= height <= largest[0] and 1 <= width <= largest[1]):
        raise AnnotationError(
            f"a mask of {height} x {width} pixels in an image of {largest[0]} x {largest[1]}"
        )
    return height, width


def _decoded(data: bytes) -> BoolArray:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            transparent = "transparency" in picture.info or picture.mode in ("LA", "RGBA")
            pixels: npt.NDArray[np.uint8] = np.asarray(
                picture.convert("RGBA").getchannel("A") if transparent else picture
            )
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error) as error:
        raise AnnotationError(f"a mask is a damaged PNG ({error})") from None
    if pixels.ndim != 2:
        raise AnnotationError(
            f"a mask is a PNG of {pixels.shape[2]} channels; expected one, or transparency"
        )
    return pixels != 0
