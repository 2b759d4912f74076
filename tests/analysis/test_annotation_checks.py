"""What looks wrong in an annotation: found where it is, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from panodent import phantom
from panodent.analysis.annotation_checks import KINDS, suspicions
from panodent.dentition import mirror
from panodent.teeth.teeth import Teeth


@pytest.fixture(scope="module")
def whole() -> Teeth:
    """All 32 teeth of a phantom."""
    return phantom.draw(5, (256, 512), missing=[])[1]


def renumbered(teeth: Teeth, new: dict[int, int]) -> Teeth:
    numbers = np.array([new.get(n, n) for n in teeth.fdi.tolist()])
    return Teeth(teeth.size, numbers, teeth.boxes, teeth.masks, teeth.scores, teeth.flags)


def kinds(teeth: Teeth) -> list[str]:
    found = suspicions(teeth)
    assert {item.kind for item in found} <= set(KINDS)
    return [item.kind for item in found]


@pytest.mark.parametrize("seed", range(12))
def test_sound_annotations_raise_no_suspicion(seed: int) -> None:
    assert suspicions(phantom.draw(seed, (256, 512))[1]) == []


def test_sides_swapped(whole: Teeth) -> None:
    assert kinds(renumbered(whole, {n: mirror(n) for n in whole.fdi.tolist()})) == ["sides"]
    assert kinds(whole.mirrored()) == []


def test_upside_down(whole: Teeth) -> None:
    other = {n: {1: 4, 4: 1, 2: 3, 3: 2}[n // 10] * 10 + n % 10 for n in whole.fdi.tolist()}
    assert kinds(renumbered(whole, other)) == ["jaws"]


def test_a_tooth_out_of_order_is_named(whole: Teeth) -> None:
    found = suspicions(renumbered(whole.select(whole.fdi != 23), {16: 23}))
    assert [(item.kind, item.teeth) for item in found] == [("order", (23,))]
    assert "upper" in found[0].message


def test_far_apart_parts(whole: Teeth) -> None:
    ends = renumbered(whole.select((whole.fdi == 38) | (whole.fdi == 48)), {48: 38})
    both = ends.full_mask(0) | ends.full_mask(1)
    items = [(int(n), mask, (box[0], box[1])) for n, box, mask in whole if n not in (38, 48)]
    found = suspicions(Teeth.from_masks(whole.size, [*items, (38, both)]))
    assert "parts" in [item.kind for item in found]
    assert "pixels apart" in next(item.message for item in found if item.kind == "parts")


def test_a_number_used_twice(whole: Teeth) -> None:
    found = suspicions(renumbered(whole, {15: 14}))
    assert ("repeated", (14,)) in [(item.kind, item.teeth) for item in found]


def test_tiny_and_none(whole: Teeth) -> None:
    speck = np.zeros(whole.size, bool)
    speck[100:102, 20:22] = True
    items = [(int(n), mask, (box[0], box[1])) for n, box, mask in whole if n != 48]
    assert kinds(Teeth.from_masks(whole.size, [*items, (48, speck)])) == ["tiny"]
    assert kinds(Teeth.empty(whole.size)) == ["empty"]
