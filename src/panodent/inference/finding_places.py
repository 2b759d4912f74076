"""Where findings belong: the number of a tooth, or of a missing tooth's position, at each pixel.

Planes have the findings network's resolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from panodent.bundle.findings_network import WHOLE, Part
from panodent.inference.arch_layout import (
    JAWS,
    Anchor,
    ArchLayout,
    anchors,
    arch_layout,
    midline_of,
)
from panodent.teeth.findings import NOWHERE
from panodent.teeth.masks import bounding_box
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray, Float64Array
from panodent.utils.percentiles import median

Sizes = Mapping[int, tuple[float, float]]

REACH = 0.012
"""Pixels this near to a tooth, as a share of the width, belong to it."""

ONE_JAW = 0.7
"""A region with at least this share of its pixels in one jaw belongs to that jaw."""


@dataclass(frozen=True)
class Places:
    """The planes of one radiograph.

    teeth : int16 (h, w), number of the tooth at or near each pixel, 0 for none.
    positions : jaw -> int16 (w,), the nearest position without a tooth.
    empty : jaw -> int16 (w,), the nearest position without a tooth and without an implant.
    upper : (h, w) bool, whether a pixel is above the chewing surfaces.
    """

    teeth: npt.NDArray[np.int16]
    positions: Mapping[str, npt.NDArray[np.int16]]
    empty: Mapping[str, npt.NDArray[np.int16]]
    upper: BoolArray

    def of(self, kind: str, region: BoolArray, window: Part = WHOLE) -> npt.NDArray[np.int16]:
        """int16 (r, c): where a region (r, c) of a kind belongs, pixel by pixel.

        `window` are its rows and columns in the planes. A region that lies mostly in one jaw
        belongs to that jaw as a whole.
        """
        upper = self.upper[window]
        share = np.count_nonzero(upper & region) / np.count_nonzero(region)
        numbers = self.empty if kind == "pontic" else self.positions
        above, below = (numbers[jaw][window[1]] for jaw in ("upper", "lower"))
        if 1 - ONE_JAW < share < ONE_JAW:
            plane = np.where(upper, above, below)
        else:
            plane = np.broadcast_to(above if share > 0.5 else below, region.shape)
        if kind == "pontic":
            return plane
        teeth = self.teeth[window]
        return np.where(teeth != NOWHERE, teeth, plane).astype(np.int16)


@dataclass(frozen=True)
class Arches:
    """Both jaws of a radiograph in the units of a plane.

    size : (h, w) of the plane.
    known : the teeth found.
    sizes : usual (height, width) of teeth by FDI number, as shares of the radiograph's.
    curve : (w,) row of the chewing surfaces at each column.
    """

    size: tuple[int, int]
    known: Sequence[Anchor]
    sizes: Sizes
    curve: Float64Array

    @classmethod
    def of(cls, teeth: Teeth, size: tuple[int, int], sizes: Sizes, metal: BoolArray) -> Arches:
        """The jaws of found teeth; `metal` (h, w) marks crowns, which help without teeth."""
        known = anchors(teeth, size[1] / teeth.size[1])
        return cls(size, known, sizes, _occlusal_curve(teeth, size, metal))

    def is_upper(self, mask: BoolArray) -> bool:
        """Whether a mask (h, w) lies in the upper jaw."""
        rows, cols = np.nonzero(mask)
        return bool(rows.mean() < self.curve[round(float(cols.mean()))])

    def neck(self, mask: BoolArray) -> float:
        """x of a mask's end at the chewing surface."""
        rows, cols = np.nonzero(mask)
        fifth = max(int(np.ptp(rows)) // 5, 1)
        near = rows >= rows.max() - fifth if self.is_upper(mask) else rows <= rows.min() + fifth
        return float(cols[near].mean()) + 0.5

    def implant_numbers(self, masks: Sequence[BoolArray]) -> list[int]:
        """The position in which each implant stands, 0 where none is near."""
        result = [NOWHERE] * len(masks)
        if not masks:
            return result
        layouts = self._layouts(self.known)
        for jaw in JAWS:
            here = [i for i, mask in enumerate(masks) if self.is_upper(mask) == (jaw == "upper")]
            numbers = layouts[jaw].assigned([self.neck(masks[i]) for i in here])
            for index, number in zip(here, numbers, strict=True):
                result[index] = number
        return result

    def places(
        self, teeth: Teeth, owners: npt.NDArray[np.int16], implants: Sequence[Anchor]
    ) -> Places:
        """The planes; `owners` (h, w) is the tooth of each pixel, -1 none."""
        fixed = [*self.known, *implants]
        positions = empty = self._columns(self._layouts(fixed))
        if implants:
            standing = {number for number, _ in self.known}
            positions = self._columns(self._layouts(fixed, standing))
        return Places(
            _near_teeth(owners, teeth),
            positions,
            empty,
            np.arange(self.size[0])[:, None] < self.curve[None],
        )

    def _layouts(
        self, fixed: Sequence[Anchor], taken: set[int] | None = None
    ) -> dict[str, ArchLayout]:
        width = self.size[1]
        midline = midline_of(fixed, width)
        return {jaw: arch_layout(jaw, fixed, self.sizes, width, midline, taken) for jaw in JAWS}

    def _columns(self, layouts: Mapping[str, ArchLayout]) -> dict[str, npt.NDArray[np.int16]]:
        """Jaw -> the free position at each column, 0 for none."""
        return {jaw: layout.columns(self.size[1]) for jaw, layout in layouts.items()}


def tooth_plane(teeth: Teeth, plane: tuple[int, int]) -> npt.NDArray[np.int16]:
    """int16 (h, w): which tooth a pixel belongs to, -1 for none; small teeth are on top."""
    owners = np.full(plane, -1, np.int16)
    # The row and column of the radiograph at the middle of each pixel of the plane.
    rows, cols = (
        ((np.arange(small) + 0.5) * large / small).astype(int)
        for small, large in zip(plane, teeth.size, strict=True)
    )
    tops, bottoms = np.searchsorted(rows, teeth.boxes[:, ::2]).T.tolist()
    lefts, rights = np.searchsorted(cols, teeth.boxes[:, 1::2]).T.tolist()
    for index in np.argsort(-teeth.areas, kind="stable").tolist():
        row, col = slice(tops[index], bottoms[index]), slice(lefts[index], rights[index])
        top, left = teeth.boxes[index, :2]
        mask = teeth.masks[index].take(rows[row] - top, axis=0).take(cols[col] - left, axis=1)
        owners[row, col][mask] = index
    return owners


def _near_teeth(owners: npt.NDArray[np.int16], teeth: Teeth) -> npt.NDArray[np.int16]:
    """int16 (h, w): number of the tooth at or near each pixel, 0 for none (or without number)."""
    import cv2

    near = np.full(owners.shape, NOWHERE, np.int16)
    box = bounding_box(owners >= 0)
    if box is None:
        return near
    reach = REACH * owners.shape[1]
    more = ceil(reach)
    here = (
        slice(max(box[0] - more, 0), box[2] + more),
        slice(max(box[1] - more, 0), box[3] + more),
    )
    inside = owners[here] >= 0
    away, nearest = cv2.distanceTransformWithLabels(
        (~inside).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    at = np.zeros(int(nearest.max()) + 1, np.int16)
    at[nearest[inside]] = teeth.fdi[owners[here][inside]]
    near[here] = np.where(away <= reach, at[nearest], NOWHERE)
    return near


def _occlusal_curve(teeth: Teeth, size: tuple[int, int], metal: BoolArray) -> Float64Array:
    """(w,) row of the chewing surfaces at each column.

    A parabola through the edges of crowns of both jaws, a level line where they lie close
    together; between restorations or in the middle without teeth.
    """
    scale = size[0] / teeth.size[0], size[1] / teeth.size[1]
    points = []
    for fdi, (top, left, bottom, right), _ in teeth:
        if fdi:
            edge = bottom if fdi // 10 in (1, 2, 5, 6) else top
            points.append(((left + right) / 2 * scale[1], edge * scale[0]))
    columns = np.arange(size[1])
    if not points:
        rows = np.flatnonzero(metal.any(axis=1))
        level = float(rows.mean()) if rows.size else size[0] / 2
        return np.full(size[1], level)
    x, y = np.array(points).T
    if len(points) < 8 or np.ptp(x) < 0.4 * size[1]:
        return np.full(size[1], float(median(y)))
    middle, half = (x.min() + x.max()) / 2, np.ptp(x) / 2
    curve = np.polyfit((x - middle) / half, y, 2)
    return np.polyval(curve, (np.clip(columns, x.min(), x.max()) - middle) / half)
