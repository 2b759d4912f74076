"""Impacted teeth: kept from erupting although they have grown and their time has passed.

Decided from masks alone and only where neighbours allow. A third molar is compared with the second
molar of its quadrant, which must have erupted; any other tooth with the erupted teeth on both
sides, and only if all second molars that are found have erupted. Teeth whose roots still grow are
germs and never impacted. `docs/reference/attributes.md` has the rule and how often it is right.

>>> angulation(75), angulation(-30), angulation(-100), angulation(140)
('mesial', 'distal', 'horizontal', 'inverted')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from panodent.analysis.arch_levels import ArchLevel
from panodent.analysis.long_axis import turned
from panodent.analysis.tooth_extents import ToothExtent
from panodent.dentition import TEETH

Angulation = Literal["mesial", "distal", "horizontal", "vertical", "inverted"]
Depth = Literal["A", "B", "C"]

VERTICAL, HORIZONTAL, INVERTED = 10, 80, 100
"""Last whole degree of "vertical", first of "horizontal", last of "horizontal": Winter's classes
with the limits of Quek et al. 2003."""
DEPTHS: tuple[tuple[float, Depth], ...] = ((0.1, "A"), (0.4, "B"), (float("inf"), "C"))
"""Deepest place of the crown in each class of Pell and Gregory 1933, as a share of the neighbour's
length: at the level of its crown, above its neck, below its neck."""
GROWN_AREA: Mapping[str, float] = {"upper": 0.65, "lower": 0.6}
GROWN_LENGTH: Mapping[str, float] = {"upper": 0.78, "lower": 0.68}
"""A third molar with smaller shares of the second molar's area or length still grows."""
DESCENDED = 0.5
"""An upper one whose crown ends at most this share of the second molar's length above its crown has
left its crypt: it has grown with `DESCENDED_AREA` and `DESCENDED_LENGTH`, whatever the lower ones
tell."""
DESCENDED_AREA, DESCENDED_LENGTH = 0.6, 0.7
GERM_AREA, GERM_LENGTH = 0.57, 0.7
"""A lower third molar with smaller shares is a germ: it has not erupted, however high it lies."""
OF_LOWER = (0.65, 0.7)
"""So does an upper one if all lower ones have smaller shares of area or length than these."""
LONGEST = 1.35
"""If it is longer than this, the second molar is not whole, and tells nothing."""
STEEPEST = 55.0
"""A second molar that leans more tells nothing about the third molar behind it."""
LYING = 45.0
"""A third molar that leans this many degrees mesially from the second molar is impacted."""
LEANING, HIGHEST = 30.0, -0.1
"""So is one that leans this much and whose crown is not this share above the second molar's."""
FALLEN, LESS_LEANING = 63.0, 15.0
"""And a lower one that leans this much from the columns, and this much from the second molar, which
leans too."""
MOST_OF_UPPER = 80.0
"""An upper third molar that leans more is not judged: its roots hide its crown's end."""
UPSIDE_DOWN = 0.6
"""An upright tooth that has not erupted is inverted if its coronal end has at most this share of
the pixels of its other end."""
FEWEST_SECOND_MOLARS, MOST_DECIDUOUS = 3, 2
"""The dentition is late enough with so many erupted second molars and retained deciduous teeth."""
LOW = 0.25
"""Another impacted tooth ends this share of its length below its neighbours' crowns."""
DISPLACED = 0.2
"""And its root reaches this share beyond theirs, or it leans by `LYING`."""
GROWN = 0.6
"""And it has these shares of the expected length and area."""


@dataclass(frozen=True)
class Impaction:
    """How an impacted tooth lies.

    Parameters
    ----------
    angulation : of its axis against its neighbours'.
    angle : degrees, positive mesially.
    depth : class of Pell and Gregory.
    below : how far its crown ends below its neighbours', as a share of a tooth's length.
    """

    angulation: Angulation
    angle: float
    depth: Depth
    below: float

    @property
    def words(self) -> str:
        """For a report.

        >>> Impaction("mesial", 48.0, "B", 0.2).words
        'impacted (mesial, depth B)'
        """
        return f"impacted ({self.angulation}, depth {self.depth})"


def angulation(angle: float) -> Angulation:
    """The class of an angle in degrees, positive mesially."""
    whole = abs(round(angle))
    if whole <= VERTICAL:
        return "vertical"
    if whole > INVERTED:
        return "inverted"
    if whole >= HORIZONTAL:
        return "horizontal"
    return "mesial" if angle > 0 else "distal"


def impactions(
    extents: Sequence[ToothExtent | None],
    erupted: Sequence[bool],
    levels: Mapping[int, ArchLevel],
    remnants: set[int],
) -> dict[int, Impaction]:
    """The impacted teeth by position; `levels` and `remnants` as of their modules."""
    place = {x.fdi: i for i, x in enumerate(extents) if x is not None}
    if sum(TEETH[fdi].deciduous for fdi in place) > MOST_DECIDUOUS:
        return {}
    found: dict[int, Impaction] = {}
    pairs = _pairs(extents, erupted, (18, 28, 38, 48))
    grown = _grown({fdi: pair for fdi, pair in pairs.items() if place[fdi - 1] not in remnants})
    for fdi in grown:
        result = _third_molar(*pairs[fdi], erupted[place[fdi]])
        if result is not None:
            found[place[fdi]] = result
    second_molars = [erupted[place[fdi]] for fdi in (17, 27, 37, 47) if fdi in place]
    if len(second_molars) >= FEWEST_SECOND_MOLARS and all(second_molars):
        for index, level in levels.items():
            tooth = extents[index]
            if tooth is not None and index not in remnants and not erupted[index]:
                result = _other(tooth, level)
                if result is not None:
                    found[index] = result
    return found


def lower_germs(extents: Sequence[ToothExtent | None], erupted: Sequence[bool]) -> set[int]:
    """Positions of lower third molars that still grow behind an erupted second molar."""
    pairs = _pairs(extents, erupted, (38, 48))
    germs = {
        fdi
        for fdi, (third, second) in pairs.items()
        if third.area < GERM_AREA * second.area and third.length < GERM_LENGTH * second.length
    }
    return {i for i, x in enumerate(extents) if x is not None and x.fdi in germs}


def _pairs(
    extents: Sequence[ToothExtent | None], erupted: Sequence[bool], numbers: Sequence[int]
) -> dict[int, tuple[ToothExtent, ToothExtent]]:
    """Third molars of these numbers with the erupted second molars of their quadrants."""
    here = {x.fdi: x for x in extents if x is not None}
    out = {x.fdi for x, is_out in zip(extents, erupted, strict=True) if x is not None and is_out}
    return {fdi: (here[fdi], here[fdi - 1]) for fdi in numbers if fdi in here and fdi - 1 in out}


def _grown(pairs: Mapping[int, tuple[ToothExtent, ToothExtent]]) -> list[int]:
    """FDI numbers of third molars whose roots have grown; `pairs` as of `_pairs`."""
    shares = {
        fdi: (third.area / second.area, third.length / second.length)
        for fdi, (third, second) in pairs.items()
    }
    lower = [(area, length) for fdi, (area, length) in shares.items() if TEETH[fdi].jaw == "lower"]
    late = not lower or any(a >= OF_LOWER[0] and x >= OF_LOWER[1] for a, x in lower)
    found = []
    for fdi, (third, second) in pairs.items():
        (area, length), jaw = shares[fdi], TEETH[fdi].jaw
        large = area >= GROWN_AREA[jaw] and length >= GROWN_LENGTH[jaw]
        descended = third.upper and _below(third, second) <= DESCENDED
        descended &= area >= DESCENDED_AREA and length >= DESCENDED_LENGTH
        if length <= LONGEST and (descended or (large and (late or jaw == "lower"))):
            found.append(fdi)
    return found


def _below(third: ToothExtent, second: ToothExtent) -> float:
    """How far a third molar's crown ends below the second molar's, in lengths of that."""
    return (second.crown - third.crown) / second.length


def _third_molar(third: ToothExtent, second: ToothExtent, erupted: bool) -> Impaction | None:
    if third.tilt is None or second.tilt is None or abs(second.tilt) > STEEPEST:
        return None
    angle = turned(third.tilt, second.tilt)
    if third.upper and abs(angle) > MOST_OF_UPPER:
        return None
    below = _below(third, second)
    lying = angle >= LYING or (angle >= LEANING and below >= HIGHEST)
    lying |= not third.upper and third.tilt >= FALLEN and angle >= LESS_LEANING
    return _impaction(third, angle, below) if lying or not erupted else None


def _other(tooth: ToothExtent, level: ArchLevel) -> Impaction | None:
    if level.lean is None or min(level.length, level.area) < GROWN or level.below < LOW:
        return None
    if level.deep < DISPLACED and abs(level.lean) < LYING:
        return None
    return _impaction(tooth, level.lean, level.below)


def _impaction(tooth: ToothExtent, angle: float, below: float) -> Impaction:
    depth = next(name for deepest, name in DEPTHS if below <= deepest)
    if tooth.coronal_share <= UPSIDE_DOWN:
        angle = turned(angle, 180.0)
    return Impaction(angulation(angle), round(angle, 1), depth, round(below, 2))
