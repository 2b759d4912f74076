"""Where the crown and the root of each tooth end, in units in which angles are true.

Some data sets, such as UFBA-425, are squeezed into a square: teeth look half as wide as they are,
and every angle is wrong. Such radiographs are recognised by the shape of their teeth, and their
columns are stretched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from panodent.analysis.long_axis import axis_of, crown_share, moments_of, tilt
from panodent.dentition import TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray, Float64Array
from panodent.utils.percentiles import median

SHAPES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "upper": (0.39, 0.36, 0.36, 0.44, 0.43, 0.64, 0.65),
        "lower": (0.37, 0.39, 0.40, 0.45, 0.54, 0.90, 0.98),
    }
)
"""Width of a tooth's box divided by its height, by position. Medians over UFBA-425 at 2:1."""
LEAST_SHAPE = 0.62
"""Below this median share of the usual shape, a radiograph is squeezed. Over UFBA-425 at 2:1 the
median was 0.65 to 1.39, at 1:1 half of that."""
FEWEST_SHAPES = 6
"""Fewer teeth tell nothing about the shape of a radiograph's pixels."""
USUAL_RATIO = 2.0
"""Width of a panoramic radiograph divided by its height, to which a squeezed one is stretched."""
SAMPLES = 64
"""Masks are thinned to about this many rows and columns: enough for angles and lengths."""


@dataclass(frozen=True, eq=False)
class ToothExtent:
    """The extent of one tooth. Rows are pixels, columns are pixels times the stretch.

    x : the mean of its columns.
    crown : how far its crown reaches towards the other jaw.
    apex : how far its root reaches away from the other jaw.
    area : of its mask in these units.
    axis : unit vector (x, y) from crown to root; None for a round mask.
    length : its extent along its axis; of the rows without one.
    mask : (h, w) bool, its pixels, thinned.
    corner : (x, y) of the first pixel of this mask.
    pitch : (x, y), how far its columns and rows are apart.
    """

    fdi: int
    x: float
    crown: float
    apex: float
    area: float
    axis: Float64Array | None
    length: float
    mask: BoolArray
    corner: tuple[float, float]
    pitch: tuple[float, float]

    @property
    def upper(self) -> bool:
        """Whether its number is of the upper jaw."""
        return TEETH[self.fdi].jaw == "upper"

    @property
    def points(self) -> Float64Array:
        """(n, 2) the (x, y) of its pixels, thinned."""
        rows, cols = np.nonzero(self.mask)
        x = cols * self.pitch[0] + self.corner[0]
        y = rows * self.pitch[1] + self.corner[1]
        return np.stack([x, y], axis=1)

    @property
    def tilt(self) -> float | None:
        """Degrees from the columns to its crown, positive mesially."""
        return self.tilt_as(self.fdi)

    def tilt_as(self, fdi: int) -> float | None:
        """The same, positive towards the mesial side of tooth `fdi`."""
        return None if self.axis is None else tilt(fdi, self.axis)

    @property
    def coronal_share(self) -> float:
        """Pixels at the end that is taken for the crown, divided by those at the other end."""
        return 1.0 if self.axis is None else crown_share(self.points @ self.axis)

    def widths(self, parts: int = 10) -> Float64Array:
        """(parts,) width across the axis in each part of its length, from crown to root."""
        along = np.array([0.0, -1.0 if self.upper else 1.0]) if self.axis is None else self.axis
        points = self.points
        places = points @ along
        across = points @ np.array([-along[1], along[0]])
        share = (places - places.min()) / max(float(np.ptp(places)), 1e-9)
        part = np.minimum((share * parts).astype(int), parts - 1)
        return np.array(
            [np.ptp(across[part == i]) if (part == i).any() else 0 for i in range(parts)]
        )


def tooth_extents(teeth: Teeth, erupted: BoolArray) -> list[ToothExtent | None]:
    """The extent of each tooth; None for teeth without a number.

    `erupted` (n,) are those by which the shape of the pixels is judged.
    """
    stretch = column_stretch(teeth, erupted)
    return [
        None
        if fdi == UNNUMBERED
        else _extent(fdi, (float(left) * stretch, float(top)), mask, stretch)
        for fdi, (top, left, _, _), mask in teeth
    ]


def column_stretch(teeth: Teeth, erupted: BoolArray) -> float:
    """By which factor columns are squeezed compared with rows; 1 where they are not.

    >>> tall = np.ones((80, 12), bool)
    >>> jaw = [(fdi, tall, (5, 15 * i)) for i, fdi in enumerate((15, 14, 13, 12, 11, 21, 22))]
    >>> column_stretch(Teeth.from_masks((120, 120), jaw), np.ones(7, bool))
    2.0
    """
    shapes = []
    for (fdi, (top, left, bottom, right), _), out in zip(teeth, erupted.tolist(), strict=True):
        if out and fdi != UNNUMBERED and not TEETH[fdi].deciduous and fdi % 10 < 8:
            usual = SHAPES[TEETH[fdi].jaw][fdi % 10 - 1]
            shapes.append(float(right - left) / float(bottom - top) / usual)
    if len(shapes) < FEWEST_SHAPES or float(median(shapes)) >= LEAST_SHAPE:
        return 1.0
    height, width = teeth.size
    return max(USUAL_RATIO * height / width, 1.0)


def _extent(fdi: int, corner: tuple[float, float], mask: BoolArray, stretch: float) -> ToothExtent:
    step = [max(side // SAMPLES, 1) for side in mask.shape]
    thin = np.ascontiguousarray(mask[:: step[0], :: step[1]])
    if not thin.any():
        step, thin = [1, 1], mask
    pitch = step[1] * stretch, float(step[0])
    moments = moments_of(thin)
    axis = axis_of(thin, moments, fdi, pitch)
    rows = np.flatnonzero(thin.any(axis=1))
    top, bottom = (float(rows[end]) * pitch[1] + corner[1] for end in (0, -1))
    crown, apex = (bottom, -top) if TEETH[fdi].jaw == "upper" else (-top, bottom)
    return ToothExtent(
        fdi,
        moments["m10"] / moments["m00"] * pitch[0] + corner[0],
        crown,
        apex,
        float(np.count_nonzero(mask)) * stretch,
        axis,
        _length(thin, rows, pitch, (0.0, 1.0) if axis is None else axis.tolist()),
        thin,
        corner,
        pitch,
    )


def _length(
    mask: BoolArray,
    rows: npt.NDArray[np.intp],
    pitch: tuple[float, float],
    along: Sequence[float],
) -> float:
    """The extent of a mask along a direction (x, y); `rows` are those that have pixels."""
    # In any direction, the outermost pixel of a row is its first or its last one.
    first = mask.argmax(axis=1)[rows]
    last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)[rows]
    down = rows * (pitch[1] * along[1])
    places = np.concatenate([down + end * (pitch[0] * along[0]) for end in (first, last)])
    return float(places.max() - places.min()) + 1
