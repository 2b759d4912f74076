"""Radiographs of a data folder, and its label maps, which are none."""

from __future__ import annotations

from pathlib import Path

from panodent.formats.parsing.data_folder import image_root, radiographs_below


def folder_of(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_label_maps_results_and_hidden_files_are_no_radiographs(tmp_path: Path) -> None:
    folder_of(
        *(tmp_path, "a.png", "masks/a.png", "labelsTr/a.png", "r/labels.png", "r/teeth.json"),
        *("r/overlay.png", "s/labels.png", ".b.png", "notes.txt", "a_11.ome.tiff"),
    )
    found = [file.relative_to(tmp_path).as_posix() for file in radiographs_below(tmp_path)]
    assert found == ["a.png", "s/labels.png"]
    assert image_root(tmp_path) == tmp_path
    (tmp_path / "img").mkdir()
    assert image_root(tmp_path) == tmp_path / "img"


def test_label_maps_of_splits_and_beside_image_folders_are_no_radiographs(tmp_path: Path) -> None:
    maps = ("d2/masks_human/1.png", "val/masks/3.png")
    others = ("d2/img/1.png", "val/3.jpg", "odd/labels/4.png")
    folder_of(tmp_path, *maps, *others)
    found = [file.relative_to(tmp_path).as_posix() for file in radiographs_below(tmp_path)]
    assert found == sorted(others)
