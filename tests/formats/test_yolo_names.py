"""Where the class names of YOLO data folders are."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import AnnotationError
from panodent.formats.yolo_names import class_names, contradiction


def saved(root: Path, **files: str) -> Path:
    for name, text in files.items():
        place = root / name.replace("__", "/").replace("_dot_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return root


def test_numbers_with_a_dot_are_names(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text("names: [1.6, 36]")
    assert class_names(tmp_path)[1] == {0: "1.6", 1: "36"}


def test_two_files_that_name_classes_otherwise(tmp_path: Path) -> None:
    saved(tmp_path, data_dot_yaml="names: [11, 12]", classes_dot_txt="11\n12\n")
    assert contradiction(tmp_path, *class_names(tmp_path)) == ""
    saved(tmp_path, classes_dot_txt="11\n48\n")
    said = contradiction(tmp_path, *class_names(tmp_path))
    assert said.startswith("class 1 is '12', but '48' in classes.txt; data.yaml counts")


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"data_dot_yaml": "names: ['11', '12']"}, {0: "11", 1: "12"}),
        ({"data_dot_yaml": "names: [11, 12]"}, {0: "11", 1: "12"}),
        ({"data_dot_yaml": "names: {0: 11, '3': 12}"}, {0: "11", 3: "12"}),
        # YOLOv5 and before: nc and names, paths, a list of names in a file.
        (
            {"data_dot_yaml": "train: ../train/images\nval: x\nnc: 2\nnames: ['11', '12']\n"},
            {0: "11", 1: "12"},
        ),
        ({"data_dot_yaml": "names: data/obj.names", "obj_dot_names": "11\n12"}, {0: "11", 1: "12"}),
        ({"data_dot_yaml": "nc: 2", "classes_dot_txt": "11\n12"}, {0: "11", 1: "12"}),
        # Darknet and CVAT.
        (
            {"obj_dot_data": "classes = 2\nnames = data/obj.names\n", "obj_dot_names": "11"},
            {0: "11"},
        ),
        ({"obj_dot_data": "classes = 2\n", "obj_dot_names": "11"}, {0: "11"}),
        # LabelImg, Label Studio: lines, an empty one in between.
        ({"classes_dot_txt": "\ufeff11\r\n\r\n 12 \r\n"}, {0: "11", 2: "12"}),
        ({"labels__classes_dot_txt": "11"}, {0: "11"}),
        ({"train___darknet_dot_labels": "11"}, {0: "11"}),
        # The YAML comes before the list.
        ({"my_dot_yml": "names: ['11']", "classes_dot_txt": "12"}, {0: "11"}),
    ],
)
def test_names(tmp_path: Path, files: dict[str, str], names: dict[int, str]) -> None:
    assert class_names(saved(tmp_path, **files))[1] == names


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, r"expected data\.yaml or dataset\.yaml.* or classes\.txt"),
        ({"data_dot_yaml": "nc: 2"}, r"data\.yaml: expected names, a list or map"),
        ({"data_dot_yaml": "names: ../x.names"}, r"names is '\.\./x\.names'; expected names"),
        ({"classes_dot_txt": "\n\n"}, r"classes\.txt: is empty; expected the name of a class"),
        (
            {"a_dot_yaml": "names: [a]", "b_dot_yaml": "names: [b]"},
            "one other YAML file with names",
        ),
    ],
)
def test_no_names(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    (tmp_path / "x.names").write_text("11")
    folder = saved(tmp_path / "data", **files)
    folder.mkdir(exist_ok=True)
    with pytest.raises(AnnotationError, match=reason):
        class_names(folder)


def test_a_file_may_be_named_itself(tmp_path: Path) -> None:
    saved(tmp_path, data_dot_yaml="names: ['11']", classes_dot_txt="12", notes_dot_txt="13")
    assert class_names(tmp_path / "data.yaml")[1] == {0: "11"}
    assert class_names(tmp_path / "classes.txt")[1] == {0: "12"}
    with pytest.raises(AnnotationError, match=r"notes\.txt: expected"):
        class_names(tmp_path / "notes.txt")
