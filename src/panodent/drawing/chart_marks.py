"""Marks of impacted teeth and root remnants on a chart.

An impacted tooth stands in a ring, and an arrow shows where its crown points: towards the bite, to
the side, or away from it. Of a root remnant only the root is drawn full; its crown is a dotted
line.

>>> [shape.width for shape in arrow(48, Impaction("mesial", 45.0, "A", 0.0))]
[1.8, 1.8]
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from panodent.analysis.impaction import Impaction
from panodent.analysis.tooth_attributes import ToothAttributes
from panodent.dentition import TEETH
from panodent.drawing.canvas import Colour
from panodent.drawing.chart_findings import INK, scaled
from panodent.drawing.tooth_shapes import pictogram
from panodent.drawing.vector import Part, Path, Shape, Text, rounded

HEIGHT = 26.0
"""Height of the row that explains the marks, in chart units."""
DOTTED = (2.0, 2.5)

_WHITE: Colour = (255, 255, 255)
_RING: Colour = (72, 78, 86)
_GREY: Colour = (150, 156, 164)
_HALF, _HEAD = 10.0, 5.0  # half the arrow's length, and the length of its head
_SAMPLE = 46


def marks(attributes: Iterable[ToothAttributes]) -> set[str]:
    """Which of "impacted" and "root remnant" these teeth are."""
    told = list(attributes)
    found = {"impacted": any(one.impaction is not None for one in told)}
    found["root remnant"] = any(one.remnant for one in told)
    return {name for name, occurs in found.items() if occurs}


def arrow(fdi: int, impaction: Impaction) -> list[Shape]:
    """The arrow of an impacted tooth in the coordinates of its `pictogram`."""
    sign = 1 if TEETH[fdi].side == "right" else -1
    angle = np.deg2rad(impaction.angle)
    way = np.array([sign * np.sin(angle), -np.cos(angle)])
    return _arrow(np.array([0.0, 0.55 * pictogram(fdi).length]), way)


def _arrow(middle: np.ndarray, way: np.ndarray) -> list[Shape]:
    tip, end = middle + _HALF * way, middle - _HALF * way
    side = np.array([-way[1], way[0]]) * 0.6
    back = [tip - _HEAD * (way + turn * side) for turn in (1, -1)]
    lines: tuple[Path, ...] = (
        (("M", _at(end)), ("L", _at(tip))),
        (("M", _at(back[0])), ("L", _at(tip)), ("L", _at(back[1]))),
    )
    return [Shape(line, None, INK, 1.8) for line in lines]


def _at(point: np.ndarray) -> tuple[float, float]:
    return round(float(point[0]), 2), round(float(point[1]), 2)


def samples(left: float, line: float, shown: Collection[str]) -> list[Part]:
    """Samples of those of "impacted" and "root remnant" in `shown`, with their names.

    `line` is the y of the baseline.
    """
    parts: list[Part] = []
    x = left
    if "impacted" in shown:
        ring = rounded(x, line - 14, x + 18, line + 6, 5.0)
        parts.append(Shape(ring, _WHITE, _RING, 1.0))
        way = np.array([np.sqrt(0.5), -np.sqrt(0.5)])
        parts += _arrow(np.array([x + 9, line - 4]), 0.75 * way)
        parts.append(Text("impacted; the arrow shows where the crown points", x + 25, line, 12, INK,
                          "left"))  # fmt: skip
        x += 320
    if "root remnant" in shown:
        shape = pictogram(_SAMPLE)
        drawn = [Shape(root, _GREY, INK, 2.0) for root in shape.roots]
        drawn.append(Shape(shape.crown, _WHITE, _GREY, 2.0, DOTTED))
        parts += [scaled(one, x + 9, line - 16, 0.3, False, 0.55) for one in drawn]
        parts.append(Text("root remnant", x + 25, line, 12, INK, "left"))
    return parts
