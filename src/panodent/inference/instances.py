"""Which pixels make up one tooth, whatever numbers they suggest, and which number the whole bears.

A network paints a tooth beside a gap half 46, half 47. Where it also says, at each pixel, where
the centre of that pixel's tooth lies, pixels are gathered first and the tooth is numbered as a
whole, all teeth of the radiograph at once. Everything is at the network's resolution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.bundle.frame import OFFSET_UNIT
from panodent.inference.assignment import assign
from panodent.inference.pixel_owners import Claims, by_owner
from panodent.utils.arrays import BoolArray, Float32Array

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
_ONE_THREAD = 200_000
"""Multiply-adds that OpenBLAS does in the calling thread (up to 262,144)."""


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
    lead: Float32Array
    corner: tuple[int, int]
    score: float
    margin: float = np.inf


def found(logits: Float32Array, offsets: Float32Array) -> list[Found]:
    """Logits (1 + classes, h, w) and offsets (2, h, w) -> teeth, no number twice."""
    shifted = logits - logits.max(axis=0)
    probability = np.exp(shifted, out=shifted)
    probability /= probability.sum(axis=0)
    none, teeth = probability[0], probability[1:]
    inside = none < 0.5
    owner, likely, numbers = gather(teeth, none, inside, offsets)
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
    claims = Claims(inside, owner, likely, none)
    result = []
    for index, number, margin in zip(kept.tolist(), chosen, margins, strict=True):
        if number < 0 and areas[index] < WHOLE * usual:
            continue
        score = certainty[index] * numbers[index, number if number >= 0 else slice(None)].max()
        if score * areas[index] < MASS * usual:
            continue
        lead, corner = claims.lead(index)
        result.append(Found(number, lead, corner, float(score), margin))
    return result


# --- gathering ---------------------------------------------------------------------------------


def gather(
    teeth: Float32Array, none: Float32Array, inside: BoolArray, offsets: Float32Array
) -> tuple[npt.NDArray[np.int64], Float32Array, npt.NDArray[np.float64]]:
    """The k pixels `inside` -> n teeth.

    `teeth` are the classes' probabilities (classes, h, w), `none` (h, w) that of no tooth. Returns
    the tooth of each pixel (k,), the log likelihood of each tooth at each pixel (k, n), and the
    probability of each number for each tooth (n, classes).
    """
    here = np.flatnonzero(inside)
    rows, cols = np.divmod(here, inside.shape[1])
    evidence = np.ascontiguousarray(teeth.reshape(len(teeth), -1).take(here, axis=1).T)
    leaning = offsets.reshape(2, -1).take(here, axis=1)
    votes = np.stack([cols, rows]).astype(np.float32) + OFFSET_UNIT * leaning
    best = evidence.argmax(axis=1)
    sure = evidence[np.arange(len(best)), best] > none.ravel().take(here)
    best = np.where(sure, best + 1, 0)
    size = (inside.shape[0], inside.shape[1])
    middles = _with_regions(centres(votes, size), votes, rows, cols, best, MIN_SHARE * inside.size)
    if not len(middles):
        return np.zeros(0, np.int64), np.zeros((0, 0), np.float32), np.zeros((0, len(teeth)))
    near = _nearness(votes, middles)
    # A pixel belongs where its own number and its vote fit best.
    numbers = _mean_by(near.argmax(axis=1), evidence, len(middles))
    likely = _product(evidence, numbers.T.astype(np.float32))
    likely += np.float32(_LEAST)
    np.log(likely, out=likely)
    likely += near
    owner = likely.argmax(axis=1)
    return owner, likely, _mean_by(owner, evidence, len(middles))


def _product(left: Float32Array, right: Float32Array) -> Float32Array:
    """left (k, c) @ right (c, n), by few rows at a time.

    NumPy's OpenBLAS would spread the whole over its threads, and these, waiting for more, take the
    cores from the network's for longer than the product lasts.
    """
    result = np.empty((len(left), right.shape[1]), np.float32)
    rows = max(_ONE_THREAD // right.size, 1) if right.size else len(left)
    for start in range(0, len(left), rows):
        np.matmul(left[start : start + rows], right, out=result[start : start + rows])
    return result


def _nearness(votes: Float32Array, middles: npt.NDArray[np.float64]) -> Float32Array:
    """(k, n) log likelihood, up to a constant, of votes (2, k) for centres (n, 2)."""
    near = np.empty((votes.shape[1], len(middles)), np.float32)
    for column, (x, y) in enumerate(middles.astype(np.float32)):
        near[:, column] = np.square(votes[0] - x) + np.square(votes[1] - y)
    near *= np.float32(-0.5 / SPREAD**2)
    return near


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
    rows: npt.NDArray[np.int64],
    cols: npt.NDArray[np.int64],
    best: npt.NDArray[np.int64],
    smallest: float,
) -> npt.NDArray[np.float64]:
    """The centres, and those of regions of one number whose pixels vote for a place of their own.

    Where two narrow teeth stand close, the votes for one can drown in those for the other.
    """
    import cv2

    found = list(middles)
    order, _, starts = by_owner(best)
    for own in np.split(order, starts[1:]):
        if len(own) < smallest:
            continue
        row, col = rows[own] - rows[own].min(), cols[own] - cols[own].min()
        crop = np.zeros((row.max() + 1, col.max() + 1), np.uint8)
        crop[row, col] = 1
        count, regions = cv2.connectedComponents(crop)
        labels = regions[row, col]
        for region in range(1, count):
            here = own[labels == region]
            if len(here) < smallest:
                continue
            place = _middle(votes[:, here])
            if (np.hypot(*(place - np.reshape(found, (-1, 2))).T) >= APART).all():
                found.append(place)
    return np.array(found, np.float64).reshape(-1, 2)


def _middle(votes: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """(2,) median of (2, k) places, in a fraction of NumPy's time for few."""
    half = votes.shape[1] // 2
    if votes.shape[1] % 2:
        return np.partition(votes, half, axis=1)[:, half]
    return np.partition(votes, (half - 1, half), axis=1)[:, half - 1 : half + 1].mean(axis=1)


def _mean_by(
    owner: npt.NDArray[np.int64], evidence: Float32Array, count: int
) -> npt.NDArray[np.float64]:
    """(n, classes) mean of each owner's evidence (k, classes), scaled to sum 1."""
    order, present, first = by_owner(owner)
    sums = np.zeros((count, evidence.shape[1]))
    sums[present] = np.add.reduceat(evidence[order], first, axis=0, dtype=np.float64)
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
    best = assign(gain)
    margins = []
    for row, column in enumerate(best.columns.tolist()):
        if numbers[row].max() > 0.97 and column < classes:
            margins.append(np.inf)  # nothing near
        else:
            other = column if column < classes else slice(classes, None)
            margins.append(best.margin(row, other))
    return [column if column < classes else -1 for column in best.columns.tolist()], margins
