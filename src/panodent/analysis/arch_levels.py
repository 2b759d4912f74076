"""How long each tooth of a jaw should be, and how far its crown and root should reach.

Lengths of one jaw are compared by the usual proportions of its teeth, and levels with the teeth on
both sides: "short" and "low" mean the same in radiographs of any scale and tilt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from panodent.analysis.long_axis import turned
from panodent.analysis.tooth_extents import ToothExtent
from panodent.dentition import TEETH
from panodent.utils.percentiles import median

LENGTHS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "upper": (1.06, 1.01, 1.15, 1.00, 0.98, 0.93, 0.90),
        "lower": (0.79, 0.84, 1.03, 1.00, 1.04, 1.15, 1.07),
    }
)
"""Length of a tooth by position, as a share of the median of its jaw."""
AREAS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "upper": (1.02, 0.81, 1.06, 0.93, 0.87, 1.18, 1.06),
        "lower": (0.57, 0.67, 1.03, 0.99, 1.04, 1.70, 1.57),
    }
)
"""Area of a tooth by position, as a share of the median of its jaw. Both are medians over the
permanent dentitions of UFBA-425."""
FEWEST = 4
"""With fewer teeth in a jaw, nothing is said."""
WHOLE = 0.8
"""Least length of a neighbour, as a share of the expected one, with which levels are compared."""


@dataclass(frozen=True)
class ArchLevel:
    """One permanent tooth compared with its jaw.

    length, area : as shares of the expected ones.
    below : how far its crown ends below the line through the crowns of its neighbours, in expected
        lengths of this tooth.
    deep : how far its root ends beyond the line through their roots, likewise.
    lean : degrees from the mean of their axes, positive mesially; None if an axis is missing.
    """

    length: float
    area: float
    below: float
    deep: float
    lean: float | None


def arch_levels(
    extents: Sequence[ToothExtent | None], erupted: Sequence[bool]
) -> dict[int, ArchLevel]:
    """The level of each permanent tooth that has neighbours on both sides, by position.

    Third molars, which vary in length, have none. Neighbours are the nearest erupted permanent
    teeth of at least `WHOLE` length.
    """
    found: dict[int, ArchLevel] = {}
    for jaw in ("upper", "lower"):
        here = {
            i: extent
            for i, extent in enumerate(extents)
            if extent is not None and _counts(extent.fdi, jaw)
        }
        if len(here) < FEWEST:
            continue
        length = _scale(LENGTHS[jaw], {x.fdi: x.length for x in here.values()})
        area = _scale(AREAS[jaw], {x.fdi: x.area for x in here.values()})
        expected = {i: length * LENGTHS[jaw][x.fdi % 10 - 1] for i, x in here.items()}
        whole = {i: x for i, x in here.items() if erupted[i] and x.length >= WHOLE * expected[i]}
        for index, tooth in here.items():
            others = [x for i, x in whole.items() if i != index]
            before = [x for x in others if x.x < tooth.x]
            after = [x for x in others if x.x > tooth.x]
            if before and after:
                sides = max(before, key=lambda x: x.x), min(after, key=lambda x: x.x)
                usual = area * AREAS[jaw][tooth.fdi % 10 - 1]
                found[index] = _level(tooth, sides, expected[index], usual)
    return found


def _counts(fdi: int, jaw: str) -> bool:
    tooth = TEETH[fdi]
    return tooth.jaw == jaw and not tooth.deciduous and tooth.position < 8


def _scale(usual: Sequence[float], values: Mapping[int, float]) -> float:
    """The median value of a tooth of usual size 1; `values` by FDI number."""
    return float(median([value / usual[fdi % 10 - 1] for fdi, value in values.items()]))


def _level(
    tooth: ToothExtent, sides: tuple[ToothExtent, ToothExtent], expected: float, area: float
) -> ArchLevel:
    first, second = sides
    share = (tooth.x - first.x) / (second.x - first.x)
    crown = first.crown + share * (second.crown - first.crown)
    apex = first.apex + share * (second.apex - first.apex)
    lean = None
    own, one, two = (tooth.tilt_as(tooth.fdi), first.tilt_as(tooth.fdi), second.tilt_as(tooth.fdi))
    if own is not None and one is not None and two is not None:
        lean = turned(own, (one + two) / 2)
    return ArchLevel(
        tooth.length / expected,
        tooth.area / area,
        (crown - tooth.crown) / expected,
        (tooth.apex - apex) / expected,
        lean,
    )
