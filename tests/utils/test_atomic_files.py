"""Atomic files: whole or not at all, as readable as other new files, no leftovers."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from panodent.errors import AnnotationError, OutputError
from panodent.utils.atomic_files import (
    PendingFile,
    make_secret,
    replace_durably,
    sync,
    write_whole,
    writing,
    writing_bytes,
)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.mark.parametrize("durable", [False, True])
def test_bytes_and_text_are_written_and_parents_created(tmp_path: Path, durable: bool) -> None:
    write_whole(tmp_path / "a" / "b.bin", b"\x00\x01", durable=durable)
    write_whole(tmp_path / "a" / "b.txt", "ä", durable=durable)
    assert (tmp_path / "a" / "b.bin").read_bytes() == b"\x00\x01"
    assert (tmp_path / "a" / "b.txt").read_text(encoding="utf-8") == "ä"
    assert names(tmp_path / "a") == ["b.bin", "b.txt"]


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_text("old")
    with writing(file) as stream:
        stream.write("new")
        stream.flush()
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("error", [RuntimeError, AnnotationError, KeyboardInterrupt])
def test_an_error_in_the_block_keeps_the_old_file(
    tmp_path: Path, error: type[BaseException]
) -> None:
    file = tmp_path / "x"
    file.write_text("old")

    def fail() -> None:
        with writing(file) as stream:
            stream.write("new")
            raise error

    with pytest.raises(error):
        fail()
    assert file.read_text() == "old"
    assert names(tmp_path) == ["x"]


def test_an_error_of_the_disk_names_the_file(tmp_path: Path) -> None:
    full = OSError(28, "No space left on device")
    with (
        pytest.raises(OutputError, match=r"x: cannot be written \(No space left on device\)"),
        writing_bytes(tmp_path / "x"),
    ):
        raise full
    assert names(tmp_path) == []


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputError, match=r"x: cannot be written .*check the folder"):
        write_whole(tmp_path / "file" / "x", "data")
    (tmp_path / "taken" / "inner").mkdir(parents=True)
    with pytest.raises(OutputError, match="taken: cannot be written"):
        write_whole(tmp_path / "taken", "data")
    assert names(tmp_path) == ["file", "taken"]


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    with PendingFile(tmp_path / "x") as first, PendingFile(tmp_path / "x") as second:
        first.stream.write("first")
        second.stream.write("second")
        second.commit()
        first.commit()
    assert (tmp_path / "x").read_text() == "first"
    assert names(tmp_path) == ["x"]


def test_what_is_not_committed_is_discarded(tmp_path: Path) -> None:
    with PendingFile(tmp_path / "x") as pending:
        pending.stream.write("never seen")
        assert names(tmp_path)[0].startswith(".x.")
    assert names(tmp_path) == []
    pending.discard()  # a second time is harmless


def test_line_ends_are_kept_on_request(tmp_path: Path) -> None:
    with PendingFile(tmp_path / "x.csv", newline="") as pending:
        pending.stream.write("a,b\r\n")
        pending.commit()
    assert (tmp_path / "x.csv").read_bytes() == b"a,b\r\n"


def test_files_and_folders_are_replaced_in_one_step(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a").write_text("content")
    sync(tmp_path / "new" / "a")
    replace_durably(tmp_path / "new", tmp_path / "target")
    assert (tmp_path / "target" / "a").read_text() == "content"
    assert names(tmp_path) == ["target"]


def test_the_longest_file_name_can_be_written(tmp_path: Path) -> None:
    write_whole(tmp_path / ("é" * 127), "data")
    assert len(names(tmp_path)) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")
def test_a_file_is_as_readable_as_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_whole(tmp_path / "x", "data")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "x")}
    assert len(modes) == 1


def test_sync_takes_files_and_folders(tmp_path: Path) -> None:
    write_whole(tmp_path / "x", "data")
    sync(tmp_path / "x")
    sync(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync(tmp_path / "gone")


def test_names_that_are_not_utf8_come_back(tmp_path: Path) -> None:
    name = os.fsdecode(b"Mu\xf1oz")
    text = json.dumps([name, "Muñoz"], ensure_ascii=False)
    write_whole(tmp_path / "whole.json", text)
    with writing(tmp_path / "streamed.json") as stream:
        stream.write(text)
    for file in tmp_path.iterdir():
        assert json.loads(file.read_text("utf-8")) == [name, "Muñoz"]


def test_a_secret_is_made_once_for_its_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    make_secret(file, "first")
    make_secret(file, "second")
    assert file.read_text() == "first"
    if os.name != "nt":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(OSError, match="No such file"):
        make_secret(tmp_path / "missing" / "key", "text")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", fail)
    with pytest.raises(OSError, match="No space"):
        make_secret(tmp_path / "other", "text")
    assert names(tmp_path) == ["key"]
