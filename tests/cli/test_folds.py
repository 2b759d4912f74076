"""`panodent folds`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest


def test_runs_are_scored_on_what_they_held_out(
    panodent, finished_run: Path, tmp_path: Path
) -> None:
    found = panodent("folds", finished_run, "-o", tmp_path)
    assert found.code == 0
    assert found.err == (
        "warning: folds 2, 3 are missing, so their radiographs are not scored; train them with "
        "panodent train --fold\n"
    )
    first, together, page = found.out.splitlines()
    assert first.startswith("held out of ")
    assert together.startswith("all 1: dice 0.")
    assert page == f"page: {tmp_path / 'index.html'}"
    assert (tmp_path / "index.html").exists()
    again = panodent("folds", finished_run, "-o", tmp_path)
    assert (again.code, again.out) == (1, "")
    assert "already holds a report (cases.csv); replace it with --overwrite" in again.err


def test_the_folder_of_all_folds(panodent, finished_run: Path, tmp_path: Path) -> None:
    shutil.copytree(finished_run, tmp_path / "fold-1")
    found = panodent("folds", tmp_path)
    assert found.code == 0
    assert found.out == panodent("folds", finished_run).out


def test_faults(panodent, tmp_path: Path) -> None:
    assert panodent("folds").code == 2
    found = panodent("folds", tmp_path)
    assert (found.code, found.out) == (1, "")
    assert "holds no training run" in found.err


def test_a_fold_that_is_given_twice(panodent, finished_run: Path) -> None:
    found = panodent("folds", finished_run, finished_run)
    assert (found.code, found.out) == (1, "")
    assert "both held out fold 1/3; give each fold once" in found.err


@pytest.fixture
def cross_validation(finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folds that are prepared only, but for the first, which counts as finished."""
    for number in (1, 2, 3):
        folder = tmp_path / f"fold-{number}"
        folder.mkdir()
        shutil.copy(finished_run / "config.json", folder)
    finished = "panodent.training.continuation.is_finished"
    monkeypatch.setattr(finished, lambda folder: folder.name == "fold-1")
    return tmp_path


def test_runs_that_are_not_finished_are_trained_first(
    panodent, cross_validation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def played(folders: list[Path], places: Any, report: Any) -> dict[Path, int]:
        assert [place.environment for place in places] == [
            {"CUDA_VISIBLE_DEVICES": "0"},
            {"CUDA_VISIBLE_DEVICES": "2"},
        ]
        for folder, place in zip(folders, places, strict=True):
            report(folder, "start", {"place": place.name})
        report(folders[0], "epoch", {"epoch": 1.0, "loss": 0.25, "val_dice": 0.5})
        report(folders[0], "end", {"code": 0})
        (folders[1] / "train.log").write_text("reading\nerror: no space left\n")
        report(folders[1], "end", {"code": 1})
        return dict(zip(folders, (0, 1), strict=True))

    monkeypatch.setattr("panodent.training.side_by_side.train_side_by_side", played)
    monkeypatch.setattr("panodent.training.side_by_side.check_devices", lambda devices: None)
    found = panodent("folds", cross_validation, "--train", "--devices", "0,2")
    log = cross_validation / "fold-3" / "train.log"
    assert found.code == 1
    assert found.out.splitlines() == [
        "fold-1: finished before",
        "fold-2: trains on device 0",
        "fold-3: trains on device 2",
        "fold-2: epoch 1/61  loss 0.2500  dice 0.5000",
        "fold-2: finished",
        "fold-3: failed with exit code 1",
        "2 of 3 runs are finished",
    ]
    assert found.err == f"error: fold-3: no space left (all in {log})\n"


def test_an_interrupt_of_several_trainings(
    panodent, cross_validation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("panodent.training.side_by_side.train_side_by_side", interrupted)
    found = panodent("folds", cross_validation, "--train")
    assert found.code == 130
    assert "the same command goes on" in found.out


def test_places_to_train_in_need_train(panodent, tmp_path: Path) -> None:
    alone = panodent("folds", tmp_path, "--devices", "0,1")
    assert (alone.code, alone.out) == (2, "")
    assert "--devices and --jobs say where runs are trained; add --train" in alone.err
    both = panodent("folds", tmp_path, "--train", "--devices", "0", "--jobs", 2)
    assert "give one of the two" in both.err
