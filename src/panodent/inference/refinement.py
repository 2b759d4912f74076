"""Refines each tooth's outline in its own crop, with a second, small network.

The first network answers at half of a 256 x 512 frame, where a lower incisor is 4 pixels wide. The
refiner sees one tooth at a time, enlarged to `CROP`: the radiograph's own pixels, and what the
first network says of this tooth, of its neighbours and of the background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.inference.instances import ToothInstance
from panodent.radiograph.resampling import resized
from panodent.utils.arrays import Float32Array, FloatImage

CROP = (128, 64)
"""(height, width) of the refiner's input."""
CHANNELS = 4
"""Pixels, lead of this tooth, largest lead of any other tooth, log odds of any tooth."""
MARGIN = (0.14, 0.24)
"""Added on each side of a tooth's box, as a share of its height and width."""
LEAST_MARGIN = 1.5
"""Added at least, in pixels of the first network's plane."""
LIMIT = 6.0
"""Leads and log odds beyond it say no more."""
_OUTSIDE = -LIMIT


@dataclass(frozen=True)
class CropPlace:
    """Where a crop lies: (top, left, bottom, right) in plane pixels, and how it is turned.

    Lower teeth are turned upside down and teeth of the patient's left side mirrored, so that every
    crop shows a tooth of the upper right quadrant.
    """

    box: tuple[float, float, float, float]
    upside_down: bool
    mirrored: bool

    def turned(self, image: npt.NDArray) -> npt.NDArray:
        """An image (rows, columns, ...) in the orientation of the crop, or back from it."""
        image = image[::-1] if self.upside_down else image
        return image[:, ::-1] if self.mirrored else image

    def to_plane(self, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
        """2 x 3 map from (x, y) of an unturned crop of this (height, width) to the plane's."""
        top, left, bottom, right = self.box
        scale_y, scale_x = (bottom - top) / shape[0], (right - left) / shape[1]
        return np.array(
            [
                [scale_x, 0, left + scale_x / 2 - 0.5],
                [0, scale_y, top + scale_y / 2 - 0.5],
            ]
        )


def place_of(tooth: ToothInstance, classes: Sequence[int], margin: float = 1.0) -> CropPlace:
    """The crop of a tooth; `margin` widens the usual one."""
    rows = np.flatnonzero((tooth.lead > 0).any(axis=1))
    cols = np.flatnonzero((tooth.lead > 0).any(axis=0))
    top, bottom = (rows[0], rows[-1] + 1) if len(rows) else (0, tooth.lead.shape[0])
    left, right = (cols[0], cols[-1] + 1) if len(cols) else (0, tooth.lead.shape[1])
    high = max(MARGIN[0] * (bottom - top), LEAST_MARGIN) * margin
    wide = max(MARGIN[1] * (right - left), LEAST_MARGIN) * margin
    row, col = tooth.corner
    quadrant = classes[tooth.number] // 10 if tooth.number >= 0 else 1
    return CropPlace(
        (row + top - high, col + left - wide, row + bottom + high, col + right + wide),
        quadrant in (3, 4, 7, 8),
        quadrant in (2, 3, 6, 7),
    )


def crops(
    pixels: FloatImage,
    none: Float32Array,
    teeth: Sequence[ToothInstance],
    places: Sequence[CropPlace],
    shape: tuple[int, int] = CROP,
) -> Float32Array:
    """(n, CHANNELS, height, width) float32: what the refiner sees of each tooth.

    pixels : (H, W) in [0, 1], the whole radiograph.
    none : (h, w) probability of "no tooth" by the first network, over the whole radiograph.
    """
    import cv2

    clipped = np.clip(none, 1e-4, 1 - 1e-4)
    odds = np.clip(np.log1p(-clipped) - np.log(clipped), -LIMIT, LIMIT)
    first, second, owner = _best_leads(teeth, none.shape)
    result = np.empty((len(teeth), CHANNELS, *shape), np.float32)
    for index, (tooth, place) in enumerate(zip(teeth, places, strict=True)):
        own = np.full(none.shape, _OUTSIDE, np.float32)
        row, col = tooth.corner
        high, wide = tooth.lead.shape
        own[row : row + high, col : col + wide] = np.clip(tooth.lead, -LIMIT, LIMIT)
        other = np.where(owner == index, second, first)
        planes = np.dstack([own, other, odds]).astype(np.float32)
        seen = cv2.warpAffine(
            planes,
            place.to_plane(shape),
            shape[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        result[index, 0] = place.turned(_standardised(_pixels(pixels, none.shape, place, shape)))
        result[index, 1:] = np.moveaxis(place.turned(seen), -1, 0) / np.float32(LIMIT / 2)
    return result


def _best_leads(
    teeth: Sequence[ToothInstance], shape: tuple[int, ...]
) -> tuple[Float32Array, Float32Array, npt.NDArray[np.int16]]:
    """The largest and the second largest lead at each pixel, and whose the largest is."""
    first = np.full(shape, _OUTSIDE, np.float32)
    second = np.full(shape, _OUTSIDE, np.float32)
    owner = np.full(shape, -1, np.int16)
    for index, tooth in enumerate(teeth):
        row, col = tooth.corner
        high, wide = tooth.lead.shape
        window = (slice(row, row + high), slice(col, col + wide))
        lead = np.clip(tooth.lead, -LIMIT, LIMIT)
        ahead = lead > first[window]
        second[window] = np.maximum(second[window], np.where(ahead, first[window], lead))
        first[window] = np.where(ahead, lead, first[window])
        owner[window][ahead] = index
    return first, second, owner


def _pixels(
    pixels: FloatImage, plane: tuple[int, ...], place: CropPlace, shape: tuple[int, int]
) -> FloatImage:
    """The radiograph's pixels in a crop, by area means where they are more than the crop's."""
    import cv2

    scale_y, scale_x = pixels.shape[0] / plane[0], pixels.shape[1] / plane[1]
    top, left, bottom, right = place.box
    box = (top * scale_y, left * scale_x, bottom * scale_y, right * scale_x)
    row0, col0 = max(int(box[0]), 0), max(int(box[1]), 0)
    row1 = min(int(np.ceil(box[2])), pixels.shape[0])
    col1 = min(int(np.ceil(box[3])), pixels.shape[1])
    part = pixels[row0:row1, col0:col1]
    near = (
        min(part.shape[0], max(round(2 * shape[0] * part.shape[0] / (box[2] - box[0])), 1)),
        min(part.shape[1], max(round(2 * shape[1] * part.shape[1] / (box[3] - box[1])), 1)),
    )
    small = resized(part, near)
    ratio_y, ratio_x = small.shape[0] / part.shape[0], small.shape[1] / part.shape[1]
    inside = CropPlace(
        (
            (box[0] - row0) * ratio_y,
            (box[1] - col0) * ratio_x,
            (box[2] - row0) * ratio_y,
            (box[3] - col0) * ratio_x,
        ),
        False,
        False,
    )
    return cv2.warpAffine(
        small,
        inside.to_plane(shape),
        shape[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _standardised(crop: FloatImage) -> FloatImage:
    """Mean 0 and standard deviation 1: exposure differs between devices and within a picture."""
    return np.asarray((crop - crop.mean()) / max(float(crop.std()), 1e-3), np.float32)


def refined_lead(
    answer: Float32Array, place: CropPlace, size: tuple[int, int], plane: tuple[int, int]
) -> tuple[Float32Array, tuple[int, int]]:
    """A refiner's logits (h, w) for a crop -> lead at the radiograph's resolution, and its corner.

    Positive where the pixel is the tooth's. `size` (height, width) of the radiograph, `plane` that
    of the first network's planes.
    """
    import cv2

    scale_y, scale_x = size[0] / plane[0], size[1] / plane[1]
    top, left, bottom, right = place.box
    row0, col0 = max(int(np.floor(top * scale_y)), 0), max(int(np.floor(left * scale_x)), 0)
    row1 = min(int(np.ceil(bottom * scale_y)), size[0])
    col1 = min(int(np.ceil(right * scale_x)), size[1])
    grid_y = answer.shape[0] / (bottom - top)
    grid_x = answer.shape[1] / (right - left)
    to_grid = np.array(
        [
            [grid_x / scale_x, 0, ((col0 + 0.5) / scale_x - left) * grid_x - 0.5],
            [0, grid_y / scale_y, ((row0 + 0.5) / scale_y - top) * grid_y - 0.5],
        ]
    )
    lead = cv2.warpAffine(
        np.ascontiguousarray(place.turned(answer)),
        to_grid,
        (col1 - col0, row1 - row0),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_OUTSIDE,
    )
    return lead, (row0, col0)
