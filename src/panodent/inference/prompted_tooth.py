"""The outline of one tooth that a person points at, by clicks or a box.

The network's planes give a first shape: the tooth that was found at the click or, where none was
found, the pixels around it that look like a tooth and vote for the same centre. Clicks add to that
shape and take from it; then the refiner draws the outline at the radiograph's resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from panodent.bundle.bundle import Bundle
from panodent.inference.clicks import STEEPNESS, Box, Clicks, depth_of, pixel
from panodent.inference.decode import Lead, enlarged_lead
from panodent.inference.instances import ToothInstance
from panodent.inference.network_view import NetworkView
from panodent.inference.refinement import crop_place, refined_lead, tooth_crops
from panodent.teeth.masks import bounding_box, clipped
from panodent.utils.arrays import BoolArray, Float32Array

NOTHING = np.float32(-8)
"""Lead far from the tooth."""
SURE = 1.5
"""Log odds of a tooth that a click, or the middle of a box, has at least."""
LEAST_DISC = 2.0
"""Smaller corrections are made after the refiner, in pixels of the network's resolution."""
FITS = 0.5
"""A found tooth whose box has this intersection over union with a drawn box is meant by it."""
MOST_NUMBERS = 5
"""Numbers that are proposed."""
_EPSILON = 1e-6


@dataclass(frozen=True)
class PromptedTooth:
    """The tooth at a prompt.

    mask : bool (rows, columns); corner : its first (row, column) in the radiograph.
    score : mean probability that its pixels are a tooth, 0 to 1.
    numbers : the likeliest FDI numbers with their probabilities, the likeliest first.
    """

    mask: BoolArray
    corner: tuple[int, int]
    score: float
    numbers: tuple[tuple[int, float], ...]


def prompted_tooth(bundle: Bundle, view: NetworkView, prompt: Clicks) -> PromptedTooth | None:
    """The tooth that `prompt` points at, in pixels of the radiograph; None outside it.

    Where the network sees no tooth, the shape is a guess of a usual tooth's size with a low score.

    `view` is what the network of `bundle` said of the radiograph.
    """
    (top, left), size, plane = view.window[:2], view.window_size, view.plane
    clicks = prompt.placed(left, top, plane[1] / size[1], plane[0] / size[0])
    chosen = _found_teeth(view, clicks)
    lead, aside = clicks.applied(_first_lead(bundle, view, clicks, chosen), LEAST_DISC)
    inside = lead > 0
    if not inside.any():
        return None
    rivals = [tooth for index, tooth in enumerate(view.teeth) if index not in chosen]
    if aside is not None and (aside > 0).any():
        rivals.append(_cropped(aside))
    numbers = _likely_numbers(bundle, view, inside)
    number = bundle.classes.index(numbers[0][0])
    full, corner = _full_lead(bundle, view, _cropped(lead, number), rivals)
    row, col = corner[0] + top, corner[1] + left
    clicks = prompt.placed(col, row, 1, 1)
    full, _ = clicks.applied(full)
    mask, (row, col) = clipped(clicks.touched(full > 0), (row, col), view.size)
    if not mask.any():
        return None
    score = float((1 - view.none[inside]).mean())
    return PromptedTooth(mask, (row, col), score, numbers)


def _first_lead(
    bundle: Bundle, view: NetworkView, clicks: Clicks, chosen: Sequence[int]
) -> Float32Array:
    """The lead (h, w) of the chosen teeth, or of what was not found at the first click or box."""
    lead = np.full(view.plane, NOTHING, np.float32)
    for index in chosen:
        _put(lead, view.teeth[index], np.maximum)
    if not chosen or (clicks.positive and lead[pixel(clicks.positive[0], view.plane)] <= 0):
        lead = np.maximum(lead, _grown(bundle, view, clicks))
    return lead if clicks.box is None else np.minimum(lead, _inside_box(view.plane, clicks.box))


def _found_teeth(view: NetworkView, clicks: Clicks) -> list[int]:
    """The teeth that were found at the positive clicks or, without any, at the box."""
    chosen: list[int] = []
    for place, point in enumerate(clicks.positive):
        at = pixel(point, view.plane)
        leads = [_lead_at(tooth, at) for tooth in view.teeth]
        if not leads or any(leads[index] > 0 for index in chosen):
            continue
        best = int(np.argmax(leads))
        # Near its edge a further click corrects the outline, in its middle it adds the tooth.
        if leads[best] > 0 and (place == 0 or _deep(view.teeth[best], at)):
            chosen.append(best)
    if chosen or clicks.positive or clicks.box is None:
        return chosen
    fits = [_overlap(_box_of(tooth), clicks.box) for tooth in view.teeth]
    if fits and max(fits) >= FITS:
        return [int(np.argmax(fits))]
    left, top, right, bottom = clicks.box
    at = pixel(((left + right) / 2, (top + bottom) / 2), view.plane)
    return [index for index, tooth in enumerate(view.teeth) if _lead_at(tooth, at) > 0]


def _lead_at(tooth: ToothInstance, at: tuple[int, int]) -> float:
    row, col = at[0] - tooth.corner[0], at[1] - tooth.corner[1]
    rows, cols = tooth.lead.shape
    return float(tooth.lead[row, col]) if 0 <= row < rows and 0 <= col < cols else float(NOTHING)


def _deep(tooth: ToothInstance, at: tuple[int, int]) -> bool:
    """Whether a pixel lies nearer to the middle of a tooth than to its edge."""
    depth = depth_of(tooth.lead > 0)
    return bool(2 * depth[at[0] - tooth.corner[0], at[1] - tooth.corner[1]] > depth.max())


def _box_of(tooth: ToothInstance) -> Box:
    """(left, top, right, bottom) of a tooth at the network's resolution."""
    top, left, bottom, right = bounding_box(tooth.lead > 0) or (0, 0, 0, 0)
    row, col = tooth.corner
    return left + col, top + row, right + col, bottom + row


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes."""
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / max(areas - shared, _EPSILON)


def _put(lead: Float32Array, tooth: ToothInstance, how: np.ufunc, sign: float = 1) -> None:
    row, col = tooth.corner
    rows, cols = tooth.lead.shape
    here = lead[row : row + rows, col : col + cols]
    how(here, np.float32(sign) * tooth.lead, out=here)


def _grown(bundle: Bundle, view: NetworkView, clicks: Clicks) -> Float32Array:
    """The lead (h, w) of a tooth that was not found: like the click, near it, no other tooth's."""
    none = np.clip(view.none, 1e-4, 1 - 1e-4)
    odds = np.log1p(-none) - np.log(none)
    if clicks.positive:
        x, y = clicks.positive[0]
        row, col = pixel((x, y), none.shape)
        around = np.s_[max(row - 1, 0) : row + 2, max(col - 1, 0) : col + 2]
        usual = float(odds[around].max())
        height, width = _usual_size(bundle, view, around)
        x, y = _centre(view, around, (x, y), (height, width))
    elif clicks.box is not None:
        left, top, right, bottom = clicks.box
        x, y, width, height = (left + right) / 2, (top + bottom) / 2, right - left, bottom - top
        middle = _rows_and_columns(none.shape, (x, y), (height / 2, width / 2))
        usual = float(np.median(odds[middle]))
    else:
        return np.full(view.plane, NOTHING, np.float32)
    rows, cols = np.ogrid[: none.shape[0], : none.shape[1]]
    apart = ((cols + 0.5 - x) / (0.6 * width)) ** 2 + ((rows + 0.5 - y) / (0.6 * height)) ** 2
    near = STEEPNESS * (1 - apart)
    lead = np.minimum(odds + max(SURE - usual, 0.0), near).astype(np.float32)
    for tooth in view.teeth:
        _put(lead, tooth, np.minimum, -1)
    return np.maximum(lead, NOTHING)


def _rows_and_columns(
    shape: tuple[int, ...], centre: tuple[float, float], size: tuple[float, float]
) -> tuple[slice, slice]:
    """At least one row and column of an image about a centre (x, y), of (height, width)."""
    found = []
    for middle, length, most in zip(centre[::-1], size, shape, strict=True):
        first = int(np.clip(middle - length / 2, 0, most - 1))
        found.append(slice(first, max(int(np.ceil(middle + length / 2)), first + 1)))
    return found[0], found[1]


def _usual_size(
    bundle: Bundle, view: NetworkView, around: tuple[slice, slice]
) -> tuple[float, float]:
    """(height, width) of the tooth that is likely here, at the network's resolution."""
    height, width = view.none.shape
    likely = view.numbers[:, *around].astype(np.float64).sum(axis=(1, 2))
    sizes = np.array([bundle.sizes.get(fdi, (0, 0)) for fdi in bundle.classes])
    likely[sizes[:, 0] == 0] = 0
    if likely.sum() <= 0:
        return 0.22 * height, 0.05 * width
    tall, wide = likely @ sizes / likely.sum()
    return tall * height, wide * width


def _centre(
    view: NetworkView, around: tuple[slice, slice], click: tuple[float, float], size: tuple
) -> tuple[float, float]:
    """Where the pixels at a click see the centre of their tooth, unless it is another tooth's."""
    if view.votes is None:
        return click
    x, y = (float(np.median(votes[around])) + 0.5 for votes in view.votes)
    at = pixel((x, y), view.plane)
    far = abs(x - click[0]) > size[1] / 2 or abs(y - click[1]) > size[0] / 2
    if far or any(_lead_at(tooth, at) > 0 for tooth in view.teeth):
        return click
    return x, y


def _inside_box(shape: tuple[int, ...], box: Box) -> Float32Array:
    """Above 0 inside a box and a pixel around it."""
    left, top, right, bottom = box
    rows, cols = np.ogrid[: shape[0], : shape[1]]
    across = np.minimum(cols + 1.5 - left, right + 0.5 - cols)
    along = np.minimum(rows + 1.5 - top, bottom + 0.5 - rows)
    return (2 * np.minimum(across, along)).astype(np.float32)


def _cropped(lead: Float32Array, number: int = -1) -> ToothInstance:
    """A tooth of a lead (h, w), cut to what is above 0 and two pixels around."""
    top, left, bottom, right = bounding_box(lead > 0) or (0, 0, *lead.shape)
    top, left = max(top - 2, 0), max(left - 2, 0)
    return ToothInstance(number, lead[top : bottom + 2, left : right + 2], (top, left), 1.0)


def _full_lead(
    bundle: Bundle, view: NetworkView, tooth: ToothInstance, rivals: Sequence[ToothInstance]
) -> Lead:
    """The tooth's lead at the window's resolution, and its corner; by the refiner, if any."""
    plane, size = view.plane, view.window_size
    if not bundle.refiner:
        return enlarged_lead(tooth, plane, size)
    place = crop_place(tooth, bundle.classes, plane)
    crops = tooth_crops(view.pixels, view.none, [tooth, *rivals], [place])
    answer = bundle.refine(crops)[0]
    return refined_lead(answer[1] - answer[0], place, size, plane)


def _likely_numbers(
    bundle: Bundle, view: NetworkView, inside: BoolArray
) -> tuple[tuple[int, float], ...]:
    """The likeliest numbers of the pixels inside, with their mean probability."""
    likely = view.numbers[:, inside].astype(np.float64).mean(axis=1)
    first = np.argsort(-likely, kind="stable")[:MOST_NUMBERS]
    return tuple((bundle.classes[index], float(likely[index])) for index in first.tolist())
