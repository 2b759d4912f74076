from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from panodent.bundle.bundle import Bundle, load
from panodent.inference.clicks import Clicks, Point
from panodent.inference.network_view import NetworkView, network_view
from panodent.inference.prompted_tooth import MOST_NUMBERS, PromptedTooth, prompted_tooth
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load("default", 1)


@pytest.fixture(scope="module")
def view(bundle: Bundle, drawn: tuple[Radiograph, Teeth]) -> NetworkView:
    return network_view(bundle, drawn[0].pixels)


def middle(mask: BoolArray) -> Point:
    depth = cv2.distanceTransform(np.pad(mask, 1).view(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, col = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(col) + 0.5, float(row) + 0.5


def whole(found: PromptedTooth | None, size: tuple[int, int]) -> BoolArray:
    image = np.zeros(size, bool)
    if found is not None:
        row, col = found.corner
        image[row : row + found.mask.shape[0], col : col + found.mask.shape[1]] = found.mask
    return image


def dice(one: BoolArray, other: BoolArray) -> float:
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


@pytest.mark.parametrize("fdi", [16, 11, 33, 47])
def test_a_click_or_a_box_finds_the_tooth(
    bundle: Bundle, view: NetworkView, drawn: tuple[Radiograph, Teeth], fdi: int
) -> None:
    teeth = drawn[1]
    index = teeth.fdi.tolist().index(fdi)
    truth = teeth.full_mask(index)
    top, left, bottom, right = teeth.boxes[index].tolist()
    for prompt in (Clicks((middle(truth),)), Clicks(box=(left, top, right, bottom))):
        found = prompted_tooth(bundle, view, prompt)
        assert found is not None
        assert dice(whole(found, teeth.size), truth) > 0.8
        assert found.numbers[0][0] == fdi
        assert len(found.numbers) == MOST_NUMBERS
        assert 0.5 < found.score <= 1


def test_a_tooth_that_was_not_found_grows_from_the_click(
    bundle: Bundle, view: NetworkView, drawn: tuple[Radiograph, Teeth]
) -> None:
    teeth = drawn[1]
    index = teeth.fdi.tolist().index(46)
    truth = teeth.full_mask(index)
    x, y = middle(truth)
    row, col = int(y * view.plane[0] / teeth.size[0]), int(x * view.plane[1] / teeth.size[1])

    def there(tooth) -> bool:
        up, before = tooth.corner
        rows, cols = tooth.lead.shape
        inside = up <= row < up + rows and before <= col < before + cols
        return inside and tooth.lead[row - up, col - before] > 0

    missed = replace(view, teeth=tuple(tooth for tooth in view.teeth if not there(tooth)))
    assert len(missed.teeth) == len(view.teeth) - 1
    for without_refiner in (False, True):
        used = bundle.without_refiner() if without_refiner else bundle
        found = whole(prompted_tooth(used, missed, Clicks(((x, y),))), teeth.size)
        assert dice(found, truth) > 0.7


def test_a_negative_click_parts_two_teeth(
    bundle: Bundle, view: NetworkView, drawn: tuple[Radiograph, Teeth]
) -> None:
    teeth = drawn[1]
    one, other = (teeth.full_mask(teeth.fdi.tolist().index(fdi)) for fdi in (36, 37))
    clicks = middle(one), middle(other)
    both = whole(prompted_tooth(bundle, view, Clicks(clicks)), teeth.size)
    assert dice(both, one | other) > 0.8
    parted = whole(prompted_tooth(bundle, view, Clicks(clicks[:1], clicks[1:])), teeth.size)
    assert dice(parted, one) > 0.8


def test_there_is_nothing_outside_the_radiograph(bundle: Bundle, view: NetworkView) -> None:
    assert prompted_tooth(bundle, view, Clicks(box=(-90, -90, -50, -50))) is None
    assert prompted_tooth(bundle, view, Clicks()) is None
