"""Measurements of teeth: sizes, long axes, neighbours, gaps and third molars.

The magnification of a panoramic radiograph varies across the image, and objects that lie across
the arch are distorted: lengths and angles compare teeth of one radiograph, and millimetres are
always uncalibrated. `docs/reference/measurements.md` has the definitions. DMFT is not computed,
because caries is not looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from panodent.analysis.dentition_stage import erupted
from panodent.analysis.long_axis import long_axis, tilt, turned
from panodent.analysis.measurements import (
    Gap,
    Measurements,
    Neighbour,
    ThirdMolar,
    ToothMeasure,
)
from panodent.dentition import ARCHES, PERMANENT, TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray, Float64Array

MIN_TEETH_FOR_PLANE = 3
"""Fewest teeth of a jaw from which the occlusal plane is determined."""
NO_PLANE = "too few teeth to determine the occlusal plane; the image rows are used instead"
UNCALIBRATED = "millimetres are uncalibrated: panoramic magnification varies across the image"

WINTER_CLASSES = (
    (-10, 10, "vertical"),
    (11, 79, "mesioangular"),
    (80, 100, "horizontal"),
    (-79, -11, "distoangular"),
)
"""First and last whole degree of each of Winter's classes; all other angles are "other"."""


def measure(teeth: Teeth, spacing: tuple[float, float] | None = None) -> Measurements:
    """Measures every tooth and the dentition; `spacing` is (row, column) mm of a pixel, or None.

    Neighbours are those in the row of erupted teeth: in each position the permanent tooth if it has
    erupted, else the deciduous one, else the unerupted permanent tooth. A tooth below or beside the
    one that counts has no neighbours. Of several teeth with one number the largest is taken.

    >>> block = np.ones((60, 20), bool)
    >>> teeth = Teeth.from_masks((99, 99), [(11, block, (20, 10)), (12, block, (20, 40))])
    >>> tooth = measure(teeth).teeth[0]
    >>> tooth.length, tooth.width, tooth.distal
    (60.0, 20.0, Neighbour(fdi=12, gap=10.0, overlap=0))
    """
    axes = [long_axis(teeth, index) for index in range(len(teeth))]
    out = erupted(teeth)
    plane, notes = _occlusal_plane(teeth.select(out))
    present = _present(teeth)
    found = [_tooth_measure(teeth, index, axes[index], plane) for index in range(len(teeth))]
    gaps = []
    for arch in ARCHES:
        row = _row(arch, present, out)
        for (place, first), (next_place, second) in pairwise(row):
            one, two = present[first], present[second]
            distance, shared = _distance(teeth, one, two)
            found[one] = _with_neighbour(found[one], second, distance, shared)
            found[two] = _with_neighbour(found[two], first, distance, shared)
            if between := arch[place + 1 : next_place]:
                usual = (found[one].width + found[two].width) / 2
                gaps.append(Gap(between, (first, second), distance, round(distance / usual, 2)))
    found = [replace(tooth, erupted=bool(is_out)) for tooth, is_out in zip(found, out, strict=True)]
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
    """FDI number -> position of the tooth in the record, the largest of several."""
    order = np.argsort(teeth.areas, kind="stable")
    return {int(teeth.fdi[i]): int(i) for i in order if int(teeth.fdi[i]) != UNNUMBERED}


def _row(arch: Sequence[int], present: dict[int, int], out: BoolArray) -> list[tuple[int, int]]:
    """(place in the arch, FDI number) of the tooth that counts in each place where there is one."""
    row = []
    for place, fdi in enumerate(arch):
        deciduous = fdi + 40 if fdi + 40 in TEETH else fdi
        if deciduous in present and not (fdi in present and out[present[fdi]]):
            row.append((place, deciduous))
        elif fdi in present:
            row.append((place, fdi))
    return row


# --- one tooth -----------------------------------------------------------------------------------


def _tooth_measure(
    teeth: Teeth, index: int, axis: Float64Array | None, plane: float
) -> ToothMeasure:
    """One tooth without its neighbours; `axis` is its `long_axis`, `plane` is in degrees."""
    fdi = int(teeth.fdi[index])
    top, left, bottom, right = teeth.boxes[index].tolist()
    points = np.argwhere(teeth.masks[index])[:, ::-1] + (left + 0.5, top + 0.5)
    along = axis if axis is not None else np.array([0.0, 1.0])
    across = np.array([-along[1], along[0]])
    lengths = [float(np.ptp(points @ direction)) + 1 for direction in (along, across)]
    leaning = None if axis is None or fdi == UNNUMBERED else tilt(fdi, axis, plane)
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
        None if leaning is None else round(leaning, 2),
        round(float(lengths[0]), 2),
        round(float(lengths[1]), 2),
    )


def _angle(axis: Float64Array, plane: float) -> float:
    """Degrees between axis and occlusal plane, 0 to 90."""
    turn = np.deg2rad(plane)
    return float(
        np.rad2deg(np.arccos(min(abs(axis[0] * np.cos(turn) + axis[1] * np.sin(turn)), 1.0)))
    )


def _occlusal_plane(teeth: Teeth) -> tuple[float, tuple[str, ...]]:
    """Angle of the occlusal plane to the image rows in degrees, clockwise positive, and notes.

    It is the median slope between crown ends of teeth of the same jaw that are at least a tenth of
    the image's width apart. A crown's end is the middle of the tenth of its rows that is nearest to
    the other jaw.
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
        if len(ends) < MIN_TEETH_FOR_PLANE:
            continue
        one, two = np.triu_indices(len(ends), 1)
        run, rise = (ends[two] - ends[one]).T
        far = np.abs(run) > 0.1 * teeth.size[1]
        slopes += (rise[far] / run[far]).tolist()
    if not slopes:
        return 0.0, (NO_PLANE,)
    return float(np.rad2deg(np.arctan(np.median(slopes)))), ()


def _crown_end(teeth: Teeth, index: int, upper: bool) -> tuple[float, float]:
    """(x, y) of the end of a tooth's crown."""
    top, left, bottom, _ = teeth.boxes[index].tolist()
    rows = max((bottom - top) // 10, 1)
    part = teeth.masks[index][-rows:] if upper else teeth.masks[index][:rows]
    return left + float(np.nonzero(part)[1].mean()) + 0.5, float(bottom if upper else top)


# --- neighbouring teeth --------------------------------------------------------------------------


def _distance(teeth: Teeth, one: int, two: int) -> tuple[float, int]:
    """Shortest distance of two teeth in pixels, 0 where they touch, and their common pixels.

    `one` and `two` are positions in the record.
    """
    import cv2

    boxes = teeth.boxes[[one, two]]
    top, left = boxes[:, :2].min(axis=0)
    bottom, right = boxes[:, 2:].max(axis=0)
    first, second = (_mask_in(teeth, i, top, left, bottom, right) for i in (one, two))
    away = cv2.distanceTransform((~first).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    shortest = float(away[second].min())
    return round(max(shortest - 1, 0.0), 2), int((first & second).sum())


def _mask_in(teeth: Teeth, index: int, top: int, left: int, bottom: int, right: int) -> BoolArray:
    """The mask of a tooth in the part of the image from (top, left) to (bottom, right)."""
    image = np.zeros((bottom - top, right - left), bool)
    row0, col0, row1, col1 = teeth.boxes[index] - (top, left, top, left)
    image[row0:row1, col0:col1] = teeth.masks[index]
    return image


def _with_neighbour(tooth: ToothMeasure, other: int, distance: float, shared: int) -> ToothMeasure:
    """The tooth with tooth number `other` as its mesial or distal neighbour."""
    neighbour = Neighbour(other, distance, shared)
    same = TEETH[tooth.fdi].side == TEETH[other].side
    outwards = same and other % 10 > tooth.fdi % 10
    return replace(tooth, distal=neighbour) if outwards else replace(tooth, mesial=neighbour)


def _third_molars(found: Sequence[ToothMeasure], present: dict[int, int]) -> tuple[ThirdMolar, ...]:
    """Third molars whose second molar has erupted, where both have a tilt."""
    result = []
    for fdi in (18, 28, 38, 48):
        if fdi not in present or fdi - 1 not in present:
            continue
        third, second = found[present[fdi]].tilt, found[present[fdi - 1]].tilt
        if not found[present[fdi - 1]].erupted:
            continue  # a germ behind a germ: Winter's classes are of impacted teeth
        if third is not None and second is not None:
            angle = turned(third, second)
            result.append(ThirdMolar(fdi, round(angle, 2), winter_class(angle)))
    return tuple(result)


def winter_class(angle: float) -> str:
    """Winter's class for an angle in degrees between the third and the second molar.

    Sources: Winter 1926, Principles of exodontia as applied to the impacted mandibular third molar;
    the bounds are those of Quek et al. 2003, Int J Oral Maxillofac Surg 32:548-552.

    >>> [winter_class(angle) for angle in (0, 45, 90, -30, 150)]
    ['vertical', 'mesioangular', 'horizontal', 'distoangular', 'other']
    """
    whole = round(angle)
    for low, high, name in WINTER_CLASSES:
        if low <= whole <= high:
            return name
    return "other"
