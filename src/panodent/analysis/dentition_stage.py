"""Which teeth have erupted, and whether a dentition is primary, mixed or permanent.

A permanent tooth counts as erupted when its crown reaches about the height of its neighbours'
crowns or, in a jaw without deciduous teeth, the curve through its crowns. Panoramic radiographs do
not show the gum: a tooth that is about to erupt may be counted either way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray, Float64Array
from panodent.utils.memoized import memoized
from panodent.utils.percentiles import median

Stage = Literal["permanent", "mixed", "primary"]

REACH = 1.3
"""Neighbours stand within this many of their mean widths."""
SHORT = 0.35
"""A tooth has not erupted when its crown ends this share of the usual height below the bite."""
ON_CURVE = 0.15
"""It has erupted if its crown ends less than this share below the curve of its jaw's crowns: lower
molars rise backwards, so that the neighbour behind reaches further."""
FEWEST_ON_CURVE = 8
"""Teeth from which the curve of a jaw is determined, third molars left out."""
GROWN = 0.85
"""Least height of a second molar, as a share of the first molar's, to be compared with the curve:
the curve may fall off beyond the last erupted tooth of a child."""


@memoized
def erupted(teeth: Teeth) -> BoolArray:
    """(n,) whether each tooth has erupted; teeth without a number and deciduous teeth have.

    The array is kept and cannot be changed.

    >>> block = np.ones((40, 10), bool)
    >>> jaw = [(fdi, block, (10, 10 * i)) for i, fdi in enumerate((16, 55, 54))]
    >>> germ = [(15, block[:25], (0, 10))]
    >>> erupted(Teeth.from_masks((60, 60), [*jaw, *germ])).tolist()
    [True, True, True, False]
    """
    result = erupted_by_boxes(teeth.fdi.tolist(), teeth.boxes)
    result.flags.writeable = False  # it is kept
    return result


def erupted_by_boxes(numbers: Sequence[int], places: npt.NDArray[np.integer]) -> BoolArray:
    """(n,) what `erupted` gives for teeth with these FDI numbers in these places.

    `places` are boxes (n, 4) of whole numbers: top, left, bottom, right in pixels, half open.

    >>> erupted_by_boxes([16, 55], np.array([[0, 0, 40, 10], [0, 10, 40, 20]])).tolist()
    [True, True]
    """
    result = np.ones(len(numbers), bool)
    heights = places[:, 2] - places[:, 0]
    for jaw in ("upper", "lower"):
        here = [i for i, n in enumerate(numbers) if n != UNNUMBERED and TEETH[n].jaw == jaw]
        if len(here) < 2:
            continue
        boxes = places[here].astype(np.float64)
        # How far each crown reaches towards the other jaw, in pixels.
        edge = boxes[:, 2] if jaw == "upper" else -boxes[:, 0]
        usual = float(median(heights[here]))
        for index, short in zip(here, _below_neighbours(boxes, edge), strict=True):
            deciduous = TEETH[numbers[index]].deciduous
            result[index] = deciduous or short <= SHORT * usual
        if not any(TEETH[numbers[i]].deciduous for i in here):  # germs would bend the curve
            result[_on_curve(numbers, here, boxes, edge, usual)] = True
    place = {n: i for i, n in enumerate(numbers) if n != UNNUMBERED}
    for fdi in (n for position in (7, 8) for n in place if n < 50 and n % 10 == position):
        # Molars erupt one after the other, from the front.
        if fdi - 1 in place and not result[place[fdi - 1]]:
            result[place[fdi]] = False
    return result


def _below_neighbours(boxes: Float64Array, edge: Float64Array) -> Float64Array:
    """(n,) how much further than each tooth the furthest of its neighbours reaches, in pixels."""
    middle = (boxes[:, 1] + boxes[:, 3]) / 2
    width = boxes[:, 3] - boxes[:, 1]
    near = np.abs(middle[:, None] - middle[None]) <= REACH * (width[:, None] + width[None]) / 2
    return np.where(near, edge[None], -np.inf).max(axis=1) - edge


def _on_curve(
    numbers: Sequence[int], here: list[int], boxes: Float64Array, edge: Float64Array, usual: float
) -> list[int]:
    """Which of the teeth `here` of one jaw reach the curve of its crowns.

    `here` are positions in `numbers`, `boxes` (n, 4) and `edge` (n,) those of these teeth, `usual`
    is the usual height of a tooth. Third molars, and second molars that grow, are never among them.
    """
    fit = np.array([place for place, i in enumerate(here) if numbers[i] % 10 != 8], int)
    x, reached = (boxes[fit, 1] + boxes[fit, 3]) / 2, edge[fit]
    if len(np.unique(x)) < FEWEST_ON_CURVE:
        return []
    kept, short = np.ones(len(fit), bool), np.zeros(len(fit))
    for _ in range(6):  # germs are left out step by step
        short = np.polyval(np.polyfit(x[kept], reached[kept], 2), x) - reached
        near = short <= ON_CURVE * usual
        if len(np.unique(x[near])) < FEWEST_ON_CURVE or (near == kept).all():
            break
        kept = near
    height = {numbers[i]: boxes[place, 2] - boxes[place, 0] for place, i in enumerate(here)}
    found = []
    for place, missing in zip(fit.tolist(), short, strict=True):
        fdi = numbers[here[place]]
        grown = fdi % 10 < 7 or height[fdi] >= GROWN * height.get(fdi - 1, np.inf)
        if grown and missing <= ON_CURVE * usual:
            found.append(here[place])
    return found


def stage(teeth: Teeth) -> tuple[Stage, float] | None:
    """The stage of the dentition and its certainty, 0 to 1; None without a numbered tooth.

    Mixed means that deciduous and erupted permanent teeth are found, primary that no permanent
    tooth has erupted. The certainty is the probability, by the teeth's scores, that a tooth of each
    required kind is there; for a permanent dentition the mean score of the teeth.
    """
    numbered = teeth.fdi != UNNUMBERED
    if not numbered.any():
        return None
    deciduous = np.array([TEETH[n].deciduous for n in teeth.fdi[numbered].tolist()])
    out = erupted(teeth)[numbered] & ~deciduous
    scores = teeth.scores[numbered].astype(np.float64)
    any_deciduous = 1 - float(np.prod(1 - scores[deciduous]))
    any_permanent = 1 - float(np.prod(1 - scores[out]))
    if not deciduous.any():
        return "permanent", float(scores.mean())
    if not out.any():
        return "primary", any_deciduous
    return "mixed", min(any_deciduous, any_permanent)


def beside_successor(teeth: Teeth) -> dict[int, int]:
    """Positions of deciduous teeth that stand beside their own erupted successor -> its position.

    That is hardly ever seen in life: one of the two numbers is likely wrong. The two stand beside
    each other when neither lies above the other.
    """
    return beside_successor_by_boxes(teeth.fdi.tolist(), teeth.boxes)


def beside_successor_by_boxes(numbers: Sequence[int], places: npt.NDArray[Any]) -> dict[int, int]:
    """What `beside_successor` gives for teeth with these FDI numbers in these places.

    `places` are boxes as of `erupted_by_boxes`.

    >>> beside_successor_by_boxes([35, 75], np.array([[0, 0, 40, 10], [0, 12, 40, 24]]))
    {1: 0}
    """
    place = {n: i for i, n in enumerate(numbers) if n != UNNUMBERED}
    pairs = {place[n]: place[n - 40] for n in place if n - 40 in place}
    if not pairs:
        return {}
    out = erupted_by_boxes(numbers, places)
    return {
        index: other
        for index, other in pairs.items()
        if out[other] and _side_by_side(places[index], places[other])
    }


def _side_by_side(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> bool:
    """Whether two boxes overlap by less than half of the narrower one in their columns."""
    (_, left, _, right), (_, start, _, end) = one, other
    shared = min(right, end) - max(left, start)
    return bool(shared < 0.5 * min(right - left, end - start))
