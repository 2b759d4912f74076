"""Root remnants: teeth whose crown is gone.

Decided only where whole teeth stand on both sides, and only in permanent dentitions: the roots of
children's teeth are short because they grow. Third molars are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from panodent.analysis.arch_levels import ArchLevel
from panodent.analysis.tooth_extents import ToothExtent

SHORT = 0.72
"""A remnant is at most this share of the expected length."""
NARROW, LESS_SHORT = 0.58, 0.85
"""Or at most these shares of the expected area and length."""
BELOW = (0.15, 0.6)
"""Its coronal end lies this far below its neighbours' crowns, in expected lengths; deeper ones have
not erupted."""
DEEPEST = 0.2
"""Its apex reaches at most this far beyond its neighbours'; teeth that have not erupted do."""
BULGE = 1.28
"""A crown is at least this much wider than the root below it."""
LEANS = 40.0
"""A remnant leans at most this many degrees from its neighbours."""


def root_remnants(
    extents: Sequence[ToothExtent | None], levels: Mapping[int, ArchLevel]
) -> set[int]:
    """Positions of the teeth that are root remnants; `levels` as of `arch_levels`."""
    found = set()
    for index, level in levels.items():
        small = level.length <= SHORT or (level.area <= NARROW and level.length <= LESS_SHORT)
        placed = BELOW[0] <= level.below <= BELOW[1] and level.deep <= DEEPEST
        upright, extent = abs(level.lean or 0.0) <= LEANS, extents[index]
        if small and placed and upright and extent is not None and bulge(extent) < BULGE:
            found.add(index)
    return found


def bulge(extent: ToothExtent) -> float:
    """Width of the crown's part of a tooth divided by the width of the root's middle."""
    widths = extent.widths(10)
    return float(widths[1:4].max() / max(float(widths[5:7].mean()), 1e-9))
