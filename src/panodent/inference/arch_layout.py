"""Where in an arch each position lies, also that of a missing tooth.

Teeth that were found are the fixed points. Missing positions share the gap between their
neighbours by the usual widths of teeth; beyond the last tooth they follow at usual distances.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from panodent.dentition import ARCHES, TEETH
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import Float64Array

JAWS: dict[str, tuple[int, ...]] = {"upper": ARCHES[0], "lower": ARCHES[1][::-1]}
"""FDI numbers of each jaw from left to right in the image."""
USUAL_WIDTH = 0.036
"""Width of a tooth as a share of the radiograph's, where the bundle does not tell it."""
FARTHEST = 1.5
"""An implant belongs to no position if none is free within this many tooth widths."""

SPACING: dict[str, tuple[float, ...]] = {
    "upper": (0.94, 0.88, 0.88, 0.77, 0.84, 0.87, 0.88, 0.65),
    "lower": (0.9, 0.91, 0.88, 0.83, 0.79, 0.72, 0.69, 0.76),
}
"""Distance of a tooth's crown from its neighbour's towards the midline, as a share of the mean of
their widths, by position: leaning teeth are wider than the place that they take. Medians over
adult radiographs of UFBA-425."""

Anchor = tuple[int, float]
"""FDI number of a permanent tooth, and the x of its crown."""


@dataclass(frozen=True)
class ArchLayout:
    """Positions of one jaw, from left to right in the image.

    numbers : 16 FDI numbers.
    centres : (16,) x of each position's crown, strictly rising.
    widths : (16,) width of each position.
    free : (16,) bool, whether no tooth was found there.
    """

    numbers: tuple[int, ...]
    centres: Float64Array
    widths: Float64Array
    free: npt.NDArray[np.bool_]

    def columns(self, width: int, only_free: bool = True) -> npt.NDArray[np.int16]:
        """FDI number of the position at each of `width` columns; 0 beyond `FARTHEST`.

        With `only_free`, the nearest position without a tooth.
        """
        usable = self.free if only_free else np.ones(len(self.numbers), bool)
        if not usable.any():
            return np.zeros(width, np.int16)
        x = np.arange(width)[:, None] + 0.5
        away = np.abs(x - self.centres[usable]) / self.widths[usable]
        nearest = away.argmin(axis=1)
        numbers = np.array(self.numbers, np.int16)[usable][nearest]
        return np.where(away.min(axis=1) <= FARTHEST, numbers, 0).astype(np.int16)

    def assigned(self, places: Sequence[float]) -> list[int]:
        """A free position for each object at x = `places`, in any order; 0 where none is near.

        Positions are used once, and their order is that of the objects. The sum of distances, in
        tooth widths, is the smallest one.
        """
        order = np.argsort(places, kind="stable")
        slots = np.flatnonzero(self.free)
        count, many = len(order), len(slots)
        # cost[i, j]: the best for the first i objects among the first j free positions.
        cost = np.zeros((count + 1, many + 1))
        cost[1:, 0] = FARTHEST * np.arange(1, count + 1)
        for i in range(1, count + 1):
            for j in range(1, many + 1):
                here = self._away(slots[j - 1], places[order[i - 1]])
                cost[i, j] = min(
                    cost[i - 1, j - 1] + here, cost[i, j - 1], cost[i - 1, j] + FARTHEST
                )
        result, i, j = [0] * count, count, many
        while i and j:
            here = self._away(slots[j - 1], places[order[i - 1]])
            if cost[i, j] == cost[i, j - 1]:
                j -= 1
            elif cost[i, j] == cost[i - 1, j] + FARTHEST:
                i -= 1
            else:
                if here < FARTHEST:
                    result[order[i - 1]] = self.numbers[slots[j - 1]]
                i, j = i - 1, j - 1
        return result

    def _away(self, slot: int, x: float) -> float:
        return float(abs(x - self.centres[slot]) / self.widths[slot])


def anchors(teeth: Teeth, scale: float) -> list[Anchor]:
    """The permanent position of each numbered tooth, and the x of its crown times `scale`.

    A deciduous tooth stands at its successor's position.
    """
    import cv2

    result = []
    for fdi, (_, left, _, _), mask in teeth:
        if not fdi:
            continue
        tooth = TEETH[fdi]
        number = fdi - 40 if tooth.deciduous else fdi
        half = mask.shape[0] // 2
        crown = mask[half:] if tooth.jaw == "upper" else mask[: max(half, 1)]
        first, _, width, _ = cv2.boundingRect(crown.view(np.uint8))
        middle = first + (width or mask.shape[1]) / 2
        result.append((number, float((left + middle) * scale)))
    return result


def arch_layout(
    jaw: str,
    known: Sequence[Anchor],
    sizes: Mapping[int, tuple[float, float]],
    width: float,
    midline: float,
    taken: Collection[int] | None = None,
) -> ArchLayout:
    """The layout of a jaw, "upper" or "lower".

    known : teeth of both jaws; those of the other one are ignored.
    sizes : usual (height, width) by FDI number, as shares of the radiograph's.
    width : of the image, in the units of x.
    midline : x of the midline, used where one side of the jaw has no tooth.
    taken : numbers of positions that are not free; None: those of `known`.
    """
    numbers = JAWS[jaw]
    usual = np.array([sizes.get(n, (0, USUAL_WIDTH))[1] or USUAL_WIDTH for n in numbers]) * width
    apart = np.array([SPACING[jaw][max(a % 10, b % 10) - 1] for a, b in pairwise(numbers)])
    away = np.concatenate([[0.0], np.cumsum(apart * (usual[1:] + usual[:-1]) / 2)])
    fixed = [(float(away[numbers.index(n)]), x) for n, x in known if n in numbers]
    middle = float(away[7] + away[8]) / 2
    if (
        not fixed
        or all(place < middle for place, _ in fixed)
        or all(place > middle for place, _ in fixed)
    ):
        fixed.append((middle, midline))
    places = np.array(_rising(fixed))
    centres, stretch = _interpolated(away, places)
    free = np.ones(len(numbers), bool)
    here = {n for n, _ in known} if taken is None else set(taken)
    free[[index for index, n in enumerate(numbers) if n in here]] = False
    return ArchLayout(numbers, centres, usual * np.clip(stretch, 0.4, 1.5), free)


def _interpolated(away: Float64Array, places: Float64Array) -> tuple[Float64Array, Float64Array]:
    """x at each place of an arch, and how stretched the arch is there.

    `away` (n,) are usual distances along the arch, `places` (k, 2) such distances with their x.
    """
    before, after = np.minimum(away - places[0, 0], 0), np.maximum(away - places[-1, 0], 0)
    centres = np.interp(away, places[:, 0], places[:, 1]) + before + after
    stretch = np.ones(len(away))
    for (low, x), (high, y) in pairwise(places):
        stretch[(away > low) & (away < high)] = (y - x) / (high - low)
    return centres, stretch


def midline_of(known: Sequence[Anchor], width: float) -> float:
    """x of the midline: between the central incisors, or else the middle of the image."""
    x = dict(known)
    for right, left in ((11, 21), (41, 31), (12, 22), (42, 32), (13, 23), (43, 33)):
        if right in x and left in x:
            return (x[right] + x[left]) / 2
    return width / 2


def _rising(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The longest part of (place, x) in which both rise."""
    places = sorted(places)
    best: list[list[tuple[float, float]]] = []
    for index, (place, x) in enumerate(places):
        before = [b for b in best[:index] if b[-1][0] < place and b[-1][1] < x]
        best.append([*max(before, key=len, default=[]), (place, x)])
    return max(best, key=len, default=[])
