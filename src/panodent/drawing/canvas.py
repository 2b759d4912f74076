"""Text and anti-aliased lines drawn into RGB pictures, and pictures as PNG and JPEG.

Pictures are uint8 (height, width, 3), red first. Colours are RGB, 0 to 255. Points are (x, y) in
pixels; pixel centres have whole numbers. The font is the one inside Pillow, so that pictures are
the same on every computer.

>>> canvas = np.zeros((20, 40, 3), np.uint8)
>>> put_text(canvas, "36", (20, 15), 14, (255, 255, 255), anchor="middle")
>>> bool(canvas.any())
True
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from panodent.drawing.png import encode
from panodent.errors import OutputError
from panodent.teeth.masks import bounding_box
from panodent.utils.arrays import Float32Array

Colour = tuple[int, int, int]
RGBImage = npt.NDArray[np.uint8]
"""(height, width, 3) uint8, red first."""
Points = npt.NDArray[np.floating[Any]]
"""(k, 2) points (x, y)."""
Anchor = Literal["left", "middle", "right"]

_SUBPIXEL = 4  # fractional bits of OpenCV's drawing coordinates
_OVERSAMPLING = 4  # text is drawn this much larger, so that weight and halo may be fractions


@dataclass(frozen=True, eq=False)
class _TextMask:
    """A line of text as coverage of pixels, 0 to 1, cut to the pixels that are covered.

    Attributes
    ----------
    ink, halo : (height, width) float32, the letters without and with their halo.
    width : how far the text reaches in pixels, without halo and margin.
    top, left : row and column of the first pixel, counted from the start of the baseline.
    """

    ink: Float32Array
    halo: Float32Array
    width: float
    top: int
    left: int


@lru_cache(maxsize=1024)
def _text_mask(text: str, size: float, bold: bool, halo: float) -> _TextMask:
    import cv2
    from PIL import Image, ImageDraw

    font = _font(round(size * _OVERSAMPLING))
    weight = round(size * _OVERSAMPLING * 0.03) if bold else 0
    spread = weight + round(halo * _OVERSAMPLING)
    margin = int(np.ceil((spread + 1) / _OVERSAMPLING))
    ascent, descent = font.getmetrics()
    advance = float(font.getlength(text))
    baseline = int(np.ceil(ascent / _OVERSAMPLING)) + margin
    height = baseline + int(np.ceil(descent / _OVERSAMPLING)) + margin
    width = int(np.ceil(advance / _OVERSAMPLING)) + 2 * margin

    def coverage(stroke: int) -> Float32Array:
        picture = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING))
        ImageDraw.Draw(picture).text(
            (margin * _OVERSAMPLING, baseline * _OVERSAMPLING),
            text,
            fill=255,
            font=font,
            anchor="ls",
            stroke_width=stroke,
        )
        small = cv2.resize(np.asarray(picture), (width, height), interpolation=cv2.INTER_AREA)
        return small.astype(np.float32) / 255

    ink = coverage(weight)
    rim = coverage(spread) if halo else ink
    top, left, bottom, right = bounding_box(rim > 0) or (0, 0, 0, 0)
    cut = np.s_[top:bottom, left:right]
    return _TextMask(
        ink[cut].copy(), rim[cut].copy(), advance / _OVERSAMPLING, top - baseline, left - margin
    )


@lru_cache(maxsize=64)
def _font(size: int) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(max(size, 1))


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width in pixels of a line of text without its halo; `size` is the font size in pixels."""
    return _text_mask(text, float(size), bold, 0.0).width


def digit_height(size: float) -> float:
    """Height in pixels of digits and capital letters in a font of this size."""
    top, bottom = _font(round(size * _OVERSAMPLING)).getbbox("8", anchor="ls")[1::2]
    return float(bottom - top) / _OVERSAMPLING


def put_text(
    canvas: RGBImage,
    text: str,
    at: tuple[float, float],
    size: float,
    colour: Colour,
    *,
    anchor: Anchor = "left",
    bold: bool = False,
    halo: float = 0.0,
    halo_colour: Colour = (0, 0, 0),
) -> None:
    """Writes a line of text into `canvas`; parts outside the picture are cut off.

    `at` is (x, y) of the baseline at the left end, the middle or the right end of the text, as
    `anchor` says; `size` is the font size in pixels; `halo` is the width in pixels of a rim of
    `halo_colour` around the letters.
    """
    mask = _text_mask(text, float(size), bold, float(halo))
    shift = {"left": 0.0, "middle": 0.5, "right": 1.0}[anchor] * mask.width
    left, top = round(at[0] - shift) + mask.left, round(at[1]) + mask.top
    height, width = mask.ink.shape
    row0, col0 = max(top, 0), max(left, 0)
    row1, col1 = min(top + height, canvas.shape[0]), min(left + width, canvas.shape[1])
    if row0 >= row1 or col0 >= col1:
        return
    inside = np.s_[row0 - top : row1 - top, col0 - left : col1 - left]
    layers = [(colour, mask.ink[inside])]
    if halo:
        layers.insert(0, (halo_colour, mask.halo[inside]))
    put_colours(canvas[row0:row1, col0:col1], layers)


def put_colours(region: RGBImage, layers: Iterable[tuple[Colour, Float32Array]]) -> None:
    """Covers each pixel of `region` with colours, one after another.

    `layers` are (colour, share) with the share of the colour in each pixel, (height, width), 0 to
    1. Pixels are rounded once, at the end.
    """
    import cv2

    mixed = region.astype(np.float32)
    for colour, share in layers:
        step = np.full(mixed.shape[1:], colour, np.float32) - mixed
        step *= cv2.cvtColor(share, cv2.COLOR_GRAY2RGB)
        mixed += step
    region[:] = cv2.convertScaleAbs(mixed)  # rounded to whole numbers


def plain(size: tuple[int, int], colour: Colour) -> RGBImage:
    """A picture of this (height, width) in one colour.

    >>> plain((2, 1), (1, 2, 3)).tolist()
    [[[1, 2, 3]], [[1, 2, 3]]]
    """
    picture = np.empty((*size, 3), np.uint8)
    picture[:] = np.full((size[1], 3), colour, np.uint8)  # row by row: faster
    return picture


def put_lines(
    canvas: RGBImage, lines: Sequence[Points], colour: Colour, width: int, closed: bool = False
) -> None:
    """Draws anti-aliased lines of `width` pixels into `canvas`, which must be contiguous.

    Each line is (k, 2) points (x, y); `closed` connects the last point with the first.
    """
    import cv2

    fixed = [np.rint(np.asarray(line) * 2**_SUBPIXEL).astype(np.int32) for line in lines]
    cv2.polylines(canvas, fixed, closed, colour, max(width, 1), cv2.LINE_AA, _SUBPIXEL)


def put_shape(canvas: RGBImage, ring: Points, colour: Colour) -> None:
    """Fills the inside of a closed line of (k, 2) points (x, y) in `canvas`, anti-aliased."""
    import cv2

    fixed = np.rint(np.asarray(ring) * 2**_SUBPIXEL).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], colour, cv2.LINE_AA, _SUBPIXEL)


def dashes(line: Points, dash: float, gap: float, closed: bool = False) -> list[Points]:
    """Cuts a line of (k, 2) points (x, y) into pieces of `dash` pixels, `gap` pixels apart.

    Lengths on a closed line are adjusted so that a whole number of dashes fits.

    >>> [piece.tolist() for piece in dashes(np.array([[0.0, 0], [10, 0]]), 4, 2)]
    [[[0.0, 0.0], [4.0, 0.0]], [[6.0, 0.0], [10.0, 0.0]]]
    """
    points = np.concatenate([line, line[:1]]) if closed else np.asarray(line)
    steps = np.hypot(*np.diff(points, axis=0).T)
    places = np.concatenate([[0.0], np.cumsum(steps)])
    length = float(places[-1])
    if length <= dash + gap:
        return [points]
    count = max(round(length / (dash + gap)), 1)
    period = length / count if closed else dash + gap
    share = period * dash / (dash + gap)
    pieces = []
    for start in np.arange(0, length - 1e-6, period):
        end = min(start + share, length)
        between = places[(places > start) & (places < end)]
        at = np.concatenate([[start], between, [end]])
        x, y = (np.interp(at, places, points[:, axis]) for axis in (0, 1))
        pieces.append(np.stack([x, y], axis=1))
    return pieces


def blended(colour: Colour, other: Colour, share: float) -> Colour:
    """A mixture of two colours; `share`, 0 to 1, is that of `other`.

    >>> blended((0, 100, 200), (100, 100, 100), 0.5)
    (50, 100, 150)
    """
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def to_png_bytes(rgb: RGBImage, threads: int = 1) -> bytes:
    """A picture, uint8 (height, width) grey or (height, width, 3) RGB, as the bytes of a PNG file.

    The bytes are the same with any number of threads. Raises `OutputError` for other arrays and for
    pictures without pixels.
    """
    image = np.asarray(rgb)
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or image.shape[2:] not in ((), (3,)):
        raise OutputError(
            f"picture has shape {image.shape} and dtype {image.dtype}; "
            "expected uint8 (height, width) or (height, width, 3)"
        )
    if not image.size:
        raise OutputError(f"picture has shape {image.shape}; expected at least one pixel")
    return encode(image, threads)


def to_jpeg_bytes(rgb: RGBImage, quality: int = 88) -> bytes:
    """A picture, uint8 (height, width, 3) RGB, as the bytes of a JPEG file.

    `quality` is 0 to 100. For pages with many pictures; label images need PNG.
    """
    import cv2

    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], options)
    return bytes(data.tobytes())
