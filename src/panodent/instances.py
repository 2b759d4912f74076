"""Which pixels make up one tooth, whatever numbers they suggest, and which number the whole bears.

A network paints a tooth beside a gap half 46, half 47. Where it also says, at each pixel, where
the centre of that pixel's tooth lies, pixels are gathered first and the tooth is numbered as a
whole, all teeth of the radiograph at once. Everything is at the network's resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.assignment import assign
from panodent.frame import OFFSET_UNIT
from panodent.masks import BoolArray

FloatArray = npt.NDArray[np.float32]

MIN_SHARE = 0.0006
"""Smallest tooth as a share of the radiograph's area; the smallest annotated ones have 0.001."""
STRAY = 0.2
"""What is smaller than this share of the median tooth is none."""
MASS = 0.2
"""Least share of the median tooth, times its score: small teeth must be sure ones."""
REACH = 2
"""No two centres are nearer than this, in network pixels; crowded lower incisors stand 4 apart."""
FEWEST_VOTES = 1.2
"""Least votes a pixel at a centre, after the blur that joins neighbouring votes."""
APART = 3.5
"""A region of one number has a tooth of its own when its votes meet this far from all others."""
SPREAD = 2.0
"""How far votes lie from their centre, in network pixels (standard deviation)."""
UNLIKELY = 0.1
"""A tooth is left without a number rather than given one that is less probable than this..."""
WHOLE = 0.45
"""...and it is kept only when it has at least this share of the median tooth."""
_LEAST = 1e-6


@dataclass(frozen=True)
class Found:
    """A tooth at the network's resolution.

    number : index of its class (0 the first tooth), -1 where none fits.
    lead : float32 (rows, cols), above 0 where the pixel is this tooth's.
    corner : (row, column) of `lead` in the network's plane.
    score : how probable it is that this is a tooth of that number, 0 to 1.
    margin : what the next best numbering without this number would cost in log probability.
    """

    number: int
    lead: FloatArray
    corner: tuple[int, int]
    score: float
    margin: float = np.inf


def found(logits: FloatArray, offsets: FloatArray) -> list[Found]:
    """Logits (1 + classes, h, w) and offsets (2, h, w) -> teeth, no number twice."""
    shifted = logits - logits.max(axis=0)
    np.exp(shifted, out=shifted)
    probability = shifted / shifted.sum(axis=0)
    none, teeth = probability[0], probability[1:]
    inside = none < 0.5
    owner, likely, numbers = gather(teeth, inside, offsets, logits.argmax(axis=0))
    if not len(numbers):
        return []
    areas = np.bincount(owner, minlength=len(numbers))
    smallest = max(MIN_SHARE * none.size, 4.0)
    big = areas[areas >= smallest]
    usual = float(np.median(big)) if len(big) else 0.0
    kept = np.flatnonzero(areas >= max(smallest, STRAY * usual))
    chosen, margins = numbered(numbers[kept], areas[kept] / max(usual, 1.0))
    tooth = np.bincount(owner, 1 - none[inside], minlength=len(numbers))
    certainty = tooth / np.maximum(areas, 1)
    whose = np.full(inside.shape, -1, np.int32)
    whose[inside] = owner
    result = []
    for index, number, margin in zip(kept.tolist(), chosen, margins, strict=True):
        if number < 0 and areas[index] < WHOLE * usual:
            continue
        score = certainty[index] * numbers[index, number if number >= 0 else slice(None)].max()
        if score * areas[index] < MASS * usual:
            continue
        lead, corner = _lead(index, whose, inside, likely, none)
        result.append(Found(number, lead, corner, float(score), margin))
    return result


# --- gathering ---------------------------------------------------------------------------------


def gather(
    teeth: FloatArray, inside: BoolArray, offsets: FloatArray, best: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The k pixels `inside` -> n teeth.

    `teeth` are probabilities (classes, h, w), `best` (h, w) the likeliest class. Returns the tooth
    of each pixel (k,), the log likelihood of each tooth at each pixel (n, k), and the probability
    of each number for each tooth (n, classes).
    """
    rows, cols = np.nonzero(inside)
    votes = np.stack(
        [cols + OFFSET_UNIT * offsets[0][inside], rows + OFFSET_UNIT * offsets[1][inside]]
    )
    middles = _with_regions(centres(votes, (best.shape[0], best.shape[1])), votes, inside, best)
    if not len(middles):
        return np.zeros(0, np.int64), np.zeros((0, 0)), np.zeros((0, len(teeth)))
    near = -((votes[:, None] - middles.T[:, :, None]) ** 2).sum(axis=0) / (2 * SPREAD**2)
    evidence = teeth[:, inside]
    # A pixel belongs where its own number and its vote fit best.
    numbers = _mean_by(near.argmax(axis=0), evidence, len(middles))
    likely = np.log(numbers @ evidence + _LEAST) + near
    owner = likely.argmax(axis=0)
    return owner, likely, _mean_by(owner, evidence, len(middles))


def centres(votes: npt.NDArray[np.floating], size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """(2, k) voted places (x, y) -> (n, 2) places where votes meet."""
    import cv2

    col = np.clip(np.round(votes[0]), 0, size[1] - 1).astype(np.int64)
    row = np.clip(np.round(votes[1]), 0, size[0] - 1).astype(np.int64)
    counts = np.bincount(row * size[1] + col, minlength=size[0] * size[1]).reshape(size)
    plane = cv2.GaussianBlur(counts.astype(np.float32), (0, 0), 1.0)
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * REACH + 1, 2 * REACH + 1))
    peaks = (plane >= cv2.dilate(plane, shape)) & (plane >= FEWEST_VOTES)
    y, x = np.nonzero(peaks)
    return np.stack([x, y], axis=1).astype(np.float64)


def _with_regions(
    middles: npt.NDArray[np.float64],
    votes: npt.NDArray[np.floating],
    inside: BoolArray,
    best: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """The centres, and those of regions of one number whose pixels vote for a place of their own.

    Where two narrow teeth stand close, the votes for one can drown in those for the other.
    """
    import cv2

    found = list(middles)
    for channel in np.unique(best[inside]):
        count, regions = cv2.connectedComponents(((best == channel) & inside).astype(np.uint8))
        labels = regions[inside]
        for region in range(1, count):
            own = labels == region
            if own.sum() < MIN_SHARE * best.size:
                continue
            place = np.median(votes[:, own], axis=1)
            if all(np.hypot(*(place - other)) >= APART for other in found):
                found.append(place)
    return np.array(found).reshape(-1, 2)


def _mean_by(
    owner: npt.NDArray[np.int64], evidence: FloatArray, count: int
) -> npt.NDArray[np.float64]:
    """(n, classes) mean of each owner's evidence (classes, k), scaled to sum 1."""
    sums = np.stack([np.bincount(owner, line, minlength=count) for line in evidence], axis=1)
    return sums / np.maximum(sums.sum(axis=1, keepdims=True), _LEAST)


# --- numbering ---------------------------------------------------------------------------------


def numbered(
    numbers: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> tuple[list[int], list[float]]:
    """Probabilities (n, classes) -> the number of each tooth (-1 none) and its margin.

    The numbers are those whose joint probability is greatest, none twice. `weights` (n,), the size
    of each tooth by that of the usual one, say how much each counts: where two claim one number,
    a fragment or a deciduous tooth gives way to the permanent one. A margin is what the best
    numbering in which this tooth has another number, or none, would cost in log probability.
    """
    count, classes = numbers.shape
    if not count:
        return [], []
    gain = np.full((count, classes + count), np.log(UNLIKELY))
    gain[:, :classes] = np.log(numbers + _LEAST)
    gain *= np.clip(weights, 0.2, 2.0)[:, None]
    chosen = assign(gain)
    best = gain[range(count), chosen].sum()
    margins = []
    for row, column in enumerate(chosen.tolist()):
        if numbers[row].max() > 0.97 and column < classes:
            margins.append(np.inf)  # nothing near
            continue
        other = gain.copy()
        other[row, column if column < classes else slice(classes, None)] = -50.0
        again = assign(other)
        margins.append(float(best - other[range(count), again].sum()))
    return [column if column < classes else -1 for column in chosen.tolist()], margins


# --- outlines ----------------------------------------------------------------------------------


def cropped(box: Sequence[int], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a box (top, left, bottom, right) with room for its outline."""
    top, left, bottom, right = box
    return (
        slice(max(top - 2, 0), min(bottom + 2, size[0])),
        slice(max(left - 2, 0), min(right + 2, size[1])),
    )


def _lead(
    index: int,
    whose: npt.NDArray[np.int32],
    inside: BoolArray,
    likely: npt.NDArray[np.float64],
    none: FloatArray,
) -> tuple[FloatArray, tuple[int, int]]:
    """How much likelier each pixel of a crop is this tooth's than any other's or no tooth's."""
    import cv2

    own = whose == index
    ys, xs = np.nonzero(own)
    rows, cols = cropped(
        (ys.min(), xs.min(), ys.max() + 1, xs.max() + 1), (own.shape[0], own.shape[1])
    )
    places = np.cumsum(inside).reshape(inside.shape)[rows, cols] - 1
    here, own = inside[rows, cols], own[rows, cols]
    at = places[here]
    others = likely[:, at].copy()
    others[index] = -np.inf
    apart = np.full(here.shape, -4.0, np.float32)
    apart[here] = np.clip(likely[index, at] - others.max(axis=0, initial=-np.inf), -8, 8)
    # Outside all teeth, where offsets mean nothing, the nearest tooth decides.
    reach = cv2.dilate(own.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    apart[~here & reach] = 4.0
    without = np.clip(none[rows, cols], _LEAST, 1 - _LEAST)
    tooth = np.log(1 - without) - np.log(without)
    return np.minimum(apart, tooth).astype(np.float32), (rows.start, cols.start)
