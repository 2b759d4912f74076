"""Teeth as connected regions of one number, for networks that have no offset planes.

Everything is at the network's resolution.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.inference.instances import MIN_SHARE, Found
from panodent.inference.pixel_owners import cropped
from panodent.utils.arrays import BoolArray, Float32Array

FRAGMENT = 0.3
"""A region smaller than this share of the median tooth is a part of its neighbour..."""
CONTACT = 0.3
"""...when that neighbour holds at least this share of its rim..."""
STRAY = 0.2
"""...and it is dropped when none does and it is smaller than this share."""


@dataclass(frozen=True)
class Candidate:
    """A connected region that the network takes for one tooth, at the network's resolution.

    `channels` are the network's channels whose pixels it has: first the one that numbers it, then
    those of fragments that were joined to it.
    """

    channels: tuple[int, ...]
    box: tuple[int, int, int, int]
    mask: BoolArray
    score: float

    @property
    def area(self) -> int:
        """Network pixels."""
        return int(self.mask.sum())

    @property
    def mass(self) -> float:
        """Summed probability, in network pixels: what decides between two claims."""
        return self.score * self.area


def found(logits: Float32Array) -> list[Found]:
    """Logits (1 + classes, h, w) -> teeth, no number twice."""
    best = np.argmax(logits, axis=0)
    smallest = max(MIN_SHARE * best.size, 4.0)
    regions = candidates(best, _probability_of_best(logits), smallest)
    return [
        Found(candidate.channels[0] - 1, *_lead(logits, candidate), candidate.score)
        for candidate in strongest(joined(regions, (best.shape[0], best.shape[1])))
    ]


def candidates(
    best: npt.NDArray[np.int64], scores: Float32Array, smallest: float
) -> list[Candidate]:
    """Connected regions of one class, (h, w) each, of at least `smallest` pixels."""
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


def strongest(found: Sequence[Candidate]) -> list[Candidate]:
    """The candidate of most mass for each number, in order of channel."""
    chosen: dict[int, Candidate] = {}
    for candidate in found:
        held = chosen.get(candidate.channels[0])
        if held is None or candidate.mass > held.mass:
            chosen[candidate.channels[0]] = candidate
    return [chosen[channel] for channel in sorted(chosen)]


def joined(found: Sequence[Candidate], size: tuple[int, int]) -> list[Candidate]:
    """Fragments given to the tooth that they lie in; strays dropped; (h, w) is the plane's size.

    Beside a gap a network paints a part of a tooth with the missing neighbour's number.
    """
    if not found:
        return []
    areas = [candidate.area for candidate in found]
    usual = float(np.median([candidate.area for candidate in strongest(found)]))
    owner = np.zeros(size, np.int32)
    for index, candidate in enumerate(found, start=1):
        top, left, bottom, right = candidate.box
        owner[top:bottom, left:right][candidate.mask] = index
    parts: dict[int, list[Candidate]] = {
        i: [found[i]] for i, area in enumerate(areas) if area >= FRAGMENT * usual
    }
    for index, area in enumerate(areas):
        if index in parts:
            continue
        host, share = _neighbour(found[index], owner, parts)
        if share >= CONTACT:
            parts[host].append(found[index])
        elif area >= STRAY * usual:
            parts[index] = [found[index]]
    return [_union(group) for group in parts.values()]


def _neighbour(
    fragment: Candidate, owner: npt.NDArray[np.int32], hosts: Collection[int]
) -> tuple[int, float]:
    """The host that holds most of a fragment's rim, and how much of it (0 to 1)."""
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


def _probability_of_best(logits: Float32Array) -> Float32Array:
    """Softmax probability of the largest logit at each place, (h, w)."""
    shifted = logits - logits.max(axis=0, keepdims=True)
    np.exp(shifted, out=shifted)
    return np.asarray(1 / shifted.sum(axis=0), np.float32)


def _lead(logits: Float32Array, candidate: Candidate) -> tuple[Float32Array, tuple[int, int]]:
    """How far the candidate's logit lies above every other, in its crop, and the crop's corner."""
    import cv2

    top, left, bottom, right = candidate.box
    rows, cols = cropped(candidate.box, (logits.shape[1], logits.shape[2]))
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
