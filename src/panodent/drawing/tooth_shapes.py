"""Outlines of teeth as a dental chart shows them: a crown and the roots behind it.

Coordinates are chart units: x across the tooth from its middle, y from the biting edge (0) towards
the root. A chart draws y upwards in the upper jaw and downwards in the lower jaw.

>>> pictogram(16).width, len(pictogram(16).roots)
(38, 2)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from panodent.dentition import TEETH, Tooth
from panodent.drawing.vector import Command, Path

NECK = 36.0
"""The y where crown and roots meet."""

# By position 1-8: width of the crown, length of the whole tooth.
_WIDTHS = {"upper": (27, 22, 25, 24, 24, 38, 36, 31), "lower": (18, 20, 24, 24, 25, 40, 37, 32)}
_LENGTHS = {"upper": (94, 92, 106, 94, 94, 94, 90, 80), "lower": (88, 92, 104, 96, 96, 94, 90, 80)}
# Shapes are described for a crown of this width and a tooth of length 100.
_DESIGN_WIDTH = {"incisor": 22.0, "canine": 24.0, "premolar": 26.0, "molar": 40.0}

_CROWNS = {
    "incisor": "M -11 4 C -11 1 -10 0 -8 0 L 8 0 C 10 0 11 1 11 4 C 11 18 8 27 7 36"
    " C 4 32 -4 32 -7 36 C -8 27 -11 18 -11 4 Z",
    "canine": "M -12 15 C -12 9 -5 4 0 0 C 5 4 12 9 12 15 C 12 25 9 30 8 36"
    " C 5 32 -5 32 -8 36 C -9 30 -12 25 -12 15 Z",
    "premolar": "M -13 14 C -13 7 -6 2 0 0 C 6 2 13 7 13 14 C 13 25 10 30 9 36"
    " C 5 33 -5 33 -9 36 C -10 30 -13 25 -13 14 Z",
    "molar": "M -20 14 C -20 5 -16 0 -11 0 C -7 0 -4 4 0 5 C 4 4 7 0 11 0 C 16 0 20 5 20 14"
    " C 20 24 16 29 15.5 36 C 8 33 -8 33 -15.5 36 C -16 29 -20 24 -20 14 Z",
}
_ONE_ROOT = "M {-w} 34 C {-w} 60 -5 84 -1.5 99 C -1 100.4 1 100.4 1.5 99 C 5 84 {w} 60 {w} 34 Z"
_TWO_ROOTS = (  # upper first premolar
    "M -9 34 C -11 60 -9 80 -6.5 96 C -6 98 -4.5 98 -4 96 C -3 84 -2 76 0 68"
    " C 2 76 3 84 4 96 C 4.5 98 6 98 6.5 96 C 9 80 11 60 9 34 Z"
)
_MOLAR_ROOTS = (
    "M -15.5 34 C -18 58 -19 80 -14 97 C -13 100 -10 100 -9 97 C -7 84 -5 66 0 56"
    " C 5 66 7 84 9 97 C 10 100 13 100 14 97 C 19 80 18 58 15.5 34 Z"
)
_PALATAL_ROOT = "M -7 34 C -7 60 -5 80 -2 95 C -1 97 1 97 2 95 C 5 80 7 60 7 34 Z"
_FUSED_ROOTS = (  # third molars
    "M -15.5 34 C -16 58 -13 82 -7 96 C -5 99 -3 98 -2 95 C -1 92 1 92 2 95"
    " C 3 98 5 99 7 96 C 13 82 16 58 15.5 34 Z"
)

# Lines along the middle of the roots, by the shapes of the roots.
_CANALS = {
    (_ONE_ROOT,): ("M 0 38 L 0 91",),
    (_TWO_ROOTS,): ("M -4 38 C -6 54 -6.6 74 -5.3 90", "M 4 38 C 6 54 6.6 74 5.3 90"),
    (_MOLAR_ROOTS,): (
        "M -8 38 C -11 56 -12.6 74 -11.5 91",
        "M 8 38 C 11 56 12.6 74 11.5 91",
    ),
    (_PALATAL_ROOT, _MOLAR_ROOTS): (
        "M -8 38 C -11 56 -12.6 74 -11.5 91",
        "M 0 38 L 0 88",
        "M 8 38 C 11 56 12.6 74 11.5 91",
    ),
    (_FUSED_ROOTS,): ("M -6 38 C -7.5 56 -7 74 -4.8 89", "M 6 38 C 7.5 56 7 74 4.8 89"),
}
_FILLINGS = {
    "incisor": "M -5.5 11 C -5.5 2.5 5.5 2.5 5.5 11 C 5.5 19.5 -5.5 19.5 -5.5 11 Z",
    "canine": "M -5.5 13 C -5.5 4.5 5.5 4.5 5.5 13 C 5.5 21.5 -5.5 21.5 -5.5 13 Z",
    "premolar": "M -8 5.2 C -4.6 2.6 -2 1.4 0 0.2 C 2 1.4 4.6 2.6 8 5.2 L 7 12"
    " C 4.5 17 -4.5 17 -7 12 Z",
    "molar": "M -12 0.3 C -7 0.3 -4 4.2 0 5.2 C 4 4.2 7 0.3 12 0.3 L 10 11 C 7 17 -7 17 -10 11 Z",
}


@dataclass(frozen=True, slots=True)
class Pictogram:
    """The drawing of one tooth: closed paths of its roots and, drawn over them, of its crown.

    `length` and `width` are those of the whole tooth and of its crown, in chart units. `canals` are
    lines along the root canals, from left to right; `filling` is the closed path of a filling.
    """

    roots: tuple[Path, ...]
    crown: Path
    length: float
    width: float
    canals: tuple[Path, ...]
    filling: Path


@cache
def pictogram(fdi: int) -> Pictogram:
    """The drawing of the tooth with this FDI number; left and right teeth look the same.

    Raises `KeyError` for a number that is not an FDI number.
    """
    tooth = TEETH[fdi]
    place = tooth.position - 1
    if tooth.deciduous and tooth.type == "molar":
        place = 5  # deciduous molars have positions 4 and 5 and look like first molars
    width = _WIDTHS[tooth.jaw][place]
    across = width / _DESIGN_WIDTH[tooth.type]
    length = _LENGTHS[tooth.jaw][place]
    along = (length - NECK) / (100 - NECK)

    def shaped(text: str) -> Path:
        return tuple((name, _stretched(values, across, along)) for name, values in _parse(text))

    texts = _root_texts(tooth)
    return Pictogram(
        tuple(shaped(_with_width(text, tooth)) for text in texts),
        shaped(_CROWNS[tooth.type]),
        length,
        width,
        tuple(shaped(text) for text in _CANALS[texts]),
        shaped(_FILLINGS[tooth.type]),
    )


def _root_texts(tooth: Tooth) -> tuple[str, ...]:
    """Paths of the roots as text, those at the back first; see `_with_width`."""
    if tooth.type == "molar":
        if tooth.position == 8:
            return (_FUSED_ROOTS,)
        return (_PALATAL_ROOT, _MOLAR_ROOTS) if tooth.jaw == "upper" else (_MOLAR_ROOTS,)
    if tooth.type == "premolar" and tooth.jaw == "upper" and tooth.position == 4:
        return (_TWO_ROOTS,)
    return (_ONE_ROOT,)


def _with_width(text: str, tooth: Tooth) -> str:
    """The text of a root, with half the width of a single root written into it."""
    half = {"incisor": 7, "canine": 8, "premolar": 9}.get(tooth.type, 0)
    return text.replace("{-w}", str(-half)).replace("{w}", str(half))


def _parse(text: str) -> list[Command]:
    """Commands of a path as SVG writes it, with spaces between all words."""
    commands: list[tuple[str, list[float]]] = []
    for word in text.split():
        if word.isalpha():
            commands.append((word, []))
        else:
            commands[-1][1].append(float(word))
    return [(name, tuple(values)) for name, values in commands]


def _stretched(values: tuple[float, ...], across: float, along: float) -> tuple[float, ...]:
    """Coordinates scaled by `across` in x and, beyond the neck only, by `along` in y."""
    return tuple(
        value * across
        if index % 2 == 0
        else (value if value <= NECK else NECK + (value - NECK) * along)
        for index, value in enumerate(values)
    )
