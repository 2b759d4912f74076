"""Refines the outline of each tooth in its own crop, with a second, small network.

The first network answers at half of its frame's resolution, where a lower incisor is about 4 pixels
wide. The refiner sees one tooth at a time, enlarged to `CROP`: the radiograph's own pixels, and
what the first network says of this tooth, of its neighbours and of the background. Neither number
nor score of a tooth changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor

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
    import cv2

    inside = tooth.lead > 0
    left, top, width, height = cv2.boundingRect(inside.view(np.uint8))
    if not width:
        height, width = inside.shape
    bottom, right = top + height, left + width
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
    leads = [np.clip(tooth.lead, -LIMIT, LIMIT) for tooth in teeth]
    first, second, owner = _best_leads(teeth, leads, none.shape)
    # The last plane is empty: OpenCV samples four in a third of the time that three take.
    planes = np.stack([np.full_like(first, -LIMIT), first, odds, np.zeros_like(first)], axis=-1)
    scale = pixels.shape[0] / none.shape[0], pixels.shape[1] / none.shape[1]
    factor = _whole_factor(places, scale, shape)
    in_pixels = [place.scaled(scale[0] / factor[0], scale[1] / factor[1]) for place in places]
    pixels = _shrunk(pixels, factor, in_pixels)
    result = np.empty((len(places), CHANNELS, *shape), np.float32)
    for index, (tooth, place) in enumerate(zip(teeth, places, strict=False)):
        extent = _extent(tooth)
        here, own = planes[extent], owner[extent] == index
        here[..., 0] = leads[index]
        np.copyto(here[..., 1], second[extent], where=own)
        rows, cols = _window(place, none.shape)
        seen = place.moved(rows.start, cols.start).cut(planes[rows, cols], shape)
        here[..., 0], here[..., 1] = -LIMIT, first[extent]  # as before, for the next tooth
        _standardise(in_pixels[index].cut(pixels, shape), result[index, 0])
        result[index, 1:] = seen[..., :3].transpose(2, 0, 1)
        result[index, 1:] *= np.float32(2 / LIMIT)
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
    row0, col0 = max(floor(top), 0), max(floor(left), 0)
    row1, col1 = min(ceil(bottom), size[0]), min(ceil(right), size[1])
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
        refined_lead(answer, place, size, plane)
        for answer, place in zip(answers[:, 1] - answers[:, 0], places, strict=True)
    ]


def _extent(tooth: ToothInstance) -> tuple[slice, slice]:
    """Rows and columns of a tooth's lead in the plane."""
    row, col = tooth.corner
    return slice(row, row + tooth.lead.shape[0]), slice(col, col + tooth.lead.shape[1])


def _window(place: CropPlace, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of an image that a place covers, with two pixels around, inside it."""
    top, left, bottom, right = place.box
    rows = slice(max(int(top) - 2, 0), max(min(ceil(bottom) + 2, shape[0]), 1))
    cols = slice(max(int(left) - 2, 0), max(min(ceil(right) + 2, shape[1]), 1))
    return rows, cols


def _best_leads(
    teeth: Sequence[ToothInstance], leads: Sequence[Float32Array], shape: tuple[int, ...]
) -> tuple[Float32Array, Float32Array, npt.NDArray[np.int16]]:
    """The largest and the second largest lead at each pixel, and whose the largest is.

    `leads` are those of the teeth, within `LIMIT`.
    """
    first = np.full(shape, -LIMIT, np.float32)
    second = np.full(shape, -LIMIT, np.float32)
    owner = np.full(shape, -1, np.int16)
    for index, (tooth, lead) in enumerate(zip(teeth, leads, strict=True)):
        window = _extent(tooth)
        most, next_most = first[window], second[window]
        owner[window][lead > most] = index
        np.maximum(next_most, np.minimum(most, lead), out=next_most)
        np.maximum(most, lead, out=most)
    return first, second, owner


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


def _shrunk(pixels: FloatImage, factor: tuple[int, int], places: Sequence[CropPlace]) -> FloatImage:
    """Pixels (H, W) shrunk by whole factors, by area means; what is left over is cut off.

    Only the part that holds the places in the shrunk image is computed, the rest is black.
    """
    if factor == (1, 1):
        return pixels
    shrunk = np.zeros((pixels.shape[0] // factor[0], pixels.shape[1] // factor[1]), np.float32)
    tops, lefts, bottoms, rights = zip(*(place.box for place in places), strict=True)
    around = CropPlace((min(tops), min(lefts), max(bottoms), max(rights)))
    rows, cols = _window(around, shrunk.shape)
    source = (
        slice(rows.start * factor[0], rows.stop * factor[0]),
        slice(cols.start * factor[1], cols.stop * factor[1]),
    )
    shrunk[rows, cols] = resized(pixels[source], shrunk[rows, cols].shape)
    return shrunk


def _standardise(crop: FloatImage, result: Float32Array) -> None:
    """Mean 0 and standard deviation 1: exposure differs between devices and within a picture."""
    import cv2

    mean, deviation = cv2.meanStdDev(crop)
    np.subtract(crop, np.float32(mean[0, 0]), out=result)
    result *= np.float32(1 / max(float(deviation[0, 0]), 1e-3))
