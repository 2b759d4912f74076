"""Teeth and findings as regions of Label Studio."""

from __future__ import annotations

import numpy as np

from panodent.formats.label_studio_regions import TOOTH, finding_results, result
from panodent.formats.naming import Naming
from panodent.formats.parsing.brush_rle import decode
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (10, 20)
BLOCK = np.ones((4, 6), bool)
TEETH = Teeth.from_masks(SIZE, [(36, BLOCK, (2, 5))], [0.5])


def test_a_brush_keeps_every_pixel() -> None:
    region = result(TEETH, 0, Naming())
    assert (region["type"], region["from_name"]) == ("brushlabels", "brush")
    assert region["value"]["brushlabels"] == ["36"]
    assert (region["original_height"], region["original_width"]) == SIZE
    assert region["score"] == 0.5
    assert np.array_equal(decode(region["value"]["rle"], SIZE), TEETH.full_mask(0))


def test_a_polygon_is_in_percent_of_the_sides() -> None:
    region = result(TEETH, 0, Naming(), "polygon")
    points = np.array(region["value"]["points"])
    assert points.min(axis=0).tolist() == [25, 20]
    assert points.max(axis=0).tolist() == [55, 60]


def test_a_tooth_with_a_hole_cannot_be_a_polygon() -> None:
    ring = BLOCK.copy()
    ring[1:3, 2:4] = False
    region = result(Teeth.from_masks(SIZE, [(36, ring, (2, 5))]), 0, Naming(), "polygon")
    assert region["type"] == "brushlabels"
    assert "score" not in region  # a score of 1 is left out


def test_a_finding_is_followed_by_the_choice_of_its_tooth() -> None:
    items = [("crown", 36, BLOCK, (2, 5)), ("appliance", 0, BLOCK, (2, 12))]
    crown, choice, appliance = finding_results(Findings.from_masks(SIZE, items), Naming())
    assert (crown["id"], appliance["id"]) == ("finding1", "finding2")
    assert crown["value"]["brushlabels"] == ["crown"]
    assert (choice["id"], choice["from_name"]) == ("finding1", TOOTH)
    assert choice["value"] == {"choices": ["36"]}
