"""Groups pixels to teeth by predicted centres, then numbers all teeth together.

A network often labels a tooth beside a gap half 46, half 47. Networks with offset planes also
predict, at each pixel, where the centre of that pixel's tooth lies; pixels that vote for one centre
form one tooth, which gets one number. The grouping follows Cheng et al. 2020 (Panoptic-DeepLab,
arXiv:1911.10194). All arrays have the network's resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from panodent.bundle.frame import OFFSET_UNIT
from panodent.inference.assignment import Assignment, assign
from panodent.inference.pixel_owners import PixelOwners, sort_by_owner
from panodent.inference.softmax import Probabilities
from panodent.utils.arrays import BoolArray, Float32Array
from panodent.utils.percentiles import median

MIN_SHARE = 0.0006
"""Smallest tooth as a share of the radiograph's area; the smallest annotated ones have 0.001."""
MIN_AREA = 0.2
"""Smallest area, as a share of the median tooth's."""
MIN_MASS = 0.2
"""Smallest score times area, as a share of the median area: small teeth need high scores."""
PEAK_RADIUS = 2
"""Votes are searched for peaks of this radius, in network pixels; crowded lower incisors have a
distance of 4."""
MIN_VOTES = 1.2
"""Fewest votes at a centre, per pixel, after the blur that joins neighbouring votes."""
MIN_DISTANCE = 3.5
"""A region of one number adds a centre when its votes lie this far from all others, in pixels."""
VOTE_SD = 2.0
"""Standard deviation of votes about their centre, in network pixels."""
MIN_PROBABILITY = 0.1
"""A tooth gets no number when the only free ones are less probable than this."""
MIN_UNNUMBERED_AREA = 0.45
"""Smallest area of a tooth without a number, as a share of the median tooth's."""
MAX_MARGIN = 4.0
"""Second readings that lose more log probability are not sought: their margin is infinite."""
_EPSILON = 1e-6
_SINGLE_THREAD_LIMIT = 200_000
"""Multiply-adds that OpenBLAS computes in the calling thread (its limit is 262,144)."""


@dataclass(frozen=True)
class ToothInstance:
    """A tooth at the network's resolution.

    number : index of its class (0 is the first tooth), -1 when no number fits.
    lead : float32 (rows, cols), log likelihood of this tooth minus that of the best alternative;
        above 0 inside the tooth.
    corner : (row, column) of `lead` in the network's plane.
    score : probability that this is a tooth of that number, 0 to 1, not calibrated.
    margin, other : the best numbering in which this tooth has another number: the log probability
        lost by it, infinite above `MAX_MARGIN`, and the index of that number, -1 if there is none.
    """

    number: int
    lead: Float32Array
    corner: tuple[int, int]
    score: float
    margin: float = np.inf
    other: int = -1


def find_teeth(
    probability: Probabilities, none: Float32Array, offsets: Float32Array
) -> list[ToothInstance]:
    """The teeth of a network's output; no number appears twice.

    `probability` is that of 1 + classes logits (h, w), the first "no tooth", which is `none` (h,
    w); `offsets` float32 (2, h, w) as x, y in units of `panodent.bundle.frame.OFFSET_UNIT` pixels.
    """
    inside = none < 0.5
    owner, likely, numbers = group_pixels(probability, inside, offsets)
    if not len(numbers):
        return []
    areas = np.bincount(owner, minlength=len(numbers))
    smallest = max(MIN_SHARE * none.size, 4.0)
    big = areas[areas >= smallest]
    usual = float(median(big)) if len(big) else 0.0
    kept = np.flatnonzero(areas >= max(smallest, MIN_AREA * usual))
    readings = number_teeth(numbers[kept], areas[kept] / max(usual, 1.0))
    tooth = np.bincount(owner, 1 - none[inside], minlength=len(numbers))
    certainty = tooth / np.maximum(areas, 1)
    owners = PixelOwners(inside, owner, likely, none)
    result = []
    for index, (number, margin, other) in zip(kept.tolist(), readings, strict=True):
        if number < 0 and areas[index] < MIN_UNNUMBERED_AREA * usual:
            continue
        score = certainty[index] * numbers[index, number if number >= 0 else slice(None)].max()
        if score * areas[index] < MIN_MASS * usual:
            continue
        lead, corner = owners.lead(index)
        result.append(ToothInstance(number, lead, corner, float(score), margin, other))
    return result


# --- grouping ----------------------------------------------------------------------------------


def group_pixels(
    probability: Probabilities, inside: BoolArray, offsets: Float32Array
) -> tuple[npt.NDArray[np.int64], Float32Array, npt.NDArray[np.float64]]:
    """Groups the k pixels `inside` (h, w) to n teeth; see `find_teeth`.

    Returns the tooth of each pixel (k,), the log likelihood of each tooth at each pixel (k, n), and
    the probability of each number for each tooth (n, classes).
    """
    here = np.flatnonzero(inside)
    rows, cols = np.divmod(here, inside.shape[1])
    none, teeth = np.split(probability.at_pixels(here), [1])
    evidence = np.ascontiguousarray(teeth.T)
    leaning = offsets.reshape(2, -1).take(here, axis=1)
    votes = np.stack([cols, rows]).astype(np.float32) + OFFSET_UNIT * leaning
    best = evidence.argmax(axis=1)
    sure = evidence[np.arange(len(best)), best] > none[0]
    best = np.where(sure, best + 1, 0)
    size = (inside.shape[0], inside.shape[1])
    centres = _add_region_centres(
        find_centres(votes, size), votes, rows, cols, best, MIN_SHARE * inside.size
    )
    if not len(centres):
        return np.zeros(0, np.int64), np.zeros((0, 0), np.float32), np.zeros((0, len(teeth)))
    near = _vote_log_likelihood(votes, centres)
    # A pixel belongs to the tooth that its number and its vote fit best.
    numbers = _mean_by_owner(near.argmax(axis=1), evidence, len(centres))
    likely = _matmul_single_thread(evidence, numbers.T.astype(np.float32))
    likely += np.float32(_EPSILON)
    np.log(likely, out=likely)
    likely += near
    owner = likely.argmax(axis=1)
    return owner, likely, _mean_by_owner(owner, evidence, len(centres))


def _matmul_single_thread(left: Float32Array, right: Float32Array) -> Float32Array:
    """left (k, c) @ right (c, n), a few rows at a time.

    For the whole product OpenBLAS would start its threads, which then wait actively for more work
    and slow the network's threads down for longer than the product takes.
    """
    result = np.empty((len(left), right.shape[1]), np.float32)
    rows = max(_SINGLE_THREAD_LIMIT // right.size, 1) if right.size else len(left)
    for start in range(0, len(left), rows):
        np.matmul(left[start : start + rows], right, out=result[start : start + rows])
    return result


def _vote_log_likelihood(votes: Float32Array, centres: npt.NDArray[np.float64]) -> Float32Array:
    """(k, n) log likelihood, up to a constant, of votes (2, k) for centres (n, 2)."""
    near = np.empty((votes.shape[1], len(centres)), np.float32)
    for column, (x, y) in enumerate(centres.astype(np.float32)):
        near[:, column] = np.square(votes[0] - x) + np.square(votes[1] - y)
    near *= np.float32(-0.5 / VOTE_SD**2)
    return near


def find_centres(votes: npt.NDArray[np.floating], size: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Peaks of votes: (2, k) voted places (x, y) in a plane of `size` -> (n, 2) centres (x, y)."""
    import cv2

    col = np.clip(np.round(votes[0]), 0, size[1] - 1).astype(np.int64)
    row = np.clip(np.round(votes[1]), 0, size[0] - 1).astype(np.int64)
    counts = np.bincount(row * size[1] + col, minlength=size[0] * size[1]).reshape(size)
    plane = cv2.GaussianBlur(counts.astype(np.float32), (0, 0), 1.0)
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * PEAK_RADIUS + 1, 2 * PEAK_RADIUS + 1))
    peaks = (plane >= cv2.dilate(plane, shape)) & (plane >= MIN_VOTES)
    y, x = np.nonzero(peaks)
    return np.stack([x, y], axis=1).astype(np.float64)


def _add_region_centres(
    centres: npt.NDArray[np.float64],
    votes: npt.NDArray[np.floating],
    rows: npt.NDArray[np.int64],
    cols: npt.NDArray[np.int64],
    best: npt.NDArray[np.int64],
    smallest: float,
) -> npt.NDArray[np.float64]:
    """The centres, with those of regions of one number whose pixels vote for another place.

    Where two narrow teeth stand close, the votes for one can hide the peak of the other.
    `best` (k,) is each pixel's most probable class, 0 none; regions smaller than `smallest` pixels
    are ignored.
    """
    import cv2

    order, _, starts = sort_by_owner(best)
    for own in np.split(order, starts[1:]):
        if len(own) < smallest:
            continue
        row, col = rows.take(own), cols.take(own)
        row -= row[0]  # pixels come row by row
        col -= col.min()
        crop = np.zeros((row[-1] + 1, col.max() + 1), np.uint8)
        crop[row, col] = 1
        count, regions = cv2.connectedComponents(crop)
        labels = regions[row, col]
        for region in range(1, count):
            here = own[labels == region]
            if len(here) < smallest:
                continue
            place = median(votes.take(here, axis=1))
            if (np.hypot(*(place - centres).T) >= MIN_DISTANCE).all():
                centres = np.vstack([centres, place])
    return centres


def _mean_by_owner(
    owner: npt.NDArray[np.int64], evidence: Float32Array, count: int
) -> npt.NDArray[np.float64]:
    """(n, classes) mean of each owner's evidence (k, classes), scaled to sum 1."""
    order, present, first = sort_by_owner(owner)
    sums = np.zeros((count, evidence.shape[1]))
    # One owner after the other, which takes half of the time of `np.add.reduceat`.
    ranked = evidence.take(order, axis=0)
    for tooth, pixels in zip(present.tolist(), np.split(ranked, first[1:]), strict=True):
        np.add.reduce(pixels, axis=0, dtype=np.float64, out=sums[tooth])
    return sums / np.maximum(sums.sum(axis=1, keepdims=True), _EPSILON)


# --- numbering ---------------------------------------------------------------------------------


class Reading(NamedTuple):
    """A tooth's number, and the best numbering in which it has another; see `ToothInstance`."""

    number: int
    margin: float
    other: int


def number_teeth(
    numbers: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]
) -> list[Reading]:
    """Numbers n teeth together: probabilities (n, classes) -> the reading of each.

    The numbering has the greatest joint probability in which no number appears twice. `weights`
    (n,) is each tooth's area divided by the usual one: where two teeth compete for one number, a
    fragment or a deciduous tooth yields to the permanent one. Margins are not weighted: a small
    tooth is not less sure of its number.

    >>> number_teeth(np.array([[0.9, 0.1], [0.8, 0.2]]), np.ones(2))[1]._replace(margin=0)
    Reading(number=1, margin=0, other=0)
    """
    count, classes = numbers.shape
    if not count:
        return []
    gain = np.full((count, classes + count), np.log(MIN_PROBABILITY))
    gain[:, :classes] = np.log(numbers + _EPSILON)
    chosen = assign(gain * np.clip(weights, 0.2, 2.0)[:, None]).columns
    likeliest = assign(gain)
    readings = []
    for row, number in enumerate(chosen.tolist()):
        margin, other = _second_reading(likeliest, row, number, classes)
        readings.append(Reading(number if number < classes else -1, margin, other))
    return readings


def _second_reading(
    likeliest: Assignment, row: int, number: int, classes: int
) -> tuple[float, int]:
    """Margin and other number of a tooth; 0 where the likeliest numbering has another one."""
    first = int(likeliest.columns[row])
    if min(first, classes) != min(number, classes):
        return 0.0, first if first < classes else -1
    own = list(range(classes, len(likeliest.columns) + classes))
    forbidden = own if number >= classes else [number, *own]
    margin, columns = likeliest.second_best(row, forbidden, MAX_MARGIN)
    return margin, int(columns[row]) if np.isfinite(margin) else -1
