"""Painted findings have labels where they are painted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from panodent import phantom
from panodent.teeth.finding_kinds import KINDS
from panodent.training.augmentation.finding_painting import TAKEN, paint_findings
from panodent.training.batches import class_image
from panodent.training.findings_config import PaintConfig
from panodent.training.findings_examples import TOOTH_CLASSES

NAMES = tuple(KINDS)
NOTHING = PaintConfig(
    filling=0, root_filling=0, post=0, crown=0, runs=0, appliance=0, implant_crowns=0, implants=0
)
SIZE = (192, 384)


@pytest.fixture(scope="module")
def seen() -> tuple[np.ndarray, np.ndarray]:
    """Pixels and class image of teeth."""
    radiograph, teeth = phantom.draw(5, SIZE)
    return radiograph.pixels, class_image(teeth, TOOTH_CLASSES)


def painted(seen, config: PaintConfig, seed: int = 0, kinds: np.ndarray | None = None):
    pixels, teeth = seen
    before = np.zeros(SIZE, np.uint8) if kinds is None else kinds
    tooth = (teeth > 0).astype(np.float32)
    rng = np.random.default_rng(seed)
    return paint_findings(pixels, before, teeth, tooth, NAMES, TOOTH_CLASSES, config, rng)


def kinds_in(image: np.ndarray) -> set[str]:
    return {NAMES[value - 1] for value in np.unique(image) if value}


def test_nothing_is_painted(seen) -> None:
    pixels, kinds, tooth = painted(seen, NOTHING)
    assert np.array_equal(pixels, seen[0])
    assert not kinds.any()
    assert np.array_equal(tooth, seen[1] > 0)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"filling": 1}, {"filling"}),
        ({"crown": 1}, {"crown"}),
        ({"root_filling": 1, "post": 1}, {"root_filling", "post", "crown"}),
        ({"runs": 8, "implants": 1, "implant_crowns": 0}, {"implant"}),
        ({"runs": 8}, {"crown", "pontic"}),
        ({"appliance": 1}, {"appliance"}),
    ],
)
def test_each_kind_changes_pixels_where_it_is_labelled(seen, changes: dict, kinds: set) -> None:
    pixels, image, _ = painted(seen, replace(NOTHING, **changes), seed=3)
    assert kinds_in(image) >= kinds - {"crown"}
    assert kinds_in(image) <= kinds | ({"implant"} if "runs" in changes else set())
    changed = np.abs(pixels - seen[0]) > 0.01
    assert changed[image > 0].mean() > 0.8
    if "runs" not in changes:  # implants leave gaps around them
        assert changed[image == 0].mean() < 0.05


def test_fillings_lie_in_teeth(seen) -> None:
    _, kinds, _ = painted(seen, replace(NOTHING, filling=1, root_filling=1, post=1))
    inside = seen[1][(kinds > 0) & (kinds != NAMES.index("crown") + 1)] > 0
    assert inside.mean() > 0.98


def test_what_is_annotated_stays(seen) -> None:
    value = int(np.bincount(seen[1][seen[1] > 0]).argmax())
    kinds = np.where(seen[1] == value, NAMES.index("crown") + 1, 0).astype(np.uint8)
    config = replace(NOTHING, filling=1, root_filling=1)
    pixels, after, _ = painted(seen, config, kinds=kinds)
    assert np.array_equal(after[seen[1] == value], kinds[seen[1] == value])
    changed = np.abs(pixels - seen[0])[seen[1] == value] > 0.01
    assert changed.mean() < 0.05  # the soft edges of what is painted beside it
    assert TAKEN == 255


def test_implants_are_no_teeth_for_the_first_network_in_most_cases(seen) -> None:
    config = replace(NOTHING, runs=8, implants=1, still_tooth=0)
    _, kinds, tooth = painted(seen, config, seed=3)
    assert tooth[(kinds == NAMES.index("implant") + 1) & (seen[1] > 0)].mean() < 0.4
    _, kinds, tooth = painted(seen, replace(config, still_tooth=1), seed=3)
    assert np.array_equal(tooth, seen[1] > 0)
