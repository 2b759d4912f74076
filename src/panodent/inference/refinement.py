"""Refines the outline of each tooth in its own crop, with a second, small network.

The first network answers at half of its frame's resolution, where a lower incisor is about 4 pixels
wide. The refiner sees one tooth at a time, enlarged to `CROP`: the radiograph's own pixels, and
what the first network says of this tooth, of its neighbours and of the background. Neither number
nor score of a tooth changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.inference.instances import ToothInstance
from panodent.radiograph.resampling import resized
from panodent.utils.arrays import Float32Array, Float64Array, FloatImage
from panodent.utils.percentiles import median

CROP = (128, 64)
"""(height, width) of the refiner's input."""
CHANNELS = 4
"""Pixels, lead of this tooth, largest lead of any other tooth, log odds of any tooth."""
MARGIN = (0.14, 0.24)
"""Added on each side of a tooth's box, as a share of its height and width."""
LEAST_MARGIN = 1.5
"""Added at least, in pixels of the first network's planes."""
LIMIT = 6.0
"""Leads and log odds beyond this limit are cut off."""

Refiner = Callable[[Float32Array], Float32Array]
"""Crops (n, CHANNELS, height, width) -> logits (n, 2, h, w): not this tooth, this tooth."""


@dataclass(frozen=True)
class CropPlace:
    """Where a crop lies: (top, left, bottom, right) in plane pixels, and how it is oriented.

    Lower teeth are turned upside down and teeth of the patient's left side mirrored, so that every
    crop shows a tooth of the upper right quadrant.
    """

    box: tuple[float, float, float, float]
    upside_down: bool = False
    mirrored: bool = False

    def oriented(self, image: npt.NDArray) -> npt.NDArray:
        """An image (rows, columns, ...) in the orientation of the crop, or back from it."""
        image = image[::-1] if self.upside_down else image
        return image[:, ::-1] if self.mirrored else image

    def widened(self, share: float) -> CropPlace:
        """The place, longer and wider on each side by a share of its height and width."""
        top, left, bottom, right = self.box
        high, wide = share * (bottom - top), share * (right - left)
        box = (top - high, left - wide, bottom + high, right + wide)
        return CropPlace(box, self.upside_down, self.mirrored)

    def scaled(self, scale_y: float, scale_x: float) -> CropPlace:
        """The same place in an image that is larger than the plane by these factors."""
        top, left, bottom, right = self.box
        box = (top * scale_y, left * scale_x, bottom * scale_y, right * scale_x)
        return CropPlace(box, self.upside_down, self.mirrored)

    def moved(self, rows: float, columns: float) -> CropPlace:
        """The place in an image whose first pixel is (rows, columns) of this one."""
        top, left, bottom, right = self.box
        box = (top - rows, left - columns, bottom - rows, right - columns)
        return CropPlace(box, self.upside_down, self.mirrored)

    def cut(self, image: npt.NDArray, shape: tuple[int, int]) -> npt.NDArray:
        """The place's part of an image (rows, columns, ...), oriented, resampled to `shape`."""
        import cv2

        top, left, bottom, right = self.box
        scale_y, scale_x = (bottom - top) / shape[0], (right - left) / shape[1]
        to_image = np.array(
            [[scale_x, 0, left + scale_x / 2 - 0.5], [0, scale_y, top + scale_y / 2 - 0.5]]
        )
        seen = cv2.warpAffine(
            image,
            to_image,
            shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return self.oriented(seen)


def crop_place(tooth: ToothInstance, classes: Sequence[int], plane: tuple[int, int]) -> CropPlace:
    """The crop of a tooth in a plane of (height, width)."""
    inside = tooth.lead > 0
    rows, cols = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    top, bottom = (rows[0], rows[-1] + 1) if len(rows) else (0, inside.shape[0])
    left, right = (cols[0], cols[-1] + 1) if len(cols) else (0, inside.shape[1])
    high = max(MARGIN[0] * (bottom - top), LEAST_MARGIN)
    wide = max(MARGIN[1] * (right - left), LEAST_MARGIN)
    row, col = tooth.corner
    box = (row + top - high, col + left - wide, row + bottom + high, col + right + wide)
    if tooth.number < 0:
        lower, left_side = box[0] + box[2] > plane[0], box[1] + box[3] > plane[1]
    else:
        quadrant = (classes[tooth.number] // 10 - 1) % 4 + 1
        lower, left_side = quadrant in (3, 4), quadrant in (2, 3)
    return CropPlace(tuple(map(float, box)), bool(lower), bool(left_side))  # type: ignore[arg-type]


def tooth_crops(
    pixels: FloatImage,
    none: Float32Array,
    teeth: Sequence[ToothInstance],
    places: Sequence[CropPlace],
    shape: tuple[int, int] = CROP,
) -> Float32Array:
    """What the refiner sees of each tooth: float32 (n, CHANNELS, *shape).

    pixels : (H, W) in [0, 1], the whole radiograph.
    places : of the teeth; fewer than teeth for the crops of the first ones alone.
    none : (h, w) probability of "no tooth" by the first network, over the whole radiograph.
    """
    clipped = np.clip(none, 1e-4, 1 - 1e-4)
    odds = np.clip(np.log1p(-clipped) - np.log(clipped), -LIMIT, LIMIT)
    first, second, owner = _best_leads(teeth, none.shape)
    scale = pixels.shape[0] / none.shape[0], pixels.shape[1] / none.shape[1]
    factor = _whole_factor(places, scale, shape)
    scale = scale[0] / factor[0], scale[1] / factor[1]
    pixels = _shrunk(pixels, factor)
    result = np.empty((len(places), CHANNELS, *shape), np.float32)
    for index, (tooth, place) in enumerate(zip(teeth, places, strict=False)):
        rows, cols = _window(place, none.shape)
        planes = np.empty((rows.stop - rows.start, cols.stop - cols.start, 3), np.float32)
        planes[..., 0] = _lead_in(tooth, rows, cols)
        other = owner[rows, cols] != index
        planes[..., 1] = np.where(other, first[rows, cols], second[rows, cols])
        planes[..., 2] = odds[rows, cols]
        seen = place.moved(rows.start, cols.start).cut(planes, shape)
        result[index, 0] = _standardised(place.scaled(*scale).cut(pixels, shape))
        result[index, 1:] = np.moveaxis(seen, -1, 0)
    result[:, 1:] *= np.float32(2 / LIMIT)
    return result


def refined_lead(
    answer: Float32Array, place: CropPlace, size: tuple[int, int], plane: tuple[int, int]
) -> tuple[Float32Array, tuple[int, int]]:
    """A refiner's answer for one crop as a lead at the radiograph's resolution, and its corner.

    answer : float32 (h, w), above 0 where the pixel belongs to the tooth, oriented as the crop.
    size, plane : (height, width) of the radiograph and of the first network's planes.
    """
    import cv2

    scale_y, scale_x = size[0] / plane[0], size[1] / plane[1]
    top, left, bottom, right = place.scaled(scale_y, scale_x).box
    row0, col0 = max(int(np.floor(top)), 0), max(int(np.floor(left)), 0)
    row1, col1 = min(int(np.ceil(bottom)), size[0]), min(int(np.ceil(right)), size[1])
    grid_y, grid_x = answer.shape[0] / (bottom - top), answer.shape[1] / (right - left)
    to_answer: Float64Array = np.array(
        [
            [grid_x, 0, (col0 + 0.5 - left) * grid_x - 0.5],
            [0, grid_y, (row0 + 0.5 - top) * grid_y - 0.5],
        ]
    )
    lead = cv2.warpAffine(
        np.ascontiguousarray(place.oriented(answer)),
        to_answer,
        (col1 - col0, row1 - row0),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return lead, (row0, col0)


def refined_leads(
    refiner: Refiner,
    pixels: FloatImage,
    classes: Sequence[int],
    teeth: Sequence[ToothInstance],
    none: Float32Array,
) -> list[tuple[Float32Array, tuple[int, int]]]:
    """The refined lead of each tooth at the radiograph's resolution, and its corner.

    Above 0 inside the tooth. Arguments as those of `tooth_crops`; `classes` as in the bundle.
    """
    if not teeth:
        return []
    plane = (none.shape[0], none.shape[1])
    places = [crop_place(tooth, classes, plane) for tooth in teeth]
    answers = refiner(tooth_crops(pixels, none, teeth, places))
    size = (pixels.shape[0], pixels.shape[1])
    return [
        refined_lead(answer[1] - answer[0], place, size, plane)
        for answer, place in zip(answers, places, strict=True)
    ]


def _extent(tooth: ToothInstance) -> tuple[slice, slice]:
    """Rows and columns of a tooth's lead in the plane."""
    row, col = tooth.corner
    return slice(row, row + tooth.lead.shape[0]), slice(col, col + tooth.lead.shape[1])


def _window(place: CropPlace, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of an image that a place covers, with two pixels around, inside it."""
    top, left, bottom, right = place.box
    rows = slice(max(int(top) - 2, 0), max(min(int(np.ceil(bottom)) + 2, shape[0]), 1))
    cols = slice(max(int(left) - 2, 0), max(min(int(np.ceil(right)) + 2, shape[1]), 1))
    return rows, cols


def _best_leads(
    teeth: Sequence[ToothInstance], shape: tuple[int, ...]
) -> tuple[Float32Array, Float32Array, npt.NDArray[np.int16]]:
    """The largest and the second largest lead at each pixel, and whose the largest is."""
    first = np.full(shape, -LIMIT, np.float32)
    second = np.full(shape, -LIMIT, np.float32)
    owner = np.full(shape, -1, np.int16)
    for index, tooth in enumerate(teeth):
        window = _extent(tooth)
        lead = np.clip(tooth.lead, -LIMIT, LIMIT)
        ahead = lead > first[window]
        second[window] = np.maximum(second[window], np.where(ahead, first[window], lead))
        first[window] = np.where(ahead, lead, first[window])
        owner[window][ahead] = index
    return first, second, owner


def _lead_in(tooth: ToothInstance, rows: slice, cols: slice) -> Float32Array:
    """A tooth's lead in a window of the plane; minus `LIMIT` where there is none."""
    lead = np.full((rows.stop - rows.start, cols.stop - cols.start), -LIMIT, np.float32)
    own_rows, own_cols = _extent(tooth)
    top, bottom = max(rows.start, own_rows.start), min(rows.stop, own_rows.stop)
    left, right = max(cols.start, own_cols.start), min(cols.stop, own_cols.stop)
    if top < bottom and left < right:
        seen = tooth.lead[
            top - own_rows.start : bottom - own_rows.start,
            left - own_cols.start : right - own_cols.start,
        ]
        window = slice(top - rows.start, bottom - rows.start)
        lead[window, left - cols.start : right - cols.start] = np.clip(seen, -LIMIT, LIMIT)
    return lead


def _whole_factor(
    places: Sequence[CropPlace], scale: tuple[float, float], shape: tuple[int, int]
) -> tuple[int, int]:
    """By how much the radiograph is shrunk so that a usual crop has about a pixel for a pixel.

    `scale` is the radiograph's pixels per plane pixel; whole factors, at least 1.
    """
    if not places:
        return 1, 1
    sizes = [(bottom - top, right - left) for top, left, bottom, right in (p.box for p in places)]
    ratios = median(sizes, axis=0) * scale / shape
    return max(int(ratios[0]), 1), max(int(ratios[1]), 1)


def _shrunk(pixels: FloatImage, factor: tuple[int, int]) -> FloatImage:
    """Pixels (H, W) shrunk by whole factors, by area means; what is left over is cut off."""
    height, width = pixels.shape[0] // factor[0], pixels.shape[1] // factor[1]
    return resized(pixels[: height * factor[0], : width * factor[1]], (height, width))


def _standardised(crop: FloatImage) -> FloatImage:
    """Mean 0 and standard deviation 1: exposure differs between devices and within a picture."""
    import cv2

    mean, deviation = cv2.meanStdDev(crop)
    spread = np.float32(1 / max(float(deviation[0, 0]), 1e-3))
    return np.asarray((crop - np.float32(mean[0, 0])) * spread, np.float32)
