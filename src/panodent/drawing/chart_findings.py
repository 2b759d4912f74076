"""Findings drawn into the teeth of a chart, as dentists chart them, in black on any colour.

A filling is a patch on the crown, an artificial crown a hatched cap, a pontic such a crown without
roots, joined to its neighbours by a bar, an implant a screw in place of the root, a root filling a
line in each canal, a post a thick line from the crown into a root, an appliance a bracket.

>>> sorted(shape.width for shape in finding_shapes(16, ["root_filling"]))
[2.6, 2.6, 2.6]
>>> bridges({15: ("crown",), 14: ("pontic",), 13: ("crown",), 36: ("crown",)})
[(15, 14), (14, 13)]
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from panodent.dentition import ARCH_ORDER, DECIDUOUS_ARCHES, TEETH
from panodent.drawing.canvas import Colour
from panodent.drawing.tooth_shapes import NECK, Pictogram, pictogram
from panodent.drawing.vector import Path, Shape, hatched, placed, rounded, to_points

INK: Colour = (28, 32, 38)
BAR = 15.0
"""Distance of the bar of a bridge from the biting edge, in chart units."""

WHITE: Colour = (255, 255, 255)
METAL: Colour = (214, 218, 224)
_HATCH = 4.6  # distance of the lines of a cap
_POST_DEPTH = 0.42  # how far a post reaches into the root, as a share of its length
_IN_BRIDGE = ("pontic", "crown")


def finding_shapes(fdi: int, kinds: Collection[str], standing: bool = True) -> list[Shape]:
    """Shapes for the kinds found on a tooth, in the coordinates of its `pictogram`.

    `kinds` are names of `panodent.teeth.finding_kinds.KINDS`. Without a tooth `standing` there, an
    artificial crown is white.
    """
    shape, found = pictogram(fdi), []
    for kind, draw in _DRAWN.items():
        if kind in kinds and not (kind == "pontic" and "crown" in kinds):
            found += draw(shape, fdi)
    if standing:
        return found
    return [Shape(shape.crown, WHITE, INK), *found] if set(kinds) & set(_IN_BRIDGE) else found


def bridges(kinds: Mapping[int, Collection[str]]) -> list[tuple[int, int]]:
    """Pairs of neighbouring positions that a bar joins; `kinds` has the findings by FDI number.

    A pontic is joined to the pontics and artificial crowns beside it; where there is neither on
    both sides, to both of its neighbours.
    """
    pairs: list[tuple[int, int]] = []
    for row in (ARCH_ORDER[:16], ARCH_ORDER[16:], *DECIDUOUS_ARCHES):
        links = itertools.pairwise(row)
        held = [any(kind in kinds.get(fdi, ()) for kind in _IN_BRIDGE) for fdi in row]
        pontic = ["pontic" in kinds.get(fdi, ()) for fdi in row]
        for place, link in enumerate(links):
            joined = False
            for one, other in ((place, place + 1), (place + 1, place)):
                far = 2 * one - other
                alone = not held[other] and not (0 <= far < len(row) and held[far])
                joined |= pontic[one] and (held[other] or alone)
            if joined:
                pairs.append(link)
    return pairs


def scaled(
    shape: Shape, x: float, edge: float, scale: float, up: bool, width: float | None = None
) -> Shape:
    """A shape of `finding_shapes` on the chart; (x, edge) is the middle of the biting edge.

    `up` says whether roots point to the chart's top; `width` multiplies the width of lines, which
    are scaled less than the tooth where it is None.
    """
    lines = max(scale, 0.7) if width is None else width
    return replace(shape, path=placed(shape.path, x, edge, scale, up), width=shape.width * lines)


# --- one kind each --------------------------------------------------------------------------------


def _cap(shape: Pictogram, _: int) -> list[Shape]:
    lines = [Shape(line, None, INK, 0.9) for line in hatched(shape.crown, _HATCH)]
    return [*lines, Shape(shape.crown, None, INK, 2.4)]


def _filling(shape: Pictogram, _: int) -> list[Shape]:
    return [Shape(shape.filling, INK, INK, 0.8)]


def _implant(shape: Pictogram, _: int) -> list[Shape]:
    """A tapered screw with threads that stand out on both sides."""
    half, top = min(shape.width * 0.2, 6.0), NECK + 2.0
    tip = NECK + 0.8 * (shape.length - NECK)
    body: Path = (
        ("M", (-half, top)),
        ("L", (half, top)),
        ("L", (half * 0.6, tip - 3)),
        ("C", (half * 0.4, tip + 1, -half * 0.4, tip + 1, -half * 0.6, tip - 3)),
        ("Z", ()),
    )
    threads = []
    for y in np.arange(top + 6.0, tip - 3.0, 5.0).tolist():
        reach = half * (1 - 0.4 * (y - top) / (tip - top)) + 2.2
        threads.append(Shape((("M", (-reach, y + 1.2)), ("L", (reach, y - 1.2))), None, INK, 1.9))
    collar = rounded(-half - 1.2, top - 1.5, half + 1.2, top + 2.2, 1.0)
    return [Shape(body, METAL, INK, 1.5), *threads, Shape(collar, INK, INK, 1.0)]


def _root_filling(shape: Pictogram, _: int) -> list[Shape]:
    return [Shape(canal, None, INK, 2.6) for canal in shape.canals]


def _post(shape: Pictogram, fdi: int) -> list[Shape]:
    """A line into the palatal canal of three, or the distal one of two."""
    canals = shape.canals
    right = TEETH[fdi].side == "right"
    canal = to_points(canals[1] if len(canals) == 3 else canals[0 if right else -1])
    end = NECK + _POST_DEPTH * (shape.length - NECK)
    bottom = float(np.interp(end, canal[:, 1], canal[:, 0]))
    line: Path = (("M", (float(canal[0, 0]), NECK - 13.0)), ("L", (bottom, end)))
    return [Shape(line, None, WHITE, 8.4), Shape(line, None, INK, 5.6)]


def _appliance(_: Pictogram, __: int) -> list[Shape]:
    bracket = rounded(-5.2, 19.5, 5.2, 29.5, 1.2)
    slot: Path = (("M", (-5.2, 24.5)), ("L", (5.2, 24.5)))
    return [Shape(bracket, WHITE, WHITE, 3.6), Shape(bracket, WHITE, INK, 1.7),
            Shape(slot, None, INK, 1.9)]  # fmt: skip


_DRAWN: Mapping[str, Callable[[Pictogram, int], list[Shape]]] = MappingProxyType(
    {
        "implant": _implant,
        "root_filling": _root_filling,
        "crown": _cap,
        "pontic": _cap,
        "filling": _filling,
        "post": _post,
        "appliance": _appliance,
    }
)
"""How each kind is drawn, those at the back first."""
