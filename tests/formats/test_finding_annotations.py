"""Annotated findings are read from COCO files whose categories are kinds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent.errors import AnnotationError
from panodent.formats.finding_annotations import read_findings, write_findings
from panodent.teeth.findings import Findings

SIZE = (8, 10)
BLOCK = np.ones((2, 3), bool)


def document(**changes: Any) -> dict[str, Any]:
    square = [[1, 1, 4, 1, 4, 3, 1, 3]]
    return {
        "images": [
            {"id": 7, "file_name": "a/one.jpg", "height": 8, "width": 10},
            {"id": 8, "file_name": "two.jpg", "height": 8, "width": 10},
        ],
        "categories": [{"id": 1, "name": "crown"}, {"id": 2, "name": "root_remnant"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "fdi": 36, "segmentation": square},
            {"id": 2, "image_id": 7, "category_id": 2, "segmentation": [[5, 5, 7, 5, 7, 7]]},
        ],
        **changes,
    }  # fmt: skip


def test_other_categories_are_unclear_and_images_without_annotation_have_none(
    tmp_path: Path,
) -> None:
    file = tmp_path / "findings.json"
    file.write_text(json.dumps(document()))
    found = read_findings(file)
    assert list(found) == ["a/one", "two"]
    one = found["a/one"]
    assert one.findings == Findings.from_masks(SIZE, [("crown", 36, BLOCK, (1, 1))])
    assert one.unclear.any()
    assert not one.unclear[:5].any()
    assert len(found["two"].findings) == 0
    assert not found["two"].unclear.any()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = tmp_path / "findings.json"
    findings = Findings.from_masks(
        SIZE, [("implant", 46, BLOCK, (1, 1)), ("appliance", 0, BLOCK, (5, 2))]
    )
    write_findings(file, [("one.png", findings), ("two.png", Findings.empty(SIZE))])
    again = read_findings(file)
    assert again["one"].findings == findings
    assert again["two"].findings == Findings.empty(SIZE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"categories": [{"id": 1, "name": "36"}]}, "no category is a kind of finding"),
        ({"annotations": [{"image_id": 9, "category_id": 1}]}, "not annotated findings"),
        (
            {"annotations": [{**document()["annotations"][0], "fdi": 99}]},
            "fdi 99 is not an FDI number",
        ),
        ({"images": 1}, "not annotated findings"),
    ],
)
def test_faults(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    file = tmp_path / "findings.json"
    file.write_text(json.dumps(document(**changes)))
    with pytest.raises(AnnotationError, match=message):
        read_findings(file)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="not annotated findings"):
        read_findings(tmp_path / "none.json")


def test_teeth_in_the_same_file_are_not_unclear(tmp_path: Path) -> None:
    """As `panodent convert --to coco` writes both."""
    from panodent import formats
    from panodent.teeth.teeth import Teeth

    block = np.ones((3, 3), bool)
    teeth = Teeth.from_masks((8, 9), [(36, block, (1, 1)), (0, block, (4, 4))])
    found = Findings.from_masks((8, 9), [("crown", 36, block, (1, 1))])
    formats.get("coco").write(tmp_path, [("opg.png", teeth, found)])
    annotated = read_findings(tmp_path / "annotations.json")["opg"]
    assert annotated.findings == found
    assert not annotated.unclear.any()
