"""Radiographs for benchmarks."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.benchmark import inputs
from panodent.errors import RadiographError
from panodent.radiograph.radiograph import read


def test_phantoms_are_grey_jpeg_files_of_the_size_given(tmp_path: Path) -> None:
    first, second = inputs.draw_phantoms(tmp_path, 2, (256, 510))
    assert first.read_bytes()[:3] == b"\xff\xd8\xff"
    assert read(first).size == (256, 510)
    assert first.read_bytes() != second.read_bytes()


def test_radiographs_of_a_folder_are_found(files: list[Path]) -> None:
    assert inputs.find_radiographs(files[0].parent) == files


def test_a_folder_without_radiographs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RadiographError, match="no radiograph there"):
        inputs.find_radiographs(tmp_path)


def test_copies_are_made_of_each_file_in_turn(files: list[Path], tmp_path: Path) -> None:
    folder = inputs.copy_in_turn(files, 3, tmp_path / "copies")
    copies = sorted(folder.iterdir())
    assert [file.name for file in copies] == ["00000.jpg", "00001.jpg", "00002.jpg"]
    assert [file.read_bytes() for file in copies] == [
        files[place].read_bytes() for place in (0, 1, 0)
    ]
