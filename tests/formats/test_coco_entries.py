"""Entries of COCO files: checked one by one, and what regions count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from panodent.errors import AnnotationError
from panodent.formats import coco_entries
from panodent.formats.coco_entries import (
    CocoEntry,
    check,
    declared_size_of,
    entries_by_image,
    usable_images,
)
from panodent.formats.faults import RAISING, FaultList, FaultReport
from panodent.formats.parsing.json_stream import members

FILE = Path("truth.json")
IMAGE = {"id": 1, "file_name": "opg.png", "height": 8, "width": 10}


def shape(**changes: Any) -> dict[str, Any]:
    square = [[1, 1, 4, 1, 4, 3, 1, 3]]
    return {"id": 7, "image_id": 1, "category_id": 36, "segmentation": square, **changes}


@pytest.mark.parametrize(
    ("kind", "entry", "message"),
    [
        ("images", {"id": 1, "height": 8, "width": 8}, "an entry of images lacks file_name"),
        ("images", {**IMAGE, "height": 0}, "height and width are 0 and 10"),
        ("images", {**IMAGE, "file_name": 3}, "file_name is 3; expected a text"),
        ("images", {**IMAGE, "id": None}, "id of images is None; expected a number or text"),
        ("categories", {"id": 1, "name": []}, "name of categories is"),
        ("annotations", {"id": 7}, "lacks image_id, category_id, segmentation"),
        ("annotations", [], "an entry of annotations lacks"),
    ],
)
def test_unusable_entries_are_named(kind: str, entry: Any, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        check([entry], kind, FILE)


def test_an_id_is_used_once() -> None:
    with pytest.raises(AnnotationError, match="id 1 of categories is used twice"):
        check([{"id": 1}, {"id": 1}], "categories", FILE)
    check([shape(), shape()], "annotations", FILE)  # nothing refers to the ids of annotations


def test_one_bad_image_does_not_cost_the_others() -> None:
    faults = FaultList()
    images = [IMAGE, {**IMAGE, "file_name": "twice.png"}, {**IMAGE, "id": 2, "height": 0}]
    report = FaultReport(faults, "truth.json")
    assert usable_images({"images": [*images[:1], *images[2:]]}, FILE, report) == ([IMAGE], {2})
    assert usable_images({"images": images}, FILE, report) == ([], {1, 2})
    assert [fault.image for fault in faults] == ["opg.png", "opg.png", "twice.png"]
    assert {fault.cost for fault in faults} == {"radiograph"}
    assert "id 1 of images is used twice, for 'opg.png' and 'twice.png'" in str(list(faults)[2])


def test_an_image_that_is_listed_twice_is_used() -> None:
    faults = FaultList()
    report = FaultReport(faults, "truth.json")
    assert usable_images({"images": [IMAGE, dict(IMAGE)]}, FILE, report) == ([IMAGE], set())
    assert [fault.cost for fault in faults] == ["nothing"]


def test_lvis_has_addresses_in_place_of_names() -> None:
    image = {"id": 1, "coco_url": "http://x.org/val/opg.png", "height": 8, "width": 10}
    ((found,), _) = usable_images({"images": [image]}, FILE, FaultReport(RAISING, "truth.json"))
    assert found["file_name"] == "http://x.org/val/opg.png"


def entries(folder: Path, *annotations: Any, faults: FaultList = RAISING) -> list[CocoEntry]:
    """The annotations of `IMAGE` in a file with these."""
    file = folder / "truth.json"
    document = {"images": [IMAGE], "categories": [{"id": 36}], "annotations": annotations}
    file.write_text(json.dumps(document))
    data = members(file, ["annotations"])
    return [*entries_by_image(file, data, None, FaultReport(faults, str(file))).of_image(0)]


def test_regions_to_be_ignored(tmp_path: Path) -> None:
    def ignored(*annotations: Any) -> list[bool]:
        return [entry.ignored for entry in entries(tmp_path, *annotations)]

    plain, crowd, ignore = shape(), shape(iscrowd=1), shape(ignore=1)
    assert ignored(plain, crowd, ignore) == [False, True, True]
    # Some scripts set iscrowd for all run lengths, and CVAT for those with its attributes.
    assert ignored(crowd, crowd) == [False, False]
    assert ignored(plain, shape(iscrowd=1, attributes={})) == [False, False]
    with pytest.raises(AnnotationError, match="iscrowd of annotations is 2; expected 0 or 1"):
        entries(tmp_path, shape(iscrowd=2))


def test_annotations_that_refer_to_nothing_are_left_out_or_refused(tmp_path: Path) -> None:
    faults = FaultList()
    lost = (shape(image_id=5), shape(category_id=9), [])
    found = entries(tmp_path, shape(), *lost, shape(id=8), faults=faults)
    assert [entry.data["id"] for entry in found] == [7, 8]
    assert [fault.item for fault in faults] == ["annotation 7", "annotation 7", "an annotation"]
    with pytest.raises(AnnotationError, match="image_id 5 is not among the images"):
        entries(tmp_path, lost[0])


def test_ids_may_be_numbers_in_one_place_and_texts_in_another(tmp_path: Path) -> None:
    (found,) = entries(tmp_path, shape(image_id="1", category_id="36"))
    assert found.category == 36


@pytest.mark.parametrize("size", [{}, {"height": 0, "width": 0}, {"height": None, "width": None}])
def test_an_image_may_have_no_size(size: dict[str, Any]) -> None:
    assert declared_size_of({"file_name": "opg.png", **size}, "truth.json") is None


def test_annotations_of_an_image_keep_the_order_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    images = [{**IMAGE, "id": name, "file_name": f"{name}.png"} for name in ("b", "a", "none")]
    order = [("a", 11), ("b", 36), ("a", 12), ("b", 11)]
    marks = [shape(image_id=image, category_id=number) for image, number in order]
    listed = {"images": images, "categories": [{"id": n} for n in (11, 12, 36)]}
    file.write_text(json.dumps({**listed, "annotations": marks}))
    data = members(file, ["annotations"])
    found = entries_by_image(file, data, None, FaultReport(RAISING, str(file)))
    read = [[entry.data for entry in found.of_image(index)] for index in range(3)]
    assert read == [[marks[1], marks[3]], [marks[0], marks[2]], []]
    assert [found.has(index) for index in range(3)] == [True, True, False]
    assert found.categories == {11, 12, 36}


def test_annotations_that_follow_each_other_are_read_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = [shape(id=number) for number in range(5)]
    for longest in (1, 300, 1 << 20):  # one, two or all at a time
        monkeypatch.setattr(coco_entries, "_LONGEST_RUN", longest)
        assert [entry.data for entry in entries(tmp_path, *marks)] == marks
