"""Files appear whole or not at all."""

from pathlib import Path

import pytest

from panodent.errors import OutputError
from panodent.utils.atomic_files import replace_durably, sync, write_whole


def test_writes_bytes_and_text_and_makes_parents(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b.bin", b"\x00\x01")
    write_whole(tmp_path / "a" / "b.txt", "ä")
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"\x00\x01"
    assert (tmp_path / "a" / "b.txt").read_text(encoding="utf-8") == "ä"
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b.bin", "b.txt"]


def test_replaces_the_old_file_at_once(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("old")
    write_whole(file, "new")
    assert file.read_text() == "new"


def test_a_place_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot be written"):
        write_whole(tmp_path / "file" / "x", "data")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inner").mkdir()
    with pytest.raises(OutputError):
        write_whole(tmp_path / "taken", "data")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "taken"]


def test_files_and_folders_are_replaced_in_one_step(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a").write_text("content")
    sync(tmp_path / "new" / "a")
    replace_durably(tmp_path / "new", tmp_path / "target")
    assert (tmp_path / "target" / "a").read_text() == "content"
    assert not (tmp_path / "new").exists()
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "none")
