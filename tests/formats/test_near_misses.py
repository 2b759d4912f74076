"""What is nearly a format is named, with what to mend."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.near_misses import near_misses


def saved(root: Path, name: str, content: bytes | str) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def picture(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((40, 50), np.uint8)).save(file)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        (
            "a.json",
            '{"images": [], "annotations": [',
            "a.json ends in the middle, at byte 31, with",
        ),
        ("a.json", '{"images": [],}', "a.json is not JSON ("),
        ("classes.json", '["11", "36"]', "holds ['11', '36']; expected a JSON object"),
        ("a_cp_masks.png", b"", "a_cp_masks.png looks like a label map; expected masks/a.png"),
        ("sub/a.json", '{"images": 1 "b": 2}', "sub/a.json is not JSON (Expecting ',' delimiter"),
        (
            "a.json",
            '{"Zähne": [1}'.encode("cp1252"),
            "a.json is not text in UTF-8 (byte 3 is 0xe4)",
        ),
        (
            "a.json",
            '{"images": [], "categories": []}',
            "has images and categories but not annotati",
        ),
        ("a.json", '{"project": {}, "metadata": {}, "view": {}}', "a.json is a project of VIA 3"),
        (
            "a.json",
            '{"images": [], "annotations": null, "categories": []}',
            "a.json is like COCO, but annotations is not a list",
        ),
        ("dataset.json", '{"labels": {}, "modality": {}}', "is of nnU-Net version 1"),
        ("a.json", '{"version": "2.0", "item": {}, "annotations": []}', "is Darwin JSON of V7"),
        ("a.json", '{"infos": {}, "categories": {}, "items": []}', "is Datumaro's own format"),
        ("a.json", '{"metadata": {}, "instances": []}', "a.json is JSON of SuperAnnotate; export"),
        (
            "a.json",
            '{"export_format_version": "1.1", "label_classes": [], "images": []}',
            "a.json is Hasty's JSON; export COCO",
        ),
        ("a.json", '[{"data_row": {}, "projects": {}}]', "a.json is JSON of Labelbox; convert"),
        ("a.json", '[{"label_hash": "", "data_hash": ""}]', "a.json is JSON of Encord; export"),
        ("a.json", '[{"externalId": "1", "labels": []}]', "a.json is JSON of Kili; export COCO"),
        ("a.json", '[{"task_id": "1", "response": {}}]', "a.json is JSON of Scale; convert it"),
        ("a.json", '[{"image": "a.png", "annotations": []}]', "a.json is JSON of CreateML"),
        ("a.json", '[{"image_id": 1, "category_id": 2}]', "a.json is a list of COCO annotations"),
        ("x/y/z/a.json", '{"item": {}, "annotations": []}', "x/y/z/a.json is Darwin JSON of V7"),
        ("a.json", '{"teeth": 1}', "a.json is JSON of an unknown kind, with teeth; convert it to"),
        ("a.json", '[{"a": 1, "b": 2}]', "a.json is JSON of an unknown kind, with a and b; conv"),
        ("a.json.txt", "{}", "a.json.txt is named with .txt at the end; rename it without"),
        ("a.ndjson", "{}", "a.ndjson is JSON with an object on each line, as Labelbox"),
        ("a.seg.nrrd", "NRRD0004", "a.seg.nrrd is NRRD, as 3D Slicer saves it; save it as NIfTI"),
        (
            "a.csv",
            "filename;region_shape_attributes",
            "a.csv is VIA's table, but not as VIA writes",
        ),
        ("a.csv", "# Exported using VGG Image Annotator", "a.csv is a table of VIA 3; export it"),
        ("train/_classes.csv", "Pixel Value, Class", "is of Roboflow's semantic masks"),
        ("labelsTr/a.png", b"", "labelsTr is of nnU-Net; expected dataset.json beside it"),
        ("a.xml", "<html/>", "a.xml has the root <html>; CVAT's is <annotations>"),
        ("a.xml", "x", "a.xml is not XML that can be read"),
        ("train.xml", "<annotations/>", "train.xml looks like CVAT's; expected it to be called"),
        ("SegmentationClass/a.png", "", "masks of Pascal VOC are not read; export COCO"),
        ("a.zip", "PK", "a.zip is an archive; unpack it"),
        ("a.json.gz", "", "a.json.gz is an archive; unpack it"),
        ("a.csv", "x,y", "a.csv is a table"),
        ("Masks/a.png", "", "folder Masks: expected it to be called masks"),
        ("mask/a.png", "", "folder mask: expected it to be called masks"),
        ("ANNOTATIONS/a.txt", "", "folder ANNOTATIONS: expected it to be called Annotations"),
        ("masks/a.jpg", "", "masks/a.jpg is a JPEG, which changes pixel values"),
        ("labels/a.nii.gz", "", "labels/a.nii.gz is NIfTI; expected as nnU-Net has it"),
        ("annotations/training/a.png", "", "annotations/training/a.png may be a label map"),
        ("masks/a.gif", "", "masks/a.gif is a GIF; label maps are PNG, TIFF or BMP"),
        ("1_mask.png", "", "1_mask.png looks like a label map; expected masks/1.png"),
        ("truth/1-seg.png", "", "truth/1-seg.png looks like a label map; expected masks/1.png"),
        (
            "labels/a.txt",
            "0 0.1 0.1 0.2 0.1 0.2 0.2\n",
            "labels/a.txt looks like YOLO; expected the",
        ),
    ],
)
def test_near_misses(tmp_path: Path, name: str, content: bytes | str, sentence: str) -> None:
    saved(tmp_path, name, content)
    found = near_misses(tmp_path)
    assert any(sentence in said for said in found), found
    whole = "ends in the middle" not in sentence
    reason = r"no annotation format recognised\. Looked for JSON" if whole else "that are whole: "
    with pytest.raises(AnnotationError, match=reason):
        formats.recognise(tmp_path)


@pytest.mark.parametrize(
    "name", ["a.png", "images/a.png", "classes.txt", "notes.txt", ".hidden.json", "Images.txt"]
)
def test_what_is_nothing_is_not_named(tmp_path: Path, name: str) -> None:
    saved(tmp_path, name, "36 teeth")
    assert near_misses(tmp_path) == []
    with pytest.raises(AnnotationError, match="Near: nothing like it was found"):
        formats.recognise(tmp_path)


def test_a_single_file_is_looked_at(tmp_path: Path) -> None:
    file = saved(tmp_path, "truth.json", json.dumps({"images": [], "annotations": []}))
    assert near_misses(file) == [
        "truth.json has images and annotations but not categories, which COCO needs"
    ]


def test_there_are_few_and_a_large_folder_is_not_read_whole(tmp_path: Path) -> None:
    for number in range(30):
        saved(tmp_path, f"{number}.json", "{")
        saved(tmp_path, f"{number}_mask.png", "")
    assert len(near_misses(tmp_path)) == 3


def test_surrogates_and_control_characters_do_not_reach_the_message(tmp_path: Path) -> None:
    saved(tmp_path, "a\x1b[2J\n.json", "{")
    (said,) = near_misses(tmp_path)
    assert said.isprintable()


def test_what_is_cut_off_is_said_alone(tmp_path: Path) -> None:
    saved(tmp_path, "a.json", '{"images": [], "annotations": [')
    with pytest.raises(
        AnnotationError, match=r"no annotations that are whole: a\.json ends in the"
    ):
        formats.recognise(tmp_path)


def test_two_files_of_a_format_with_one_are_named(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        saved(tmp_path, name, '[{"id": 1, "data": {"image": "a.png"}, "annotations": []}]')
    with pytest.raises(
        AnnotationError, match=r"a\.json and b\.json are both label-studio; keep one"
    ):
        formats.recognise(tmp_path)


def test_a_list_of_classes_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    saved(tmp_path, "labels/a.txt", "0 0.1 0.1 0.2 0.1 0.2 0.2\n")
    saved(tmp_path, "data.yaml", "names:\n\t0: 36\n")
    assert "data.yaml: is not YAML" in near_misses(tmp_path)[1]


def test_a_folder_inside_is_named_with_its_format(tmp_path: Path) -> None:
    saved(tmp_path, "teeth.v1i.yolov8/data.yaml", "names: ['11', '48']")
    saved(tmp_path, "teeth.v1i.yolov8/train/labels/a.txt", "0 0 0 1 0 1 1")
    saved(tmp_path, "__MACOSX/data.yaml", "names: ['11', '48']")
    with pytest.raises(AnnotationError, match=r"Near: teeth\.v1i\.yolov8/ is yolo; name this fol"):
        formats.recognise(tmp_path)
    saved(tmp_path, "more/task/annotations.xml", "<annotations/>")
    (tmp_path / "teeth.v1i.yolov8").rename(tmp_path / "more" / "teeth")
    near = near_misses(tmp_path, formats._recognising)
    assert near == ["more/task/ is cvat; name this folder", "more/teeth/ is yolo; name this folder"]
