"""Run-length encoding of Label Studio's brushes, a bit stream over the RGBA image row by row.

The encoding is that of rle-pack, https://www.npmjs.com/package/@thi.ng/rle-pack, with the most
significant bit first. A header of 53 bits holds the number of values (32 bits), the bits of a value
minus one (5), and four widths minus one (4 each). Runs follow. A run has one bit that is 1 for a
value that is repeated and 0 for different values, the choice of a width (2 bits), its length minus
one (as many bits as that width), and the value or values. A pixel has four values of eight bits. It
belongs to the mask if the fourth, alpha, is not 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.errors import AnnotationError
from panodent.teeth.run_lengths import to_counts
from panodent.utils.arrays import BoolArray

_CHANNELS = 4
_WORD = 8
_WIDTHS = (3, 4, 8, 16)
_LONGEST = 1 << _WIDTHS[-1]
_HEADER = 32 + 5 + 4 * len(_WIDTHS)


def encode(mask: BoolArray) -> list[int]:
    """The bytes of a mask (height, width); pixels of the mask become white, all others 0.

    >>> encode(np.array([[False, True]]))
    [0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128]
    """
    counts = np.array(to_counts(np.asarray(mask, bool).T), np.int64) * _CHANNELS
    values = np.arange(len(counts)) % 2 * 255
    # A run that is longer than the widest field can express is written in pieces.
    pieces = -(-counts // _LONGEST)
    lengths = np.full(int(pieces.sum()), _LONGEST)
    last = np.cumsum(pieces)[pieces > 0] - 1
    lengths[last] = (counts - (pieces - 1) * _LONGEST)[pieces > 0]
    values = np.repeat(values, pieces)
    choice = np.searchsorted([1 << width for width in _WIDTHS[:-1]], lengths)
    width = np.array(_WIDTHS)[choice]
    codes = ((((4 | choice) << width) | (lengths - 1)) << _WORD) | values
    bits = np.concatenate([_header(int(counts.sum())), _bits(codes, 3 + width + _WORD)])
    return np.packbits(bits).tolist()


def decode(rle: Sequence[int] | bytes, size: tuple[int, int]) -> BoolArray:
    """The mask of these bytes, which must encode an image of `size`, (height, width).

    Raises `AnnotationError` for anything else. Memory is bounded by `size`, whatever the header
    says.

    >>> decode([0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128], (1, 2))
    array([[False,  True]])
    """
    data = _bytes(rle)
    count = size[0] * size[1] * _CHANNELS
    header = int.from_bytes(data[:7].ljust(7, b"\0"), "big") >> (56 - _HEADER)
    if len(data) * 8 < _HEADER:
        raise AnnotationError(f"brush of {len(data)} bytes; expected a header of 7 and runs")
    if header >> 21 != count:
        raise AnnotationError(
            f"brush of {header >> 21} values; an image of size {tuple(size)} has {count}"
        )
    if (header >> 16 & 31) + 1 != _WORD:
        raise AnnotationError(f"brush values of {(header >> 16 & 31) + 1} bits; expected {_WORD}")
    widths = [(header >> shift & 15) + 1 for shift in (12, 8, 4, 0)]
    values = np.zeros(count, np.uint8)
    padded = data + bytes(8)
    at, done = _HEADER, 0
    while done < count:
        window = int.from_bytes(padded[at >> 3 : (at >> 3) + 8], "big") << (at & 7)
        width = widths[window >> 61 & 3]
        length = (window >> (61 - width) & ((1 << width) - 1)) + 1
        if length > count - done:
            raise AnnotationError(f"brush has more than the {count} values of its image")
        at += 3 + width
        repeated = window >> 63 & 1
        if at + (_WORD if repeated else length * _WORD) > len(data) * 8:
            raise AnnotationError(f"brush ends before all of its {count} values")
        if repeated:
            values[done : done + length] = window >> (53 - width) & 255
            at += _WORD
        else:
            near = np.frombuffer(data[at >> 3 : (at >> 3) + length + 1], np.uint8)
            piece = np.packbits(np.unpackbits(near)[at & 7 :][: length * _WORD])
            values[done : done + length] = piece
            at += length * _WORD
        done += length
    return values.reshape(*size, _CHANNELS)[..., -1] > 0


def _header(count: int) -> npt.NDArray[np.uint8]:
    fields = np.array([count, _WORD - 1, *(width - 1 for width in _WIDTHS)])
    return _bits(fields, np.array([32, 5, 4, 4, 4, 4]))


def _bits(numbers: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """The lowest `lengths` bits (at most 32) of each number, one number after the other."""
    aligned = (numbers << (32 - lengths)).astype(">u4")
    columns = np.unpackbits(aligned.view(np.uint8).reshape(-1, 4), axis=1)
    return columns[np.arange(32) < lengths[:, None]]


def _bytes(rle: Any) -> bytes:
    try:
        return bytes(list(rle))
    except (TypeError, ValueError):
        raise AnnotationError("brush is not a list of whole numbers from 0 to 255") from None
