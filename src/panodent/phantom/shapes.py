"""The outlines of a tooth: crown, roots and pulp, in the tooth's own coordinates.

`v` runs along the tooth from the biting edge (0) to the root's tip (1); `u` across it, from -1 to
1 over the crown's width, positive away from the midline.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.phantom.arches import Place

Points = npt.NDArray[np.float64]
"""(k, 2) points (u, v) of a closed line."""

# Half width by height, as (v, u).
_INCISOR = ((0.0, 0.78), (0.04, 0.95), (0.2, 1.0), (0.32, 0.9), (0.42, 0.74), (0.6, 0.62),
            (0.8, 0.46), (0.94, 0.24), (1.0, 0.06))  # fmt: skip
_CANINE = ((0.0, 0.1), (0.05, 0.5), (0.12, 0.9), (0.22, 1.0), (0.4, 0.78), (0.6, 0.68),
           (0.8, 0.5), (0.94, 0.26), (1.0, 0.06))  # fmt: skip
_PREMOLAR = ((0.0, 0.5), (0.04, 0.8), (0.14, 1.0), (0.28, 0.95), (0.4, 0.72), (0.6, 0.6),
             (0.8, 0.46), (0.94, 0.24), (1.0, 0.06))  # fmt: skip
_MOLAR = ((0.0, 0.76), (0.04, 0.93), (0.16, 1.0), (0.3, 0.95), (0.42, 0.82), (0.5, 0.78),
          (0.6, 0.72))  # fmt: skip
# Roots of molars: middle at the furcation, middle at the tip, half width, length (v of the tip).
_UPPER_ROOTS = ((-0.5, -0.62, 0.3, 0.93), (0.5, 0.6, 0.28, 0.92), (0.0, 0.06, 0.32, 1.0))
_LOWER_ROOTS = ((-0.42, -0.5, 0.34, 1.0), (0.42, 0.44, 0.34, 0.97))
_THIRD_ROOTS = ((-0.3, -0.28, 0.4, 0.98), (0.32, 0.26, 0.38, 0.95))
FURCATION = 0.5


@dataclass(frozen=True)
class Shape:
    """A tooth's outlines: the whole is the union of `solids`; `pulp` lies inside; `neck` is v."""

    solids: tuple[Points, ...]
    pulp: tuple[Points, ...]
    neck: float


def shape(place: Place, rng: np.random.Generator) -> Shape:
    """A tooth of this place, no two quite alike."""
    bend = rng.normal(0.12, 0.1) * (0.4 if place.position < 4 else 1.0)
    neck = 0.42 + rng.normal(0, 0.015)
    if place.position >= 6:
        return _molar(place, bend, neck, rng)
    profile = {1: _INCISOR, 2: _INCISOR, 3: _CANINE}.get(place.position, _PREMOLAR)
    outline = _outline(profile, rng, cusps=2 if place.position > 3 else 0)
    pulp = _canal(0.0, 0.0, 0.13, 0.26 if place.position > 3 else 0.2, 0.93)
    return Shape((_bent(outline, bend),), (_bent(pulp, bend),), neck)


def _molar(place: Place, bend: float, neck: float, rng: np.random.Generator) -> Shape:
    roots = _UPPER_ROOTS if place.upper else _LOWER_ROOTS
    if place.position == 8:
        roots = _THIRD_ROOTS
    squeeze = float(np.clip(rng.normal(1.0 if place.position == 6 else 0.85, 0.1), 0.6, 1.15))
    solids = [_outline(_MOLAR, rng, cusps=3)]
    pulp = [_chamber()]
    for start, end, half, tip in roots:
        # From above the furcation, so that root and crown are one.
        middle = ((FURCATION - 0.12, start * squeeze), (tip, end * squeeze))
        solids.append(_bent(_root(middle, half), bend))
        pulp.append(_bent(_canal(start * squeeze, end * squeeze, 0.06, 0.36, tip - 0.06), bend))
    return Shape(tuple(solids), tuple(pulp), neck)


def _outline(
    profile: tuple[tuple[float, float], ...], rng: np.random.Generator, cusps: int
) -> Points:
    """A closed line of this half width, with cusps along the biting edge."""
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
    (v0, u0), (v1, u1) = middle
    share = np.linspace(0, 1, 32)
    v, centre = v0 + (v1 - v0) * share, u0 + (u1 - u0) * share
    width = half * np.sqrt(np.clip(1 - share**2.6, 0, 1)) * (1 - 0.35 * share)
    return np.concatenate(
        [np.stack([centre - width, v], 1), np.stack([centre + width, v], 1)[::-1]]
    )


def _canal(u0: float, u1: float, half: float, top: float, tip: float) -> Points:
    share = np.linspace(0, 1, 24)
    v, centre = top + (tip - top) * share, u0 + (u1 - u0) * share
    width = half * (1 - share) ** 0.7 + 0.015
    return np.concatenate(
        [np.stack([centre - width, v], 1), np.stack([centre + width, v], 1)[::-1]]
    )


def _chamber() -> Points:
    return np.array([(-0.42, 0.26), (0.0, 0.3), (0.42, 0.26), (0.36, 0.42), (-0.36, 0.42)])


def _bent(points: Points, bend: float) -> Points:
    """Roots curve away from the midline towards their tips."""
    v = points[:, 1]
    return np.stack([points[:, 0] + bend * np.clip(v - 0.45, 0, None) ** 2 * 2, v], 1)
