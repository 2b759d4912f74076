"""Outlines of a tooth: crown, roots and pulp, in coordinates of the tooth.

v runs along the tooth from the biting edge (0) to the tip of the root (1), u across it from -1 to 1
over the width of the crown, positive away from the midline.

>>> placement = Placement(36, 500.0, 300.0, 110.0, 60.0, 0.0)
>>> len(tooth_shape(placement, np.random.default_rng(0)).solids)  # the crown and two roots
3
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.phantom.arches import Placement

Points = npt.NDArray[np.float64]
"""(k, 2) points (u, v) of a closed line."""

# Half widths along the tooth, as (v, u).
_INCISOR = ((0.0, 0.78), (0.04, 0.95), (0.2, 1.0), (0.32, 0.9), (0.42, 0.74), (0.6, 0.62),
            (0.8, 0.46), (0.94, 0.24), (1.0, 0.06))  # fmt: skip
_CANINE = ((0.0, 0.1), (0.05, 0.5), (0.12, 0.9), (0.22, 1.0), (0.4, 0.78), (0.6, 0.68),
           (0.8, 0.5), (0.94, 0.26), (1.0, 0.06))  # fmt: skip
_PREMOLAR = ((0.0, 0.5), (0.04, 0.8), (0.14, 1.0), (0.28, 0.95), (0.4, 0.72), (0.6, 0.6),
             (0.8, 0.46), (0.94, 0.24), (1.0, 0.06))  # fmt: skip
_MOLAR = ((0.0, 0.76), (0.04, 0.93), (0.16, 1.0), (0.3, 0.95), (0.42, 0.82), (0.5, 0.78),
          (0.6, 0.72))  # fmt: skip
# Roots of molars: u at the furcation, u at the tip, half width, v of the tip.
_UPPER_ROOTS = ((-0.5, -0.62, 0.3, 0.93), (0.5, 0.6, 0.28, 0.92), (0.0, 0.06, 0.32, 1.0))
_LOWER_ROOTS = ((-0.42, -0.5, 0.34, 1.0), (0.42, 0.44, 0.34, 0.97))
_THIRD_ROOTS = ((-0.3, -0.28, 0.4, 0.98), (0.32, 0.26, 0.38, 0.95))
FURCATION = 0.5
"""The v at which the roots of a molar separate."""


@dataclass(frozen=True)
class ToothShape:
    """The outlines of one tooth.

    Attributes
    ----------
    solids : closed lines whose union is the tooth.
    pulp : closed lines of pulp chamber and root canals.
    neck : the v at which crown and root meet.
    """

    solids: tuple[Points, ...]
    pulp: tuple[Points, ...]
    neck: float


def tooth_shape(placement: Placement, rng: np.random.Generator) -> ToothShape:
    """The outlines of the tooth at this placement, with random differences."""
    bend = rng.normal(0.12, 0.1) * (0.4 if placement.position < 4 else 1.0)
    neck = 0.42 + rng.normal(0, 0.015)
    if placement.position >= 6:
        return _molar(placement, bend, neck, rng)
    profile = {1: _INCISOR, 2: _INCISOR, 3: _CANINE}.get(placement.position, _PREMOLAR)
    outline = _outline(profile, rng, cusps=2 if placement.position > 3 else 0)
    pulp = _canal(0.0, 0.0, 0.13, 0.26 if placement.position > 3 else 0.2, 0.93)
    return ToothShape((_bent(outline, bend),), (_bent(pulp, bend),), neck)


def _molar(placement: Placement, bend: float, neck: float, rng: np.random.Generator) -> ToothShape:
    """A molar with its roots; `bend` as in `_bent`."""
    roots = _UPPER_ROOTS if placement.upper else _LOWER_ROOTS
    if placement.position == 8:
        roots = _THIRD_ROOTS
    squeeze = float(np.clip(rng.normal(1.0 if placement.position == 6 else 0.85, 0.1), 0.6, 1.15))
    solids = [_outline(_MOLAR, rng, cusps=3)]
    pulp = [_chamber()]
    for start, end, half, tip in roots:
        # Roots begin inside the crown, so that both overlap.
        middle = ((FURCATION - 0.12, start * squeeze), (tip, end * squeeze))
        solids.append(_bent(_root(middle, half), bend))
        pulp.append(_bent(_canal(start * squeeze, end * squeeze, 0.06, 0.36, tip - 0.06), bend))
    return ToothShape(tuple(solids), tuple(pulp), neck)


def _outline(
    profile: tuple[tuple[float, float], ...], rng: np.random.Generator, cusps: int
) -> Points:
    """A closed line with the half widths of `profile` and with cusps along the biting edge."""
    heights, halves = np.array(profile).T
    v = np.linspace(0, heights[-1], 48)
    half = np.interp(v, heights, halves)
    for _ in range(3):
        half[1:-1] = (half[:-2] + 2 * half[1:-1] + half[2:]) / 4
    left = -half * (1 + rng.normal(0, 0.03))
    right = half * (1 + rng.normal(0, 0.03))
    edge_u = np.linspace(left[0], right[0], 24)[1:-1]
    depth = 0.035 if cusps else 0.0
    edge_v = depth * (1 - np.abs(np.sin(np.linspace(0, np.pi * max(cusps, 1), 24)[1:-1]))) * 1.2
    tip_v = np.full(22, heights[-1])
    tip_u = np.linspace(right[-1], left[-1], 24)[1:-1]
    return np.concatenate(
        [
            np.stack([left[::-1], v[::-1]], 1),
            np.stack([edge_u, edge_v], 1),
            np.stack([right, v], 1),
            np.stack([tip_u, tip_v], 1),
        ]
    )


def _root(middle: tuple[tuple[float, float], tuple[float, float]], half: float) -> Points:
    """A closed line around a root whose middle runs from one (v, u) to the other."""
    (v0, u0), (v1, u1) = middle
    share = np.linspace(0, 1, 32)
    v, centre = v0 + (v1 - v0) * share, u0 + (u1 - u0) * share
    width = half * np.sqrt(np.clip(1 - share**2.6, 0, 1)) * (1 - 0.35 * share)
    return np.concatenate(
        [np.stack([centre - width, v], 1), np.stack([centre + width, v], 1)[::-1]]
    )


def _canal(u0: float, u1: float, half: float, top: float, tip: float) -> Points:
    """A closed line around a root canal from (u0, v = top) to (u1, v = tip)."""
    share = np.linspace(0, 1, 24)
    v, centre = top + (tip - top) * share, u0 + (u1 - u0) * share
    width = half * (1 - share) ** 0.7 + 0.015
    return np.concatenate(
        [np.stack([centre - width, v], 1), np.stack([centre + width, v], 1)[::-1]]
    )


def _chamber() -> Points:
    """A closed line around the pulp chamber of a molar."""
    return np.array([(-0.42, 0.26), (0.0, 0.3), (0.42, 0.26), (0.36, 0.42), (-0.36, 0.42)])


def _bent(points: Points, bend: float) -> Points:
    """Points moved away from the midline in proportion to `bend`, most at the tip of the root."""
    v = points[:, 1]
    return np.stack([points[:, 0] + bend * np.clip(v - 0.45, 0, None) ** 2 * 2, v], 1)
