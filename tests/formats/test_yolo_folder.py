"""Labels of YOLO and the radiographs that belong to them."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.formats.yolo_folder import (
    data_folder,
    label_files,
    label_folders,
    looks_right,
    paired,
    used_classes,
)


def saved(root: Path, **files: str) -> Path:
    for name, text in files.items():
        place = root / name.replace("__", "/").replace("_dot_", ".")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return root


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("0 0.1 0.1 0.2 0.1 0.2 0.2", True),
        ("3 0.5 0.5 0.1 0.1", True),
        ("0.5 0.5 0.5 0.1 0.1", False),
        ("0 100 100 200 200", False),
        ("36 radiographs of 3 clinics", False),
        ("", False),
    ],
)
def test_what_looks_like_labels(tmp_path: Path, line: str, right: bool) -> None:
    assert looks_right(saved(tmp_path, a_dot_txt=line) / "a.txt") == right


def test_folders_and_files(tmp_path: Path) -> None:
    saved(tmp_path, a_dot_txt="0 0.1 0.1 0.2 0.2", b_dot_txt="", b_dot_png="", notes_dot_txt="x")
    assert label_folders(tmp_path) == []
    assert [text.name for text in label_files(tmp_path, mixed=True)] == ["a.txt", "b.txt"]
    saved(tmp_path, val__labels__c_dot_txt="", train__labels__c_dot_txt="")
    folders = [tmp_path / split / "labels" for split in ("train", "val")]
    assert label_folders(tmp_path) == folders
    saved(tmp_path, labels__d_dot_txt="")
    assert label_folders(tmp_path) == [tmp_path / "labels"]
    assert data_folder(
        tmp_path / "labels" / "classes.txt", tmp_path / "labels" / "classes.txt"
    ) == (tmp_path)


def test_classes_that_are_used(tmp_path: Path) -> None:
    saved(tmp_path, a_dot_txt="0 0.1\n\n12 x\nx 1\n-1 2\n1.5 3\n")
    assert used_classes(tmp_path / "a.txt") == {0, 12}
    assert used_classes(tmp_path / "gone.txt") == set()


def test_radiographs_of_labels(tmp_path: Path) -> None:
    saved(tmp_path, labels__x__a_dot_txt="", images__x__a_dot_png="", images__y__a_dot_png="")
    folder = tmp_path / "labels"
    ((text, images),) = paired(tmp_path, [(folder, folder / "x" / "a.txt")])
    assert (text.name, images.key, images.files) == (
        "a.txt",
        "x/a",
        [tmp_path / "images" / "x" / "a.png"],
    )
    saved(tmp_path, truth__a_dot_txt="")
    ((_, unclear),) = paired(tmp_path, [(tmp_path, tmp_path / "truth" / "a.txt")])
    assert unclear.files == []
    assert "may be images/x/a.png or images/y/a.png" in unclear.problem


def test_a_label_may_have_the_suffix_of_its_radiograph(tmp_path: Path) -> None:
    saved(tmp_path, labels__a_dot_png_dot_txt="", images__a_dot_png="")
    folder = tmp_path / "labels"
    ((_, images),) = paired(tmp_path, [(folder, folder / "a.png.txt")])
    assert (images.key, images.files) == ("a", [tmp_path / "images" / "a.png"])


def test_names_in_another_spelling(tmp_path: Path) -> None:
    saved(tmp_path, labels__A_dot_TXT="", images__a_dot_png="", images__b_dot_png="")
    saved(tmp_path, labels__B_dot_txt="", labels__b_dot_txt="", labels__c_dot_txt="")
    saved(tmp_path, images__C_dot_png="", images__c_dot_PNG="", **{"images/Za\u0308hne.png": ""})
    saved(tmp_path, labels__zähne_dot_txt="", labels__d_dot_txt="", images__D_dot_png="")
    saved(tmp_path, labels__e_dot_txt="", labels__E_dot_txt="", images__é_dot_png="")
    folder = tmp_path / "labels"
    found = paired(tmp_path, [(folder, text) for text in label_files(folder)])
    names = {text.name: [file.name for file in images.files] for text, images in found}
    assert names == {
        "A.TXT": ["a.png"],
        "B.txt": [],  # the radiograph has a label of its own name
        "E.txt": [],
        "b.txt": ["b.png"],
        "c.txt": ["c.PNG"],
        "d.txt": ["D.png"],
        "e.txt": [],
        "z\u00e4hne.txt": ["Za\u0308hne.png"],
    }


def test_radiographs_in_another_folder_are_found_once(tmp_path: Path) -> None:
    saved(tmp_path, Images__a_dot_png="", Images__b_dot_png="", labels__a_dot_txt="")
    saved(tmp_path, labels__sub__a_dot_txt="", labels__c_dot_txt="", labels___dot_old__b_dot_txt="")
    folder = tmp_path / "labels"
    found = [
        (images.key, len(images.files))
        for _, images in paired(tmp_path, [(folder, text) for text in label_files(folder)])
    ]
    assert found == [("Images/a", 1), ("c", 0), ("sub/a", 0)]


def test_odd_names_cost_nothing_else(tmp_path: Path) -> None:
    saved(tmp_path, **{"labels/a\x1b.txt": "", "labels/b.txt": "", "images/B.png": ""})
    folder = tmp_path / "labels"
    found = paired(tmp_path, [(folder, text) for text in label_files(folder)])
    assert {images.key: len(images.files) for _, images in found} == {"a\x1b": 0, "B": 1}
