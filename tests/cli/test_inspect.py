"""`panodent inspect`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest


def test_a_sound_folder_is_described(panodent, data: Path, tmp_path: Path) -> None:
    found = panodent("inspect", data, "-o", tmp_path)
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("3 radiographs in format coco, ")
    assert "\nsizes (height x width): 256 x 512 (3)\n" in found.out
    assert "\nrarest teeth: " in found.out
    assert (tmp_path / "index.html").exists()


def test_problems_are_reported(panodent, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    images = tmp_path / "data" / "images"
    shutil.copyfile(images / "phantom-00000.png", images / "stray.png")
    (images / "phantom-00001.png").write_bytes(b"")
    found = panodent("inspect", tmp_path / "data")
    assert found.code == 1
    assert "warning: 1 image without labels: stray" in found.err
    assert "warning: phantom-00001 cannot be used: " in found.err


def test_what_is_not_read_is_named(panodent, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data" / "images" / "scan.gif").write_bytes(b"GIF89a")
    (tmp_path / "data" / "images" / "gone").symlink_to("nothing")
    found = panodent("inspect", tmp_path / "data", "-o", tmp_path / "page")
    assert found.code == 1
    assert "scan.gif: GIF is not read; save it as PNG or TIFF\n" in found.err
    assert "gone: a link to nothing, which does not exist; remove or restore it\n" in found.err
    assert "2 entries that are not read" in (tmp_path / "page" / "index.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "Missing argument"),
        (("{tmp}/none",), 1, "no such folder"),
        (("{tmp}", "--format", "cocoo"), 2, "Did you mean 'coco'"),
    ],
)
def test_faults(panodent, tmp_path: Path, arguments: tuple, code: int, message: str) -> None:
    found = panodent("inspect", *(part.replace("{tmp}", str(tmp_path)) for part in arguments))
    assert (found.code, found.out) == (code, "")
    assert message in found.err


def test_every_fault_is_listed_and_the_rest_is_read(panodent, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    file = tmp_path / "data" / "truth.json"
    truth = json.loads(file.read_text())
    count = len(truth["annotations"])
    truth["annotations"][0]["image_id"] = 99
    truth["annotations"][1]["segmentation"] = [[1, 2, 3, 4, 5]]
    file.write_text(json.dumps(truth))
    found = panodent("inspect", tmp_path / "data", "-o", tmp_path / "page")
    assert found.code == 1
    assert f"3 radiographs in format coco, {count - 2} teeth" in found.out
    assert found.out.splitlines()[-2] == (
        "2 items to correct; train and convert stop for them, or leave them out with --skip-bad"
    )
    orphan, broken = found.err.splitlines()
    assert "truth.json: annotation 1: image_id 99 is not among the images" in orphan
    assert "truth.json: phantom-00000.png: annotation 2: a polygon is [1, 2, 3, 4, 5]" in broken
    told = json.loads((tmp_path / "page" / "inspection.json").read_text())
    assert [fault["item"] for fault in told["faults"]] == ["annotation 1", "annotation 2"]
    assert told["faults"][1]["image"] == "phantom-00000.png"
    assert "a polygon is [1, 2, 3, 4, 5]" in (tmp_path / "page" / "index.html").read_text()


def test_a_file_that_is_not_utf_8_needs_its_encoding(panodent, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data" / "images" / "phantom-00000.png").rename(
        tmp_path / "data" / "images" / "Zähne.png"
    )
    file = tmp_path / "data" / "truth.json"
    text = file.read_text().replace("phantom-00000.png", "Zähne.png")
    file.write_bytes(text.encode("cp1252"))
    found = panodent("inspect", tmp_path / "data")
    assert found.code == 1
    assert "truth.json is not text in UTF-8" in found.err
    assert "--encoding cp1252" in found.err
    found = panodent("inspect", tmp_path / "data", "--encoding", "cp1252")
    assert (found.code, found.err) == (0, "")
    assert panodent("inspect", tmp_path / "data", "--encoding", "cp12525").code == 2


def test_boxes_are_warned_of(panodent, data: Path, tmp_path: Path) -> None:
    assert panodent("convert", data, tmp_path / "voc", "--to", "voc").code == 0
    found = panodent("inspect", tmp_path / "voc")
    assert found.code == 0
    assert " teeth are boxes and no outline: masks are filled rectangles" in found.err
    found = panodent("convert", tmp_path / "voc", tmp_path / "new", "--to", "coco")
    assert " teeth are boxes and no outline: masks are filled rectangles" in found.err
