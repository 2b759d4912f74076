"""Masks that JSON files hold as PNG in base64: nothing is decoded before its size is known."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from reprlib import repr as shown

import numpy as np
import numpy.typing as npt

from panodent.errors import AnnotationError
from panodent.utils.arrays import BoolArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = 24  # signature, length and name of the first chunk, width, height
_SPARE = 1 << 16  # for chunks beside the pixels


def to_text(mask: BoolArray, compressed: bool = False) -> str:
    """Base64 of a PNG of one bit a pixel, or of its zlib stream; false pixels are transparent."""
    from PIL import Image

    stream = io.BytesIO()
    picture = Image.fromarray(np.asarray(mask, np.uint8))
    picture.putpalette([0, 0, 0, 255, 255, 255])
    picture.save(stream, format="PNG", transparency=0, bits=1)
    data = stream.getvalue()
    return base64.b64encode(zlib.compress(data) if compressed else data).decode()


def from_text(text: object, largest: tuple[int, int]) -> BoolArray:
    """The mask of such a text, plain or zlib stream; opaque, or else non-zero, pixels are true.

    Raises `AnnotationError` for a picture higher or wider than `largest` before it is decoded.
    """
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except ValueError:
        data = None
    if data is None:
        raise AnnotationError(f"a mask is {shown(text)}; expected a PNG in base64")
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
        raise AnnotationError(f"a mask is no PNG and no zlib stream of one ({error})") from None
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
        raise AnnotationError(f"a mask of {height} x {width} pixels in an image of {largest}")
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
