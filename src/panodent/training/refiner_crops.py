"""Examples for the refiner: crops around the teeth that a bundle finds, and their true outlines.

Each radiograph is also shown turned, shifted, stretched and with another exposure, so that the
bundle answers differently and the refiner sees other mistakes of it. A tooth becomes an example if
it overlaps an annotated one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from panodent.bundle.bundle import Bundle
from panodent.datasets.dataset import Case
from panodent.inference.decode import enlarged_lead, find_teeth, largest_part_filled
from panodent.inference.instances import ToothInstance
from panodent.inference.refinement import (
    CHANNELS,
    CROP,
    CropPlace,
    crop_place,
    tooth_crops,
)
from panodent.training.refiner_config import ChangeConfig
from panodent.utils.arrays import BoolArray, Float64Array, FloatImage
from panodent.utils.atomic_files import writing_bytes

BORDER = 0.125
"""Crops are stored wider by this share on each side, so that they can be turned and shifted."""
STORED = (round(CROP[0] * (1 + 2 * BORDER)), round(CROP[1] * (1 + 2 * BORDER)))
"""(height, width) of stored crops."""
STEPS = 32
"""Stored crops are int8, in units of 1 / STEPS."""


@dataclass(frozen=True)
class Crops:
    """Examples for the refiner.

    inputs : int8 (n, CHANNELS, *STORED), as `refinement.tooth_crops` makes them, times `STEPS`.
    outlines : uint8 (n, *STORED), 1 inside the annotated tooth.
    """

    inputs: npt.NDArray[np.int8]
    outlines: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.inputs)

    def save(self, file: Path) -> None:
        """Writes a .npz file, whole or not at all."""
        with writing_bytes(file) as stream:
            np.savez(stream, inputs=self.inputs, outlines=self.outlines)

    @classmethod
    def load(cls, file: Path) -> Crops:
        """Reads what `save` wrote."""
        with np.load(file, allow_pickle=False) as data:
            return cls(data["inputs"], data["outlines"])


def collect(
    bundle: Bundle,
    cases: Sequence[Case],
    variants: int,
    change: ChangeConfig,
    seed: int,
    least_overlap: float,
    report: Callable[[int, int], None],
) -> Crops:
    """Crops of all teeth that the bundle finds in the cases and that overlap an annotated tooth.

    Each case is shown as it is and `variants` - 1 times changed. `least_overlap` is the smallest
    intersection over union of a found and an annotated tooth; `report(done, cases)` is called
    after each case.
    """
    inputs: list[npt.NDArray[np.int8]] = []
    outlines: list[npt.NDArray[np.uint8]] = []
    for number, case in enumerate(cases):
        original, teeth = case.radiograph().pixels, case.teeth()
        masks = [teeth.full_mask(index) for index in range(len(teeth))]
        for variant in range(variants):
            pixels, shown = original, masks
            if variant:
                rng = np.random.default_rng((seed, number, variant))
                pixels, shown = _changed(original, masks, change, rng)
            for seen, outline in _examples(bundle, pixels, shown, least_overlap):
                inputs.append(seen)
                outlines.append(outline)
        report(number + 1, len(cases))
    return Crops(
        np.stack(inputs) if inputs else np.zeros((0, CHANNELS, *STORED), np.int8),
        np.stack(outlines) if outlines else np.zeros((0, *STORED), np.uint8),
    )


def _examples(
    bundle: Bundle, pixels: FloatImage, masks: Sequence[BoolArray], least_overlap: float
) -> list[tuple[npt.NDArray[np.int8], npt.NDArray[np.uint8]]]:
    """(input, outline) of each tooth that the bundle finds and that overlaps a mask (H, W)."""
    found, none = find_teeth(bundle.predict_planes(pixels), len(bundle.classes))
    plane, size = (none.shape[0], none.shape[1]), (pixels.shape[0], pixels.shape[1])
    places = [crop_place(tooth, bundle.classes, plane).widened(BORDER) for tooth in found]
    inputs = tooth_crops(pixels, none, found, places, STORED)
    scale = size[0] / plane[0], size[1] / plane[1]
    result = []
    for tooth, place, seen in zip(found, places, inputs, strict=True):
        mask = _overlapping(tooth, plane, size, masks, least_overlap)
        if mask is not None:
            outline = _outline(mask, place.scaled(*scale))
            result.append((_packed(seen), outline))
    return result


def _packed(seen: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    return np.clip(np.round(seen * STEPS), -127, 127).astype(np.int8)


def _outline(mask: BoolArray, place: CropPlace) -> npt.NDArray[np.uint8]:
    """The part of a mask (H, W) that lies in a place, uint8 `STORED`."""
    top, left, bottom, right = place.box
    rows = slice(max(int(top) - 1, 0), int(np.ceil(bottom)) + 1)
    cols = slice(max(int(left) - 1, 0), int(np.ceil(right)) + 1)
    part = mask[rows, cols].astype(np.uint8) * np.uint8(255)
    return np.asarray(place.moved(rows.start, cols.start).cut(part, STORED) > 127, np.uint8)


def _overlapping(
    tooth: ToothInstance,
    plane: tuple[int, int],
    size: tuple[int, int],
    masks: Sequence[BoolArray],
    least: float,
) -> BoolArray | None:
    """The mask (H, W) that overlaps a found tooth most, or None if none reaches `least`."""
    lead, (top, left) = enlarged_lead(tooth, plane, size)
    own, (row, col) = largest_part_filled(lead > 0)
    row, col, area = row + top, col + left, int(own.sum())
    best, chosen = least, None
    for mask in masks:
        both = int((mask[row : row + own.shape[0], col : col + own.shape[1]] & own).sum())
        if both and (overlap := both / (area + int(mask.sum()) - both)) >= best:
            best, chosen = overlap, mask
    return chosen


def _changed(
    pixels: FloatImage,
    masks: Sequence[BoolArray],
    config: ChangeConfig,
    rng: np.random.Generator,
) -> tuple[FloatImage, list[BoolArray]]:
    """A changed radiograph (H, W) and its masks."""
    import cv2

    height, width = pixels.shape
    scale, stretch = np.exp(rng.uniform(-1, 1, 2) * (config.scale, config.stretch))
    angle = np.deg2rad(rng.uniform(-1, 1) * config.rotation)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag([scale * stretch, scale / stretch]) @ turn
    middle = np.array([width / 2, height / 2])
    shift = rng.uniform(-1, 1, 2) * config.shift * (width, height)
    moved: Float64Array = np.c_[linear, middle - linear @ middle + shift]
    size = (width, height)
    image = cv2.warpAffine(pixels, moved, size, borderMode=cv2.BORDER_REPLICATE)
    image = np.clip(image, 0, 1) ** np.float32(np.exp(rng.uniform(-1, 1) * config.gamma))
    noise = rng.standard_normal(pixels.shape, np.float32) * np.float32(rng.uniform(0, config.noise))
    changed = [
        cv2.warpAffine(mask.astype(np.uint8), moved, size, flags=cv2.INTER_NEAREST).astype(bool)
        for mask in masks
    ]
    return np.clip(image + noise, 0, 1).astype(np.float32), changed
