"""Network output -> `Teeth`: one instance a number, crisp at the radiograph's own resolution.

Everything is decided at the network's resolution; only the crop of each tooth is enlarged, so
memory does not grow with classes times pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.frame import enlarged
from panodent.masks import BoolArray
from panodent.teeth import Teeth

FloatArray = npt.NDArray[np.float32]

MIN_SHARE = 0.0006
"""Smallest tooth as a share of the radiograph's area; the smallest annotated ones have 0.001."""
DOUBTFUL_BELOW = 0.75
"""A tooth whose mean probability lies below this is flagged doubtful."""


@dataclass(frozen=True)
class Candidate:
    """A connected region that the network takes for one tooth, at the network's resolution."""

    channel: int
    box: tuple[int, int, int, int]
    mask: BoolArray
    score: float

    @property
    def mass(self) -> float:
        """Summed probability, in network pixels: what decides between two claims."""
        return self.score * float(self.mask.sum())


def decode(logits: FloatArray, classes: Sequence[int], size: tuple[int, int]) -> Teeth:
    """Logits (1 + len(classes), h, w) over a radiograph of `size` -> its teeth.

    No number appears twice; specks are gone; scores are mean probabilities in [0, 1].
    """
    best = np.argmax(logits, axis=0)
    scores = _probability_of_best(logits)
    smallest = max(MIN_SHARE * best.size, 4.0)
    chosen: dict[int, Candidate] = {}
    for candidate in candidates(best, scores, smallest):
        held = chosen.get(candidate.channel)
        if held is None or candidate.mass > held.mass:
            chosen[candidate.channel] = candidate
    items, kept = [], []
    for channel, candidate in sorted(chosen.items()):
        mask, corner = outline(logits, candidate, size)
        if mask.any():
            items.append((classes[channel - 1], mask, corner))
            kept.append(float(np.clip(candidate.score, 0, 1)))
    flags = [{"doubtful"} if score < DOUBTFUL_BELOW else set() for score in kept]
    return Teeth.from_masks(size, items, kept, flags).sorted()


def candidates(
    best: npt.NDArray[np.int64], scores: FloatArray, smallest: float
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
            found.append(Candidate(int(channel), box, mask, score))
    return found


def _probability_of_best(logits: FloatArray) -> FloatArray:
    """Softmax probability of the largest logit at each place, (h, w)."""
    shifted = logits - logits.max(axis=0, keepdims=True)
    np.exp(shifted, out=shifted)
    return np.asarray(1 / shifted.sum(axis=0), np.float32)


def outline(
    logits: FloatArray, candidate: Candidate, size: tuple[int, int]
) -> tuple[BoolArray, tuple[int, int]]:
    """The candidate's mask at the radiograph's resolution, and its corner (top, left) there.

    The lead of the candidate's logit over every other is enlarged linearly in its own crop and
    cut at zero: the outline runs between network pixels, where an enlarged mask would have steps.
    """
    import cv2

    height, width = logits.shape[1:]
    top, left, bottom, right = candidate.box
    row0, col0 = max(top - 2, 0), max(left - 2, 0)
    row1, col1 = min(bottom + 2, height), min(right + 2, width)
    crop = logits[:, row0:row1, col0:col1]
    own = crop[candidate.channel]
    others = np.maximum(
        crop[: candidate.channel].max(axis=0),
        crop[candidate.channel + 1 :].max(axis=0, initial=-np.inf),
    )
    inside = np.zeros(own.shape, np.uint8)
    inside[top - row0 : bottom - row0, left - col0 : right - col0] = candidate.mask
    reach = cv2.dilate(inside, np.ones((3, 3), np.uint8))
    lead = np.where(reach > 0, own - others, np.minimum(own - others, -1.0)).astype(np.float32)
    scale_y, scale_x = size[0] / height, size[1] / width
    box = (
        int(np.floor(row0 * scale_y)),
        int(np.floor(col0 * scale_x)),
        min(int(np.ceil(row1 * scale_y)), size[0]),
        min(int(np.ceil(col1 * scale_x)), size[1]),
    )
    fine = enlarged(lead, box, size, (row0, col0), (height, width))
    return solid(fine > 0), (box[0], box[1])


def solid(mask: BoolArray) -> BoolArray:
    """The largest part of a mask, its holes filled."""
    import cv2

    rings, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    filled = np.zeros(mask.shape, np.uint8)
    if rings:
        cv2.drawContours(filled, [max(rings, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return filled.astype(bool)
