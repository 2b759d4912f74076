"""Finds teeth as connected regions of one class, for networks without offset planes.

All arrays have the network's resolution.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.inference.instances import MIN_SHARE, ToothInstance
from panodent.inference.pixel_owners import crop_with_margin
from panodent.inference.softmax import softmax
from panodent.utils.arrays import BoolArray, Float32Array
from panodent.utils.percentiles import median

MAX_FRAGMENT_AREA = 0.3
"""A region whose area is below this share of the median tooth's may be a part of its neighbour."""
MIN_CONTACT = 0.3
"""It is joined to the neighbour that holds at least this share of its rim."""
MIN_AREA = 0.2
"""Otherwise it is removed when its area is below this share of the median tooth's."""


@dataclass(frozen=True)
class Candidate:
    """A connected region that may be one tooth.

    `channels` are the network channels of its pixels: first the one that gives its number, then
    those of the joined fragments. `box` is (top, left, bottom, right), `mask` bool of the box's
    shape, `score` the mean probability, 0 to 1.
    """

    channels: tuple[int, ...]
    box: tuple[int, int, int, int]
    mask: BoolArray
    score: float

    @property
    def area(self) -> int:
        """Area in network pixels."""
        return int(self.mask.sum())

    @property
    def mass(self) -> float:
        """Summed probability in network pixels; decides between two regions of one number."""
        return self.score * self.area


def find_teeth(logits: Float32Array) -> list[ToothInstance]:
    """The teeth of logits (1 + classes, h, w); no number appears twice."""
    best = np.argmax(logits, axis=0)
    smallest = max(MIN_SHARE * best.size, 4.0)
    regions = find_regions(best, softmax(logits).max(axis=0), smallest)
    whole = join_fragments(regions, (best.shape[0], best.shape[1]))
    return [
        ToothInstance(candidate.channels[0] - 1, *_lead(logits, candidate), candidate.score)
        for candidate in best_of_each_number(whole)
    ]


def find_regions(
    best: npt.NDArray[np.int64], scores: Float32Array, smallest: float
) -> list[Candidate]:
    """Connected regions of one class with at least `smallest` pixels.

    `best` (h, w) is the channel of each pixel, 0 none, `scores` (h, w) its probability.
    """
    import cv2

    found = []
    for channel in np.unique(best):
        if channel == 0:
            continue
        count, regions, stats, _ = cv2.connectedComponentsWithStats(
            (best == channel).astype(np.uint8), connectivity=8
        )
        for region in range(1, count):
            left, top, width, height, area = stats[region].tolist()
            if area < smallest:
                continue
            window = np.s_[top : top + height, left : left + width]
            mask = regions[window] == region
            score = float(scores[window][mask].mean())
            box = (top, left, top + height, left + width)
            found.append(Candidate((int(channel),), box, mask, score))
    return found


def best_of_each_number(found: Sequence[Candidate]) -> list[Candidate]:
    """The candidate with the largest mass for each number, in the order of channels."""
    chosen: dict[int, Candidate] = {}
    for candidate in found:
        held = chosen.get(candidate.channels[0])
        if held is None or candidate.mass > held.mass:
            chosen[candidate.channels[0]] = candidate
    return [chosen[channel] for channel in sorted(chosen)]


def join_fragments(found: Sequence[Candidate], size: tuple[int, int]) -> list[Candidate]:
    """Joins fragments to the tooth that they touch and removes small regions that touch none.

    Beside a gap a network labels a part of a tooth with the missing neighbour's number. `size` is
    the plane's (height, width).
    """
    if not found:
        return []
    areas = [candidate.area for candidate in found]
    usual = float(median([candidate.area for candidate in best_of_each_number(found)]))
    owner = np.zeros(size, np.int32)
    for index, candidate in enumerate(found, start=1):
        top, left, bottom, right = candidate.box
        owner[top:bottom, left:right][candidate.mask] = index
    parts: dict[int, list[Candidate]] = {
        i: [found[i]] for i, area in enumerate(areas) if area >= MAX_FRAGMENT_AREA * usual
    }
    for index, area in enumerate(areas):
        if index in parts:
            continue
        host, share = _neighbour(found[index], owner, parts)
        if share >= MIN_CONTACT:
            parts[host].append(found[index])
        elif area >= MIN_AREA * usual:
            parts[index] = [found[index]]
    return [_union(group) for group in parts.values()]


def _neighbour(
    fragment: Candidate, owner: npt.NDArray[np.int32], hosts: Collection[int]
) -> tuple[int, float]:
    """Index of the host that holds most of a fragment's rim (-1 none), and its share, 0 to 1."""
    import cv2

    top, left, bottom, right = fragment.box
    row0, col0 = max(top - 1, 0), max(left - 1, 0)
    around = owner[row0 : bottom + 1, col0 : right + 1]
    inside = np.zeros(around.shape, np.uint8)
    inside[top - row0 : bottom - row0, left - col0 : right - col0] = fragment.mask
    rim = around[cv2.dilate(inside, np.ones((3, 3), np.uint8)) > inside]
    counts = np.bincount(rim)
    best, share = -1, 0.0
    for value in np.flatnonzero(counts).tolist():
        if value - 1 in hosts and counts[value] / rim.size > share:
            best, share = value - 1, counts[value] / rim.size
    return best, share


def _union(group: list[Candidate]) -> Candidate:
    """One candidate made of several, numbered as the first."""
    if len(group) == 1:
        return group[0]
    boxes = np.array([part.box for part in group])
    top, left = boxes[:, :2].min(axis=0).tolist()
    bottom, right = boxes[:, 2:].max(axis=0).tolist()
    mask = np.zeros((bottom - top, right - left), bool)
    for part in group:
        row, col = part.box[0] - top, part.box[1] - left
        mask[row : row + part.mask.shape[0], col : col + part.mask.shape[1]] |= part.mask
    channels = tuple(dict.fromkeys(part.channels[0] for part in group))
    score = sum(part.mass for part in group) / sum(part.area for part in group)
    return Candidate(channels, (top, left, bottom, right), mask, score)


def _lead(logits: Float32Array, candidate: Candidate) -> tuple[Float32Array, tuple[int, int]]:
    """The candidate's logit minus the largest other, in a crop, and the crop's (row, column)."""
    import cv2

    top, left, bottom, right = candidate.box
    rows, cols = crop_with_margin(candidate.box, (logits.shape[1], logits.shape[2]))
    crop = logits[:, rows, cols]
    own = crop[list(candidate.channels)].max(axis=0)
    others = np.delete(crop, candidate.channels, axis=0).max(axis=0)
    inside = np.zeros(own.shape, np.uint8)
    inside[top - rows.start : bottom - rows.start, left - cols.start : right - cols.start] = (
        candidate.mask
    )
    reach = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    lead = np.where(reach > 0, own - others, np.minimum(own - others, -1.0)).astype(np.float32)
    return lead, (rows.start, cols.start)
