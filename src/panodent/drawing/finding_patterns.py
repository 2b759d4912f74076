"""Findings on a radiograph: a pattern for each kind, so that colour is not needed to see it.

Colours are those of Okabe and Ito, which colour-blind people tell apart
(https://jfly.uni-koeln.de/color).

>>> canvas = np.zeros((20, 20, 3), np.uint8)
>>> crown = Findings.from_masks((20, 20), [("crown", 36, np.ones((12, 12), bool), (4, 4))])
>>> draw_findings(canvas, crown, 11)
>>> bool(canvas[4:16, 4:16].any()), bool(canvas[:1].any())
(True, False)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.drawing.canvas import Colour, RGBImage, put_colours
from panodent.drawing.outlines import draw_outline
from panodent.teeth.findings import Findings
from panodent.utils.arrays import BoolArray

_Coverage = npt.NDArray[np.floating[Any]]
_Pattern = Callable[[_Coverage, _Coverage, float], _Coverage]
"""Rows (h, 1), columns (1, w) and the period in pixels -> (h, w) share of colour, 0 to 1."""

_DARK: Colour = (10, 12, 16)
_TINT = 0.25  # share of a kind's colour between the lines of its pattern
_CONTRAST = 0.45  # share of black there for light colours, of white for dark ones


def _away(places: _Coverage, period: float) -> _Coverage:
    """The distance of places from the nearest multiple of the period."""
    return np.abs((places + period / 2) % period - period / 2)


def _lines(across: _Coverage, period: float) -> _Coverage:
    """Lines of three tenths of a period, anti-aliased, where `across` is a multiple of it."""
    return np.clip(0.15 * period + 0.5 - _away(across, period), 0, 1)


def _dots(rows: _Coverage, columns: _Coverage, period: float) -> _Coverage:
    away = np.sqrt(_away(rows, period) ** 2 + _away(columns, period) ** 2)
    return np.clip(0.28 * period + 0.5 - away, 0, 1)


def _squares(rows: _Coverage, columns: _Coverage, period: float) -> _Coverage:
    return ((rows // (period / 2) + columns // (period / 2)) % 2).astype(np.float64)


def _rising(rows: _Coverage, columns: _Coverage, period: float) -> _Coverage:
    return _lines((rows + columns) * np.sqrt(0.5), period)


def _falling(rows: _Coverage, columns: _Coverage, period: float) -> _Coverage:
    return _lines((rows - columns) * np.sqrt(0.5), period)


STYLES: Mapping[str, tuple[Colour, _Pattern]] = MappingProxyType(
    {
        "filling": ((86, 180, 233), _dots),
        "crown": ((230, 159, 0), _rising),
        "pontic": ((240, 228, 66), lambda r, c, p: np.maximum(_rising(r, c, p), _falling(r, c, p))),
        "root_filling": ((213, 94, 0), lambda r, c, _: np.ones(np.broadcast(r, c).shape)),
        "post": ((204, 121, 167), lambda r, c, p: _lines(c + 0 * r, p)),
        "implant": ((0, 158, 115), lambda r, c, p: _lines(r + 0 * c, p)),
        "appliance": ((255, 255, 255), _squares),
    }
)
"""Colour and pattern of each kind."""


def draw_findings(canvas: RGBImage, findings: Findings, size: float) -> None:
    """Draws findings into `canvas`, large ones first; `size` is that of the font in pixels.

    Each is filled with the pattern of its kind and outlined, dashed when doubtful.
    """
    marks = findings.marks
    for index in np.argsort(-marks.areas, kind="stable").tolist():
        top, left, bottom, right = marks.boxes[index].tolist()
        region = canvas[top:bottom, left:right]
        _fill(region, findings.kinds[index], marks.masks[index], (top, left), size)
        colour, _ = STYLES[findings.kinds[index]]
        draw_outline(canvas, marks, index, colour, size, casing=_DARK)


def _fill(
    region: RGBImage, kind: str, mask: BoolArray, corner: tuple[int, int], size: float
) -> None:
    """Draws a kind's pattern into a region (h, w, 3) where `mask` (h, w) is True.

    The pattern is fixed to the radiograph: `corner` is the (row, column) of the region.
    """
    colour, pattern = STYLES[kind]
    rows = np.arange(mask.shape[0], dtype=np.float64)[:, None] + corner[0]
    columns = np.arange(mask.shape[1], dtype=np.float64)[None] + corner[1]
    drawn = pattern(rows, columns, max(size / 3, 4.0))
    drawn = drawn.astype(np.float32)  # enough for colours, and faster
    share = np.maximum(drawn * np.float32(0.85), np.float32(_TINT)) * mask
    between = np.float32(_CONTRAST) * ((1 - drawn) * mask)
    contrast = (0, 0, 0) if sum(colour) > 3 * 125 else (255, 255, 255)
    put_colours(region, [(colour, share), (contrast, between)])


def draw_sample(strip: RGBImage, kind: str, x: float, y: float, size: float) -> None:
    """Draws a rectangle with a kind's pattern into `strip`, (x, y) the middle of its left side."""
    half, width = round(size * 0.42), round(size * 1.9)
    top, left = max(round(y) - half, 0), round(x)
    region = strip[top : top + 2 * half, left : left + width]
    if not region.size:
        return
    region[:] = 90  # a grey like that of a tooth
    _fill(region, kind, np.ones(region.shape[:2], bool), (0, 0), size)
    colour = STYLES[kind][0]
    line = max(round(size / 14), 1)
    for edge in (region[:line], region[-line:], region[:, :line], region[:, -line:]):
        edge[:] = colour
