"""One process at a time in an output folder, and nothing left of a start that failed."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from panodent.errors import OutputError
from panodent.utils import output_folder
from panodent.utils.atomic_files import PendingFile
from panodent.utils.output_folder import LOCK, joined, occupied, remove_incomplete


def test_the_second_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    code = "import sys, pathlib; from panodent.utils.output_folder import occupied\n"
    code += "with occupied(pathlib.Path(sys.argv[1]), 'train'): print(flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    other.stdout.readline()
    named = rf"run: in use by `panodent train` \(process {other.pid} on .*, since 20.*\); wait"
    with pytest.raises(OutputError, match=named), occupied(folder, "train"):
        pass
    other.communicate(b"\n")
    assert not folder.exists()
    with occupied(folder, "train"):
        (folder / "config.json").touch()
    assert [file.name for file in folder.iterdir()] == ["config.json"]


def begin(folder: Path, *names: str) -> None:
    """Writes files and fails then."""
    with occupied(folder, "train", keep="last.npz"):
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).touch()
        raise ValueError("x")


def test_a_failed_start_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    mine = tmp_path / "run" / "mine.txt"
    mine.parent.mkdir()
    mine.touch()
    with pytest.raises(ValueError, match="x"):
        begin(mine.parent, "config.json", "epochs/001.npz")
    assert list(mine.parent.rglob("*")) == [mine]


def test_what_there_is_to_keep_is_kept(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="x"):
        begin(tmp_path, "config.json", "last.npz")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["config.json", "last.npz"]


def test_incomplete_files_of_a_killed_command_are_deleted(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = tmp_path / "a" / f".teeth.json.{ended.pid}-0123abcd.part"
    dead.parent.mkdir()
    others = [
        tmp_path / f".teeth.json.{os.getppid()}-0123abcd.part",
        tmp_path / ".mine.part",
        tmp_path / "labels.png",
    ]
    for file in (dead, *others):
        file.touch()
    with occupied(tmp_path, "predict") as interrupted:
        assert not interrupted
    assert dead.exists()
    (tmp_path / LOCK).touch()
    with occupied(tmp_path, "predict") as interrupted:
        assert interrupted
    assert sorted(file for file in tmp_path.rglob("*") if file.is_file()) == sorted(others)


def test_the_name_of_an_incomplete_file_is_recognised(tmp_path: Path) -> None:
    pending = PendingFile(tmp_path / ("x" * 60))
    pending.stream.close()
    assert remove_incomplete(tmp_path) == 1


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS])
def test_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(file: Path, shared: bool) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(output_folder, "lock_file", refuse)
    with (
        pytest.raises(OutputError, match=rf"cannot be written \({os.strerror(number)}\); check"),
        occupied(tmp_path, "train"),
    ):
        pass


def test_a_file_system_without_locks_is_used_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path, shared: bool) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(output_folder, "lock_file", refuse)
    with occupied(tmp_path, "train"):
        (tmp_path / "config.json").touch()
    assert [file.name for file in tmp_path.iterdir()] == ["config.json"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    with (
        pytest.raises(OutputError, match="is a file; name a folder"),
        occupied(tmp_path / "run", "train"),
    ):
        pass
    with (
        pytest.raises(OutputError, match="cannot be written"),
        occupied(tmp_path / "run" / "below", "train"),
    ):
        pass


def test_several_join_a_folder_that_is_nobodys_alone(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with joined(folder, folder / "a", "predict"):
        with joined(folder, folder / "b", "predict"):
            (folder / "b" / "run.json").touch()
        assert (folder / LOCK).exists()  # the other one is still at work
        with pytest.raises(OutputError, match="several calls of `panodent predict`; wait"):
            occupied(folder, "merge").__enter__()
    assert [file.name for file in folder.rglob("*")] == ["b", "run.json"]
    with occupied(folder, "merge") as interrupted:
        assert not interrupted
