"""Where tools put COCO files and radiographs: CVAT, the data set COCO, Roboflow, several files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from panodent.errors import AnnotationError
from panodent.formats.coco import FORMAT
from panodent.formats.coco_files import SAMPLE, coco_files, data_folder
from panodent.formats.faults import OPTION, FaultList

SQUARE = [2, 1, 6, 1, 6, 4, 2, 4]


def document(*names: str, fdi: int = 36, **changes: Any) -> dict[str, Any]:
    """A COCO file of images (8, 10) with one tooth each."""
    images = [
        {"id": number, "file_name": name, "height": 8, "width": 10}
        for number, name in enumerate(names)
    ]
    annotations = [
        {"id": number, "image_id": number, "category_id": 1, "segmentation": [SQUARE]}
        for number in range(len(names))
    ]
    categories = [{"id": 1, "name": str(fdi)}]
    return {"images": images, "annotations": annotations, "categories": categories, **changes}


def saved(file: Path, data: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def touched(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def found(root: Path) -> dict[str, str | None]:
    """The radiograph of each key, below the folder."""
    return {
        item.key: item.image and item.image.relative_to(root).as_posix()
        for item in FORMAT.read(root)
    }


@pytest.mark.parametrize(
    ("files", "images", "expected"),
    [
        # CVAT, "COCO 1.0".
        (
            {"annotations/instances_default.json": ["a.png"]},
            ["images/a.png"],
            {"a": "images/a.png"},
        ),
        # CVAT, a project of two subsets with equal names.
        (
            {
                "annotations/instances_train.json": ["a.png"],
                "annotations/instances_val.json": ["a.png"],
            },
            ["images/train/a.png", "images/val/a.png"],
            {"train/a": "images/train/a.png", "val/a": "images/val/a.png"},
        ),
        # The data set COCO.
        (
            {
                "annotations/instances_train2017.json": ["a.jpg"],
                "annotations/instances_val2017.json": ["b.jpg"],
            },
            ["train2017/a.jpg", "val2017/b.jpg"],
            {"train2017/a": "train2017/a.jpg", "val2017/b": "val2017/b.jpg"},
        ),
        # Roboflow, with equal names in two splits.
        (
            {"train/_annotations.coco.json": ["a.jpg"], "valid/_annotations.coco.json": ["a.jpg"]},
            ["train/a.jpg", "valid/a.jpg"],
            {"train/a": "train/a.jpg", "valid/a": "valid/a.jpg"},
        ),
        # Label Studio, and prefixes of other tools.
        ({"result.json": ["images/1a2b3c4d-a.png"]}, ["images/1a2b3c4d-a.png"], None),
        ({"result.json": ["..\\images\\a.png"]}, ["images/a.png"], {"a": "images/a.png"}),
        ({"t.json": ["C:\\scans\\a.png"]}, ["images/a.png"], {"a": "images/a.png"}),
        ({"t.json": ["/srv/other/a.png"]}, ["radiographs/a.png"], {"a": "radiographs/a.png"}),
        ({"t.json": ["../elsewhere/b.png"]}, ["images/a.png"], {"elsewhere/b": None}),
        # One file for each radiograph.
        ({"a.json": ["a.png"], "b.json": ["b.png"]}, ["a.png", "b.png"], None),
        # Splits below one folder more.
        (
            {"set/train/annotations/t.json": ["a.png"], "u/v/w/x/t.json": ["b.png"]},
            ["set/train/images/a.png"],
            None,
        ),
        # Copies in other folders are not read.
        ({"t.json": ["a.png"], "old/t.json": ["a.png"]}, ["a.png"], {"a": "a.png"}),
    ],
)
def test_layouts(
    tmp_path: Path,
    files: dict[str, list[str]],
    images: list[str],
    expected: dict[str, str | None] | None,
) -> None:
    touched(tmp_path, *images)
    for file, names in files.items():
        saved(tmp_path / file, document(*names))
    if "set/train/annotations/t.json" in files:  # three levels down
        assert not FORMAT.recognises(tmp_path)
        assert found(tmp_path / "set") == {"train/images/a": "train/images/a.png"}
        return
    assert FORMAT.recognises(tmp_path)
    if expected is None:
        expected = {name.removeprefix("images/")[:-4]: name for name in images}
    assert found(tmp_path) == expected


def test_a_split_of_an_image_that_two_splits_have_is_not_guessed(tmp_path: Path) -> None:
    touched(tmp_path, "images/train/a.png", "images/val/a.png", "images/train/b.png")
    saved(tmp_path / "annotations" / "instances.json", document("a.png", "b.png"))
    faults = FaultList()
    items = FORMAT.read(tmp_path, {OPTION: faults})
    assert {item.key: item.image is not None for item in items} == {"a": False, "train/b": True}
    (fault,) = faults.serious
    assert "may be images/train/a.png or images/val/a.png" in str(fault)
    with pytest.raises(AnnotationError, match=r"instances\.json: a\.png: image 'a\.png' may be"):
        FORMAT.read(tmp_path)


def test_files_prove_their_numbering_together(tmp_path: Path) -> None:
    """Ids differ, and 11 alone could be a canine in Universal numbers."""
    other = document("b.png", fdi=11, categories=[{"id": 1, "name": "11"}, {"id": 2, "name": "0"}])
    saved(tmp_path / "train" / "t.json", document("a.png", fdi=48))
    file = saved(tmp_path / "val" / "t.json", other)
    assert [item.read().fdi.tolist() for item in FORMAT.read(tmp_path)] == [[48], [11]]
    with pytest.raises(AnnotationError, match="--numbering"):
        FORMAT.read(file)


def test_a_single_file_is_read_with_its_radiographs(tmp_path: Path) -> None:
    touched(tmp_path, "images/train/a.png", "other/b.png")
    file = saved(tmp_path / "annotations" / "instances_train.json", document("a.png", "x/b.png"))
    assert data_folder(file) == tmp_path
    assert {item.key: item.image for item in FORMAT.read(file)} == {
        "train/a": tmp_path / "images" / "train" / "a.png",
        "x/b": None,  # other folders beside a single file are not searched
    }


def test_hidden_files_and_other_json_are_passed_over(tmp_path: Path) -> None:
    for name in ("._t.json", ".cache/t.json"):
        saved(tmp_path / name, document("a.png"))
    saved(tmp_path / "u.json", {"images": [], "categories": []})
    saved(tmp_path / "v.json", {"images": {}, "annotations": [], "categories": []})
    assert coco_files(tmp_path) == []
    saved(tmp_path / "images" / "t.json", document("a.png"))
    assert [item.file.name for item in coco_files(tmp_path)] == ["t.json"]


def test_a_folder_full_of_other_json_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from panodent.formats import coco_files as module

    for number in range(3 * SAMPLE):
        saved(tmp_path / f"{number:03}.json", {"shapes": []})
    seen = []
    kinds = module.member_kinds
    monkeypatch.setattr(module, "member_kinds", lambda file: [seen.append(file), *kinds(file)][1:])
    assert coco_files(tmp_path) == []
    assert len(seen) == SAMPLE


def test_a_level_of_many_folders_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from panodent.formats import coco_files as module

    monkeypatch.setattr(module, "MANY", 5)
    for number in range(20):
        saved(tmp_path / f"{number:03}" / "teeth.json", {"shapes": []})
        (tmp_path / f"a{number}").mkdir()  # folders without JSON do not count
    seen: list[Path] = []
    kinds = module.member_kinds
    monkeypatch.setattr(module, "member_kinds", lambda file: [seen.append(file), *kinds(file)][1:])
    assert coco_files(tmp_path) == []
    assert len(seen) == 6


def test_files_of_other_tasks_beside_those_of_instances_do_not_count(tmp_path: Path) -> None:
    """Datumaro writes all of them at once."""
    for task in ("instances", "stuff", "person_keypoints"):
        saved(tmp_path / "annotations" / f"{task}_train.json", document("a.png"))
    assert [file.file.name for file in coco_files(tmp_path)] == ["instances_train.json"]
    assert [item.key for item in FORMAT.read(tmp_path)] == ["a"]


def test_one_bad_item_costs_one_item(tmp_path: Path) -> None:
    data = document("a.png", "b.png", "c.png", "../")
    data["images"][1]["height"] = 0
    data["annotations"][2]["segmentation"] = [[1, 2, 3, 4]]
    data["annotations"] += [
        {"id": 7, "image_id": 99, "category_id": 1, "segmentation": [SQUARE]},
        {"id": 8, "image_id": 0, "category_id": 5, "segmentation": [SQUARE]},
        {"id": 9, "image_id": 0, "category_id": 1},
        "x",
    ]
    text = json.dumps(data).replace('"x"', '["x"]')
    file = tmp_path / "t.json"
    file.write_text(text)
    faults = FaultList()
    items = FORMAT.read(file, {OPTION: faults})
    assert {item.key: len(item.read()) for item in items} == {"a": 1, "c": 0}
    told = [str(fault).removeprefix(f"{file}: ") for fault in faults.serious]
    for line, start in zip(
        told,
        [
            "b.png: height and width are 0 and 10",
            "../: an image is named '../'",
            "annotation 7: image_id 99 is not among the images",
            "a.png: annotation 8: category_id 5 is not among the categories",
            "a.png: annotation 9: an entry of annotations lacks segmentation",
            "an annotation: an entry of annotations lacks image_id",
            "c.png: annotation 2: a polygon is [1, 2, 3, 4]; expected six numbers or more",
        ],
        strict=True,
    ):
        assert line.startswith(start)


def test_an_entry_without_annotations_costs_no_radiograph(tmp_path: Path) -> None:
    data = document("a.png", "b.png")
    data["images"].append({**data["images"][0], "id": 9})
    file = saved(tmp_path / "t.json", data)
    assert [(item.key, len(item.read())) for item in FORMAT.read(file)] == [("a", 1), ("b", 1)]
    data["annotations"].append({**data["annotations"][0], "id": 9, "image_id": 9})
    with pytest.raises(AnnotationError, match="two images share the name 'a'"):
        FORMAT.read(saved(file, data))


def test_an_attribute_may_name_the_tooth(tmp_path: Path) -> None:
    """CVAT exports a label with an attribute in this way."""
    data = document("a.png", "b.png")
    data["categories"] = [{"id": 1, "name": "tooth"}, {"id": 2, "name": "crown"}]
    for entry, fdi in zip(data["annotations"], ("36", "48"), strict=True):
        entry["attributes"] = {"occluded": False, "number": fdi}
    crown = {"id": 9, "image_id": 0, "category_id": 2, "segmentation": [SQUARE]}
    data["annotations"].append({**crown, "attributes": {"number": "x"}})
    file = saved(tmp_path / "t.json", data)
    with pytest.raises(AnnotationError, match=r"class names 'tooth' .* --attribute number$"):
        FORMAT.read(file)
    with pytest.raises(AnnotationError, match="none is 'no', which --attribute names"):
        FORMAT.read(file, {"attribute": "no"})
    first, second = FORMAT.read(file, {"attribute": "number"})
    assert (first.read().fdi.tolist(), second.read().fdi.tolist()) == ([36], [48])
    assert first.findings is not None
    assert first.findings().findings.kinds == ("crown",)


def test_a_part_without_area_beside_others_is_left_out(tmp_path: Path) -> None:
    """Tools that cut outlines leave points and lines as parts."""
    data = document("a.png")
    for rest in ([1, 1, 2, 2], [3, 3], []):
        data["annotations"][0]["segmentation"] = [SQUARE, rest]
        (item,) = FORMAT.read(saved(tmp_path / "t.json", data))
        assert item.read().areas.tolist() == [12]
    data["annotations"][0]["segmentation"] = [SQUARE, ["a", "b"]]
    (item,) = FORMAT.read(saved(tmp_path / "t.json", data))
    with pytest.raises(AnnotationError, match="expected six numbers or more"):
        item.read()


def test_a_hole_cuts_the_tooth_before_it(tmp_path: Path) -> None:
    data = document("a.png")
    data["categories"].append({"id": 2, "name": "background"})
    hole = {"id": 9, "image_id": 0, "category_id": 2, "segmentation": [[3, 2, 5, 2, 5, 3, 3, 3]]}
    data["annotations"].append(hole)
    for options in ({}, {"map": {"background": None}}):
        (item,) = FORMAT.read(saved(tmp_path / "t.json", data), options)
        assert item.read().areas.tolist() == [10]
    data["annotations"].reverse()
    (item,) = FORMAT.read(saved(tmp_path / "t.json", data))
    assert item.read().areas.tolist() == [12]


def test_a_file_that_is_cut_off_does_not_cost_the_others_and_is_said(tmp_path: Path) -> None:
    touched(tmp_path, "train/a.png", "valid/b.png")
    saved(tmp_path / "train" / "_annotations.coco.json", document("a.png"))
    other = saved(tmp_path / "valid" / "_annotations.coco.json", document("b.png"))
    saved(tmp_path / "valid" / "notes.json", {"x": 1}).write_text('{"x": [')
    other.write_bytes(other.read_bytes()[:90])
    faults = FaultList()
    assert [item.key for item in FORMAT.read(tmp_path, {OPTION: faults})] == ["train/a"]
    assert [fault.file for fault in faults] == [str(other)]
    with pytest.raises(AnnotationError, match="ends in the middle, at byte 90"):
        FORMAT.read(tmp_path)
