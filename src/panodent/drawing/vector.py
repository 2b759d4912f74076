"""Shapes and texts in the units of a chart, written as SVG or drawn as pixels.

A chart is described once, as a list of parts; SVG and pixels are made from the same list.

>>> square = (("M", (0, 0)), ("L", (2, 0)), ("L", (2, 2)), ("L", (0, 2)), ("Z", ()))
>>> to_pixels([(Shape(square, (255, 0, 0), (255, 0, 0)),)], (4, 4), 1.0).shape
(4, 4, 3)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np
import numpy.typing as npt

from panodent.drawing.canvas import (
    Anchor,
    Colour,
    RGBImage,
    dashes,
    put_lines,
    put_shape,
    put_text,
    text_width,
)

Command = tuple[str, tuple[float, ...]]
"""('M' or 'L', (x, y)), ('C', (x1, y1, x2, y2, x, y)) or ('Z', ()), as in SVG."""
Path = tuple[Command, ...]
"""Commands of one line, which begins with 'M'."""

_remembered_paths = lru_cache(maxsize=4096)
"""Nearly all paths of a chart are in every chart."""
_CURVE_POINTS = 14  # points of a curve
_OVERSAMPLING = 2  # shapes are drawn this much larger and scaled down


@dataclass(frozen=True, slots=True)
class Shape:
    """A line, or an area where the path is closed.

    Attributes
    ----------
    path : in chart units.
    fill : colour of the area, None for no filling.
    stroke, width : colour and width of the line.
    dash : lengths (drawn, left out) of a dashed line, None for a solid one.
    """

    path: Path
    fill: Colour | None
    stroke: Colour
    width: float = 1.2
    dash: tuple[float, float] | None = None

    def to_svg(self) -> str:
        """The SVG element."""
        fill = "none" if self.fill is None else _hex(self.fill)
        dash = f' stroke-dasharray="{self.dash[0]:g} {self.dash[1]:g}"' if self.dash else ""
        return (
            f'<path d="{to_svg_path(self.path)}" fill="{fill}" stroke="{_hex(self.stroke)}" '
            f'stroke-width="{self.width:g}" stroke-linejoin="round"{dash}/>'
        )


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text in chart units; (x, y) is its baseline at the anchor, `size` the font size."""

    text: str
    x: float
    y: float
    size: float
    colour: Colour
    anchor: Anchor = "middle"
    bold: bool = False

    def to_svg(self) -> str:
        """The SVG element; the text is escaped."""
        anchor = {"left": "start", "middle": "middle", "right": "end"}[self.anchor]
        weight = ' font-weight="bold"' if self.bold else ""
        return (
            f'<text x="{self.x:g}" y="{self.y:g}" font-size="{self.size:g}" '
            f'text-anchor="{anchor}" fill="{_hex(self.colour)}"{weight}>{escape(self.text)}</text>'
        )


Part = Shape | Text
Piece = tuple[Part, ...]
"""Parts that may overlap: later ones are above earlier ones, texts above shapes."""


def to_pixels(
    pieces: Sequence[Piece],
    size: tuple[float, float],
    scale: float,
    rare: Sequence[Piece] = (),
) -> RGBImage:
    """Pieces on a white background as uint8 RGB (height, width, 3).

    `size` is (width, height) in chart units, `scale` is pixels in a unit. Two pieces must not
    overlap: the darker one would be seen. The drawings of `pieces` are kept, since most
    charts share most of them, those of `rare` ones are not.
    """
    width, height = (round(units * scale) for units in size)
    canvas = np.full((height, width, 3), 255, np.uint8)
    drawings = [
        *(_remembered_drawing(piece, scale) for piece in pieces),
        *(_drawn(p, scale) for p in rare),
    ]
    for drawn, (row, column) in drawings:
        region = canvas[row : row + drawn.shape[0], column : column + drawn.shape[1]]
        np.minimum(region, drawn[: region.shape[0], : region.shape[1]], out=region)
    return canvas


def _drawn(piece: Piece, scale: float) -> tuple[RGBImage, tuple[int, int]]:
    """A piece on white, no larger than it is, and the (row, column) of its first pixel."""
    import cv2

    boxes = np.array([_box(part) for part in piece]) * scale
    # Even, so that places of texts are rounded as they are on the whole chart.
    left, top = (2 * np.floor(boxes[:, :2].min(axis=0).clip(0) / 2)).astype(int).tolist()
    width, height = (np.ceil(boxes[:, 2:].max(axis=0)).astype(int) - (left, top)).tolist()
    canvas = np.full((height * _OVERSAMPLING, width * _OVERSAMPLING, 3), 255, np.uint8)
    for part in piece:
        if isinstance(part, Shape):
            corner = left * _OVERSAMPLING, top * _OVERSAMPLING
            _draw(canvas, part, scale * _OVERSAMPLING, corner)
    canvas = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    for part in piece:
        if isinstance(part, Text):
            at = (part.x * scale - left, part.y * scale - top)
            size, colour = part.size * scale, part.colour
            put_text(canvas, part.text, at, size, colour, anchor=part.anchor, bold=part.bold)
    return canvas, (top, left)


_remembered_drawing = lru_cache(maxsize=512)(_drawn)
"""A tooth of an odontogram takes about 40 KB."""


def _box(part: Part) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) of a part in chart units, a little larger than it is."""
    if isinstance(part, Shape):
        points, around = to_points(part.path), part.width / 2 + 1
        (left, top), (right, bottom) = points.min(axis=0) - around, points.max(axis=0) + around
        return left, top, right, bottom
    wide = text_width(part.text, part.size, part.bold) + part.size
    left = part.x - {"left": 0.0, "middle": 0.5, "right": 1.0}[part.anchor] * wide
    return left - part.size, part.y - 1.5 * part.size, left + wide, part.y + part.size


def _draw(canvas: RGBImage, shape: Shape, scale: float, corner: tuple[int, int]) -> None:
    """Draws a shape; the canvas begins at the pixel `corner`, (x, y), of the chart."""
    points = to_points(shape.path) * scale - 0.5
    closed = shape.path[-1][0] == "Z"
    width = round(shape.width * scale)
    if shape.fill is not None:
        put_shape(canvas, points - corner, shape.fill)
    if shape.dash is not None:
        on, off = (value * scale for value in shape.dash)
        pieces = [line - corner for line in dashes(points, on, off, closed)]
        put_lines(canvas, pieces, shape.stroke, width)
    else:
        put_lines(canvas, [points - corner], shape.stroke, width, closed)


@_remembered_paths
def placed(path: Path, x: float, y: float, scale: float, up: bool) -> Path:
    """The path scaled, with its origin at (x, y); with `up` its y axis points to the chart's top.

    >>> placed((("M", (1, 2)),), 10, 10, 1.0, up=True)
    (('M', (11.0, 8.0)),)
    """
    sign = -scale if up else scale
    return tuple(
        (
            name,
            tuple(
                x + value * scale if index % 2 == 0 else y + value * sign
                for index, value in enumerate(values)
            ),
        )
        for name, values in path
    )


def rounded(left: float, top: float, right: float, bottom: float, radius: float = 9.0) -> Path:
    """A rectangle whose corners are quarters of a circle of this radius.

    >>> rounded(0, 0, 20, 10, 2)[0], len(rounded(0, 0, 20, 10, 2))
    (('M', (2, 0)), 10)
    """
    near = radius * 0.4477  # a Bezier curve with this distance is close to a circle
    return (
        ("M", (left + radius, top)),
        ("L", (right - radius, top)),
        ("C", (right - near, top, right, top + near, right, top + radius)),
        ("L", (right, bottom - radius)),
        ("C", (right, bottom - near, right - near, bottom, right - radius, bottom)),
        ("L", (left + radius, bottom)),
        ("C", (left + near, bottom, left, bottom - near, left, bottom - radius)),
        ("L", (left, top + radius)),
        ("C", (left, top + near, left + near, top, left + radius, top)),
        ("Z", ()),
    )


def hatched(path: Path, spacing: float, rising: bool = True) -> list[Path]:
    """Parallel lines at 45 degrees, `spacing` apart, that fill the inside of a closed path.

    With `rising`, y falls as x grows, which rises to the right where y points down.

    >>> square = (("M", (0, 0)), ("L", (4, 0)), ("L", (4, 4)), ("L", (0, 4)), ("Z", ()))
    >>> [[end.round(1).tolist() for end in to_points(line)] for line in hatched(square, 4)]
    [[[1.4, 0.0], [0.0, 1.4]], [[4.0, 3.1], [3.1, 4.0]]]
    """
    points = to_points(path)
    root = np.sqrt(0.5)
    way = 1.0 if rising else -1.0
    # `across` grows from one line to the next, `along` on a line.
    along = (points[:, 0] - way * points[:, 1]) * root
    across = (way * points[:, 0] + points[:, 1]) * root
    lines: list[Path] = []
    first = np.ceil(across.min() / spacing - 0.25) + 0.25
    for level in np.arange(first, across.max() / spacing, 1.0) * spacing:
        before, after = across - level, np.roll(across, -1) - level
        crossing = np.flatnonzero((before < 0) != (after < 0))
        share = before[crossing] / (before[crossing] - after[crossing])
        other = np.roll(along, -1)[crossing]
        ends = np.sort(along[crossing] + share * (other - along[crossing]))[::-1]
        for start, end in zip(ends[::2], ends[1::2], strict=True):
            lines.append(
                tuple(
                    (name, (float((at + way * level) * root), float((level - way * at) * root)))
                    for name, at in (("M", start), ("L", end))
                )
            )
    return lines


@_remembered_paths
def to_svg_path(path: Path) -> str:
    """The path as the `d` attribute of SVG.

    >>> to_svg_path((("M", (0, 0)), ("L", (1.5, 2)), ("Z", ())))
    'M0 0L1.5 2Z'
    """
    return "".join(name + " ".join(f"{round(v, 2):g}" for v in values) for name, values in path)


@_remembered_paths
def to_points(path: Path) -> npt.NDArray[np.float64]:
    """The path as (k, 2) float64 points (x, y) of a polygon or a line; curves become points."""
    points: list[npt.NDArray[np.float64]] = []
    t = np.linspace(0, 1, _CURVE_POINTS + 1)[1:, None]
    for name, values in path:
        corners = np.array(values, np.float64).reshape(-1, 2)
        if name == "C":
            start, (first, second, end) = points[-1][-1], corners
            points.append(
                (1 - t) ** 3 * start
                + 3 * (1 - t) ** 2 * t * first
                + 3 * (1 - t) * t**2 * second
                + t**3 * end
            )
        elif name != "Z":
            points.append(corners)
    result = np.concatenate(points)
    result.flags.writeable = False  # it is kept
    return result


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
