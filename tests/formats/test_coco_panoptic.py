"""COCO panoptic: segment ids in the colours of PNGs; one bad segment or picture costs itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.coco_panoptic import FORMAT
from panodent.formats.faults import FaultList

SIZE = (6, 8)
COLOURS = {7: (7, 0, 0), 258: (2, 1, 0), 65536: (0, 0, 1)}
"""R + 256 G + 65536 B."""


def saved(folder: Path, *segments: Any, place: str = "panoptic_val", **changes: Any) -> Path:
    """One radiograph with three segments of two pixels each, in rows 0, 2 and 4."""
    picture = np.zeros((*SIZE, 3), np.uint8)
    for row, colour in enumerate(COLOURS.values()):
        picture[2 * row, 1:3] = colour
    (folder / place).mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / place / "a.png")
    data = {
        "images": [{"id": 1, "file_name": "a.jpg", "height": SIZE[0], "width": SIZE[1]}],
        "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": [*segments]}],
        "categories": [{"id": 5, "name": "36"}, {"id": 6, "name": "48"}],
        **changes,
    }
    file = folder / "panoptic_val.json"
    file.write_text(json.dumps(data))
    return file


def segment(key: Any, category: Any = 5, **changes: Any) -> dict[str, Any]:
    return {"id": key, "category_id": category, "iscrowd": 0, **changes}


ALL = (segment(7), segment(258, 6), segment(65536, 6, iscrowd=1))


@pytest.mark.parametrize("place", ["panoptic_val", "panoptic", "."])
def test_colours_are_ids_of_segments(tmp_path: Path, place: str) -> None:
    saved(tmp_path, *ALL, place=place)
    assert formats.recognise(tmp_path) == "coco-panoptic"
    (item,) = FORMAT.read(tmp_path)
    teeth = item.read()
    assert (item.key, teeth.fdi.tolist()) == ("a", [36, 48, 0])
    assert teeth.boxes.tolist() == [[0, 1, 1, 3], [2, 1, 3, 3], [4, 1, 5, 3]]


def test_one_bad_segment_or_image_costs_itself(tmp_path: Path) -> None:
    bad = [segment("x"), segment(9), segment(258, None), segment(65536, 99)]
    file = saved(tmp_path, segment(7), *bad)
    data = json.loads(file.read_text())
    data["annotations"] += [{"image_id": 2, "file_name": "b.png", "segments_info": []}]
    file.write_text(json.dumps(data))
    faults = FaultList()
    (item,) = FORMAT.read(tmp_path, {"faults": faults})
    assert item.read().fdi.tolist() == [36]
    assert [(fault.image, fault.item, fault.is_note) for fault in faults] == [
        ("a.jpg", "segment 'x'", False),
        ("a.jpg", "segment 258", False),
        ("a.jpg", "segment 65536", False),
        ("", "image 2", False),
        ("a.jpg", "", False),  # the pixels of 258 and 65536
        ("a.jpg", "segment 9", True),  # has no pixel
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "cannot be read as PNG"), (None, "a.png was not found beside the JSON")],
)
def test_a_picture_that_is_missing_or_damaged_is_named(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    saved(tmp_path, *ALL)
    picture = tmp_path / "panoptic_val" / "a.png"
    picture.unlink()
    if content is not None:
        picture.write_bytes(content)
    (item,) = FORMAT.read(tmp_path)
    with pytest.raises(AnnotationError, match=reason):
        item.read()


def test_a_picture_of_another_size_is_named(tmp_path: Path) -> None:
    saved(tmp_path, *ALL)
    Image.new("RGB", (5, 5)).save(tmp_path / "panoptic_val" / "a.png")
    with pytest.raises(AnnotationError, match="is 5 x 5; the image is 6 x 8"):
        FORMAT.read(tmp_path)[0].read()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"images": 3}, "images is 3; expected a list"),
        ({"categories": [{"id": 5, "name": "gum"}]}, "class names 'gum' are not tooth numbers"),
        ({"annotations": [3]}, "annotations is .*; expected a list of objects"),
    ],
)
def test_a_file_that_is_faulty_as_a_whole(tmp_path: Path, changes: Any, reason: str) -> None:
    file = saved(tmp_path, segment(7), **changes)
    with pytest.raises(AnnotationError, match=rf"panoptic_val\.json: {reason}"):
        FORMAT.read(file)
