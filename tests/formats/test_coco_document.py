"""COCO entries by hand, and files written image by image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.coco_document import (
    categories,
    document,
    segmentation_mask,
    tooth_annotation,
    writing_coco,
)
from panodent.teeth.run_lengths import to_rle
from panodent.teeth.teeth import Teeth

PIECE = np.array([[1, 1, 0], [0, 1, 1]], bool)
RING = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)


def teeth(*items: tuple[int, np.ndarray, tuple[int, int]]) -> Teeth:
    return Teeth.from_masks((8, 10), items)


def test_categories_are_the_teeth() -> None:
    assert [entry["id"] for entry in categories()] == list(TEETH)
    assert [entry["id"] for entry in categories(unnumbered=True)] == [0, *TEETH]
    assert {entry["name"] for entry in categories()} == {str(fdi) for fdi in TEETH}


def test_an_annotation_by_hand() -> None:
    made = tooth_annotation(teeth((36, PIECE, (3, 4))), 0)
    # Column by column: 4 columns of 8 and 3 rows of zeros, then runs of the piece.
    assert segmentation_mask(made["segmentation"], (8, 10)).sum() == 4
    assert made["segmentation"]["size"] == [8, 10]
    assert {key: made[key] for key in ("category_id", "area", "bbox", "iscrowd")} == {
        "category_id": 36,
        "area": 4,
        "bbox": [4, 3, 3, 2],
        "iscrowd": 0,
    }


@pytest.mark.parametrize(("mask", "is_polygon"), [(PIECE, True), (RING, False)])
def test_a_tooth_with_a_hole_has_no_polygon(mask: np.ndarray, is_polygon: bool) -> None:
    record = teeth((36, mask, (3, 4)))
    made = tooth_annotation(record, 0, polygons=True)["segmentation"]
    assert isinstance(made, list) == is_polygon
    assert np.array_equal(segmentation_mask(made, record.size), record.full_mask(0))


def test_a_document_lists_category_0_where_a_tooth_has_no_number() -> None:
    made = document("a.png", teeth((0, PIECE, (3, 4)), (36, RING, (0, 0))))
    assert [entry["category_id"] for entry in made["annotations"]] == [0, 36]
    assert made["categories"] == categories(unnumbered=True)
    assert document("a.png", teeth())["categories"] == categories()


def test_a_file_is_the_document_that_it_would_be_in_memory(tmp_path: Path) -> None:
    record = teeth((0, PIECE, (3, 4)), (36, RING, (0, 0)))
    with writing_coco(tmp_path / "a.json") as writer:
        writer.add("é.png", record.size, [tooth_annotation(record, index) for index in (0, 1)])
    text = (tmp_path / "a.json").read_text()
    assert text == json.dumps(document("é.png", record))


def test_ids_count_over_all_images(tmp_path: Path) -> None:
    record = teeth((36, PIECE, (3, 4)))
    with writing_coco(tmp_path / "a.json") as writer:
        for name in ("a.png", "b.png", "c.png"):
            writer.add(name, record.size, [tooth_annotation(record, 0)] * 2)
    data = json.loads((tmp_path / "a.json").read_text())
    assert [image["id"] for image in data["images"]] == [1, 2, 3]
    assert [entry["id"] for entry in data["annotations"]] == [1, 2, 3, 4, 5, 6]
    assert [entry["image_id"] for entry in data["annotations"]] == [1, 1, 2, 2, 3, 3]
    assert data["categories"] == categories()


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with writing_coco(tmp_path / "a.json") as writer:
            writer.add("a.png", (8, 10), [])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


SQUARE = [2, 1, 6, 1, 6, 4, 2, 4]


@pytest.mark.parametrize(
    "segmentation",
    [
        [SQUARE],
        [SQUARE, [3.0, 2.0, 5, 2, 5, 3]],  # a polygon inside another adds nothing
        {"size": [8, 10], "counts": [17, 3, 5, 3, 5, 3, 5, 3, 36]},
        {"size": (8, 10), "counts": "a03500000o0"},
        {"counts": [17, 3, 5, 3, 5, 3, 5, 3, 36]},
    ],
)
def test_forms_of_one_square(segmentation: Any) -> None:
    expected = np.zeros((8, 10), bool)
    expected[1:4, 2:6] = True
    assert np.array_equal(segmentation_mask(segmentation, (8, 10)), expected)


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        ([SQUARE[:4]], r"a polygon is \[2, 1, 6, 1\]; expected six numbers or more, an even"),
        ([5], r"a polygon is \[5\]; expected six"),
        ([], "has no outline: segmentation is empty"),
        ([["x"] * 6], r"a polygon is \['x', .* expected numbers"),
        ({"size": [8, 9], "counts": []}, r"run lengths of size \[8, 9\] in an image of size"),
        ({}, "segmentation is dict; expected polygons or run lengths"),
    ],
)
def test_what_is_not_a_segmentation_is_refused(segmentation: Any, reason: str) -> None:
    with pytest.raises(AnnotationError, match=reason):
        segmentation_mask(segmentation, (8, 10))


def test_run_lengths_that_python_printed_as_bytes() -> None:
    mask = np.zeros((90, 80), bool)
    mask[3:60, 7:70] = True
    text = to_rle(mask)
    for given in (text, str(text.encode())):
        assert (segmentation_mask({"counts": given}, (90, 80)) == mask).all()


def test_a_polygon_as_a_list_of_corners() -> None:
    square = [[1, 1], [3, 1], [3, 3], [1, 3]]
    assert segmentation_mask(square, (4, 4)).sum() == 4
    # Two points beside a polygon are what a cutting tool left behind.
    assert segmentation_mask([[1, 1, 3, 1, 3, 3, 1, 3], [1, 1]], (4, 4)).sum() == 4
