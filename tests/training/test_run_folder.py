"""The folder of a training: a failed start claims nothing, a full disk loses nothing.

That a run continues from its last.npz is tested with the loop.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent.errors import OutputError, TrainingError
from panodent.training.run_folder import RUN_FILES, check_free, holding_run, remove_run


def made(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())


@pytest.mark.parametrize("record", ["config.json", "refiner.json", "findings.json"])
def test_a_folder_that_holds_a_training_is_refused(tmp_path: Path, record: str) -> None:
    check_free(tmp_path)
    made(tmp_path, record)
    with pytest.raises(TrainingError, match=rf"\({record}\); continue it with --resume"):
        check_free(tmp_path)
    check_free(tmp_path, overwrite=True)


def test_a_training_is_removed_and_the_rest_stays(tmp_path: Path) -> None:
    made(tmp_path, *RUN_FILES[:-3], "epochs.txt", "bundle/bundle.json", "notes.txt")
    remove_run(tmp_path)
    assert names(tmp_path) == ["epochs.txt", "notes.txt"]


def test_what_is_of_something_else_is_not_removed(tmp_path: Path) -> None:
    made(tmp_path, "panels/mine.png", "notes.txt")
    with pytest.raises(TrainingError, match="has panels, but holds no training to overwrite"):
        remove_run(tmp_path)
    assert names(tmp_path) == ["notes.txt", "panels/mine.png"]
    remove_run(made(tmp_path / "new", "notes.txt"))


@pytest.mark.parametrize("needed", [".", "bundle"])
def test_a_training_cannot_replace_where_it_starts(tmp_path: Path, needed: str) -> None:
    made(tmp_path, "config.json", "bundle/bundle.json")
    with pytest.raises(TrainingError, match="reads it, so it cannot be replaced"):
        remove_run(tmp_path, "", str(tmp_path / needed))
    assert (tmp_path / "config.json").exists()


def fail(folder: Path, error: Exception, *written: str, overwrite: bool = False) -> None:
    with holding_run(folder, "train", overwrite):
        if overwrite:
            remove_run(folder)
        made(folder, *written)
        raise error


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_failed_start_claims_nothing(tmp_path: Path, overwrite: bool) -> None:
    made(tmp_path, "notes.txt", *(["config.json", "last.npz", "best.npz"] if overwrite else []))
    with pytest.raises(TrainingError, match="x"):
        fail(tmp_path, TrainingError("x"), "config.json", "epochs/001.npz", overwrite=overwrite)
    assert names(tmp_path) == ["notes.txt"]
    check_free(tmp_path)


def test_a_fault_before_the_earlier_run_is_removed_leaves_it(tmp_path: Path) -> None:
    made(tmp_path, "config.json", "bundle/bundle.json")  # its last.npz was deleted to save space
    before = names(tmp_path)
    with pytest.raises(TrainingError, match="x"), holding_run(tmp_path, "train", overwrite=True):
        raise TrainingError("x")
    assert names(tmp_path) == before


def test_a_full_disk_says_how_to_continue(tmp_path: Path) -> None:
    full = OutputError("last.npz: cannot be written")
    with pytest.raises(OutputError, match=r"written$"):
        fail(tmp_path / "run", full, "config.json")
    with pytest.raises(OutputError, match=r"written; .* panodent train --resume --output .*/run$"):
        fail(tmp_path / "run", full, "config.json", "last.npz")
    assert names(tmp_path / "run") == ["config.json", "last.npz"]


# --- the command ---------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs that train nothing: what they leave on the disk is tested."""
    pytest.importorskip("panodent.training.backend", reason="needs the train extra")
    from panodent.training import loop

    def epoch(run: Any, fitted: Any, batches: Any, number: int, team: Any) -> dict[str, float]:
        frame = {"height": 64, "width": 128}
        figures = {"loss": 1.0, "val_loss": 1.0, "val_dice": 0.5}
        figures |= {"learning_rate": 0.1, "seconds": 1.0}
        return {"epoch": number + 1, **frame, **figures}

    monkeypatch.setattr(loop, "_epoch", epoch)
    monkeypatch.setattr(loop, "_validated", lambda row, *_: row)


def train(arguments: tuple[object, ...], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and standard error of the command."""
    import sys

    from panodent.cli import main

    capsys.readouterr()
    before, sys.argv = sys.argv, ["panodent", "train", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as end:
            main()
    finally:
        sys.argv = before
    return int(end.value.code or 0), capsys.readouterr().err


def test_a_disk_that_fills_up_in_the_second_epoch(
    quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from panodent import phantom
    from panodent.training import checkpoint

    phantom.write(tmp_path / "data", 3, size=(64, 128))
    run, save = tmp_path / "run", np.savez
    room = [4]  # files: three of the first epoch, one of the second

    def savez(stream: Any, **arrays: Any) -> None:
        if room[0] == 0:
            stream.write(b"some bytes that fit")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room[0] -= 1
        save(stream, **arrays)

    monkeypatch.setattr(checkpoint.np, "savez", savez)
    options = ("--recipe", "seed", "--size", "64x128", "--epochs", 3, "--val", 0.4)
    code, err = train((tmp_path / "data", "-o", run, *options), capsys)
    assert code == 1
    assert err.splitlines()[-1].startswith("error: ")
    assert err.count("error: ") == 1
    assert "No space left on device" in err
    assert f"panodent train --resume --output {run}" in err
    assert not list(run.rglob("*.part")) + list(run.rglob(".*"))
    assert len(checkpoint.progress(run / "last.npz")["history"]) == 1


@pytest.mark.parametrize("fault", ["data", "nothing left"])
def test_a_start_that_fails_does_not_block_the_next(
    quick: None, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    from panodent import phantom

    phantom.write(tmp_path / "data", 3, size=(64, 128))
    image = tmp_path / "data" / "images" / "phantom-00001.png"
    share = 0.95 if fault == "nothing left" else 0
    if fault == "data":
        image.write_bytes(image.read_bytes()[:300])
    options = ("--recipe", "seed", "--size", "64x128", "--epochs", 1, "--val", share)
    code, err = train((tmp_path / "data", "-o", tmp_path / "run", *options), capsys)
    assert (code, err.count("error: ")) == (1, 1), err
    assert err.splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "run").exists()
