"""`panodent inspect`."""

from __future__ import annotations

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
