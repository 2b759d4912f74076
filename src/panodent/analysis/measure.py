"""Measures of teeth: sizes, long axes, neighbours, gaps and third molars, in pixels first.

A panoramic magnifies by an amount that varies with place and turns what lies across the arch:
lengths and angles compare teeth of one radiograph, and millimetres are always uncalibrated.
`docs/measurements.md` has the definitions. DMFT needs caries, which nothing here sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from panodent.dentition import ARCHES, PERMANENT, TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray, Float64Array

ROUND = 1.2
"""A mask whose principal axes have a smaller ratio has no long axis."""
FEWEST_FOR_PLANE = 3
"""Teeth of a jaw, at least, whose crowns say how the occlusal plane lies."""
UNCALIBRATED = "millimetres are uncalibrated: panoramic magnification varies with place"


@dataclass(frozen=True)
class Neighbour:
    """The next tooth present on one side: its number, the shortest gap and the shared pixels."""

    fdi: int
    gap: float
    overlap: int


@dataclass(frozen=True)
class ToothMeasure:
    """One tooth, in pixels and degrees; `box` is (left, top, right, bottom), half open.

    axis : unit vector (x, y) of the long axis from crown to root, None for a round mask.
    angle : between long axis and occlusal plane, 0 to 90, 90 upright.
    tilt : of the crown against the plane's perpendicular, positive towards the midline.
    length, width : extent along and across the axis (of the box for a round mask).
    """

    fdi: int
    name: str
    score: float
    flags: tuple[str, ...]
    area: int
    box: tuple[int, int, int, int]
    centroid: tuple[float, float]
    axis: tuple[float, float] | None
    angle: float | None
    tilt: float | None
    length: float
    width: float
    mesial: Neighbour | None = None
    distal: Neighbour | None = None


@dataclass(frozen=True)
class Gap:
    """Missing teeth between two present ones: their distance, and in mean widths of the two."""

    missing: tuple[int, ...]
    between: tuple[int, int]
    distance: float
    widths: float


@dataclass(frozen=True)
class ThirdMolar:
    """Winter's class of a third molar by its angle to the second; positive is tilted mesially."""

    fdi: int
    angle: float
    winter: str


@dataclass(frozen=True)
class Measurements:
    """All that `measure` finds. `occlusal_plane` is its angle to the image's rows in degrees,
    clockwise positive; `missing` are permanent teeth other than third molars."""

    size: tuple[int, int]
    occlusal_plane: float
    teeth: tuple[ToothMeasure, ...]
    missing: tuple[int, ...]
    missing_third_molars: tuple[int, ...]
    gaps: tuple[Gap, ...]
    third_molars: tuple[ThirdMolar, ...]
    spacing: tuple[float, float] | None = None
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain data; with `spacing` each tooth has its area and lengths in millimetres too."""
        data = asdict(self)
        if self.spacing is not None:
            row, col = self.spacing
            for entry in data["teeth"]:
                entry["area_mm2_uncalibrated"] = round(entry["area"] * row * col, 3)
                for name in ("length", "width"):
                    entry[f"{name}_mm_uncalibrated"] = round(entry[name] * (row + col) / 2, 3)
        return data


def measure(teeth: Teeth, spacing: tuple[float, float] | None = None) -> Measurements:
    """Measures every tooth and the dentition; `spacing` is (row, column) mm a pixel, or None.

    Neighbours are those along the arch among permanent teeth, of several with one number the
    largest. Winter's classes (Winter 1926) have the bounds of Quek et al. 2003 (Int J Oral
    Maxillofac Surg 32:548-552): mesioangular 11 to 79 degrees, horizontal 80 to 100, vertical -10
    to 10, distoangular -11 to -79, else other.
    """
    axes = [_axis(teeth, index) for index in range(len(teeth))]
    plane, notes = _occlusal_plane(teeth)
    present = _present(teeth)
    found = [_tooth(teeth, index, axes[index], plane) for index in range(len(teeth))]
    gaps = []
    for arch in ARCHES:
        for first, second in pairwise([fdi for fdi in arch if fdi in present]):
            one, two = present[first], present[second]
            distance, shared = _apart(teeth, one, two)
            found[one] = _beside(found[one], second, distance, shared)
            found[two] = _beside(found[two], first, distance, shared)
            between = arch[arch.index(first) + 1 : arch.index(second)]
            if between:
                usual = (found[one].width + found[two].width) / 2
                gaps.append(Gap(between, (first, second), distance, round(distance / usual, 2)))
    absent = [fdi for fdi in PERMANENT if fdi not in present]
    return Measurements(
        teeth.size,
        round(plane, 2),
        tuple(found),
        tuple(fdi for fdi in absent if fdi % 10 != 8),
        tuple(fdi for fdi in absent if fdi % 10 == 8),
        tuple(gaps),
        _third_molars(found, present),
        spacing,
        (*notes, UNCALIBRATED) if spacing is not None else notes,
    )


def _present(teeth: Teeth) -> dict[int, int]:
    """Permanent number -> place of the tooth, the largest of several."""
    order = np.argsort(teeth.areas, kind="stable")
    return {int(teeth.fdi[i]): int(i) for i in order if int(teeth.fdi[i]) in PERMANENT}


# --- one tooth -----------------------------------------------------------------------------------


def _tooth(teeth: Teeth, index: int, axis: Float64Array | None, plane: float) -> ToothMeasure:
    fdi = int(teeth.fdi[index])
    top, left, bottom, right = teeth.boxes[index].tolist()
    points = np.argwhere(teeth.masks[index])[:, ::-1] + (left + 0.5, top + 0.5)
    along = axis if axis is not None else np.array([0.0, 1.0])
    across = np.array([-along[1], along[0]])
    lengths = [float(np.ptp(points @ direction)) + 1 for direction in (along, across)]
    tilt = None if axis is None or fdi == UNNUMBERED else _tilt(fdi, axis, plane)
    return ToothMeasure(
        fdi,
        TEETH[fdi].name if fdi != UNNUMBERED else "unnumbered tooth",
        round(float(teeth.scores[index]), 4),
        tuple(sorted(teeth.flags[index])),
        len(points),
        (left, top, right, bottom),
        (round(float(points[:, 0].mean()), 2), round(float(points[:, 1].mean()), 2)),
        None if axis is None else (round(float(axis[0]), 4), round(float(axis[1]), 4)),
        None if axis is None else round(_angle(axis, plane), 2),
        None if tilt is None else round(tilt, 2),
        round(float(lengths[0]), 2),
        round(float(lengths[1]), 2),
    )


def _axis(teeth: Teeth, index: int) -> Float64Array | None:
    """The first principal axis of the mask's pixels, from crown to root."""
    rows, cols = np.nonzero(teeth.masks[index])
    if len(rows) < 3:
        return None
    points = np.stack([cols, rows], axis=1) - (cols.mean(), rows.mean())
    values, vectors = np.linalg.eigh(points.T @ points / len(points))
    if values[1] < ROUND**2 * max(values[0], 0.0):
        return None
    axis: Float64Array = vectors[:, 1]
    fdi = int(teeth.fdi[index])
    upwards = fdi != UNNUMBERED and TEETH[fdi].jaw == "upper"
    if abs(axis[1]) > 0.5 or fdi == UNNUMBERED:
        return axis if (axis[1] < 0) == upwards else -axis
    # A tooth that lies: its crown is the broader half.
    along, across = points @ axis, np.abs(points @ np.array([-axis[1], axis[0]]))
    return axis if across[along < 0].mean() >= across[along > 0].mean() else -axis


def _angle(axis: Float64Array, plane: float) -> float:
    turn = np.deg2rad(plane)
    return float(
        np.rad2deg(np.arccos(min(abs(axis[0] * np.cos(turn) + axis[1] * np.sin(turn)), 1.0)))
    )


def _tilt(fdi: int, axis: Float64Array, plane: float) -> float:
    """Degrees from the plane's perpendicular to the crown's direction, positive mesially."""
    turn = np.deg2rad(plane)
    rightwards = np.array([np.cos(turn), np.sin(turn)])
    mesial = rightwards if TEETH[fdi].side == "right" else -rightwards
    towards = np.array([-np.sin(turn), np.cos(turn)]) * (1 if TEETH[fdi].jaw == "upper" else -1)
    return float(np.rad2deg(np.arctan2(-axis @ mesial, -axis @ towards)))


def _occlusal_plane(teeth: Teeth) -> tuple[float, tuple[str, ...]]:
    """Angle to the image's rows: the median slope between crown ends of teeth of one jaw.

    A crown's end is the middle of the tenth of its rows that is nearest to the other jaw.
    """
    slopes: list[float] = []
    for jaw in ("upper", "lower"):
        ends = np.array(
            [
                _crown_end(teeth, index, jaw == "upper")
                for index, fdi in enumerate(teeth.fdi.tolist())
                if fdi != UNNUMBERED and TEETH[fdi].jaw == jaw and fdi % 10 != 8
            ]
        ).reshape(-1, 2)
        if len(ends) < FEWEST_FOR_PLANE:
            continue
        one, two = np.triu_indices(len(ends), 1)
        run, rise = (ends[two] - ends[one]).T
        far = np.abs(run) > 0.1 * teeth.size[1]
        slopes += (rise[far] / run[far]).tolist()
    if not slopes:
        return 0.0, ("too few teeth to tell the occlusal plane: the image's rows stand for it",)
    return float(np.rad2deg(np.arctan(np.median(slopes)))), ()


def _crown_end(teeth: Teeth, index: int, upper: bool) -> tuple[float, float]:
    top, left, bottom, _ = teeth.boxes[index].tolist()
    rows = max((bottom - top) // 10, 1)
    part = teeth.masks[index][-rows:] if upper else teeth.masks[index][:rows]
    return left + float(np.nonzero(part)[1].mean()) + 0.5, float(bottom if upper else top)


# --- teeth beside each other ---------------------------------------------------------------------


def _apart(teeth: Teeth, one: int, two: int) -> tuple[float, int]:
    """Shortest distance of two masks in pixels, 0 where they touch, and the pixels they share."""
    import cv2

    boxes = teeth.boxes[[one, two]]
    top, left = boxes[:, :2].min(axis=0)
    bottom, right = boxes[:, 2:].max(axis=0)
    first, second = (_placed(teeth, i, top, left, bottom, right) for i in (one, two))
    away = cv2.distanceTransform((~first).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    shortest = float(away[second].min())
    return round(max(shortest - 1, 0.0), 2), int((first & second).sum())


def _placed(teeth: Teeth, index: int, top: int, left: int, bottom: int, right: int) -> BoolArray:
    image = np.zeros((bottom - top, right - left), bool)
    row0, col0, row1, col1 = teeth.boxes[index] - (top, left, top, left)
    image[row0:row1, col0:col1] = teeth.masks[index]
    return image


def _beside(tooth: ToothMeasure, other: int, distance: float, shared: int) -> ToothMeasure:
    """The tooth with its neighbour entered on the side where it stands."""
    neighbour = Neighbour(other, distance, shared)
    same = TEETH[tooth.fdi].side == TEETH[other].side
    outwards = same and other % 10 > tooth.fdi % 10
    return replace(tooth, distal=neighbour) if outwards else replace(tooth, mesial=neighbour)


def _third_molars(found: Sequence[ToothMeasure], present: dict[int, int]) -> tuple[ThirdMolar, ...]:
    result = []
    for fdi in (18, 28, 38, 48):
        if fdi not in present or fdi - 1 not in present:
            continue
        third, second = found[present[fdi]].tilt, found[present[fdi - 1]].tilt
        if third is not None and second is not None:
            angle = (third - second + 180) % 360 - 180
            result.append(ThirdMolar(fdi, round(angle, 2), winter(angle)))
    return tuple(result)


def winter(angle: float) -> str:
    """Winter's class for an angle in degrees between the third and the second molar.

    >>> [winter(angle) for angle in (0, 45, 90, -30, 150)]
    ['vertical', 'mesioangular', 'horizontal', 'distoangular', 'other']
    """
    whole = round(angle)
    for low, high, name in (
        (-10, 10, "vertical"),
        (11, 79, "mesioangular"),
        (80, 100, "horizontal"),
        (-79, -11, "distoangular"),
    ):
        if low <= whole <= high:
            return name
    return "other"
