"""The runs of `panodent train`: one, one that goes on, and those of a cross-validation."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.cli import training_session
from panodent.cli.training_session import (
    continue_run,
    score_folds,
    train_runs,
    train_together,
)
from panodent.errors import ConfigError
from panodent.training import continuation
from panodent.training.device_group import ALONE, DeviceGroup
from panodent.training.recipes import recipe
from panodent.training.run import Run, prepare, prepare_folds
from panodent.training.run_data import DataSource

pytest.importorskip("panodent.training.backend", reason="needs the train extra")


@pytest.fixture
def runs(data: Path, tmp_path: Path) -> list[Run]:
    sources = [DataSource(data)]
    return prepare_folds(tmp_path / "cv", sources, recipe("finetune"), 3, lambda *_: None)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Names of the runs that are trained from now on, and whether they are resumed."""
    found: list[tuple[str, bool]] = []

    def train_run(
        run: Run, progress: object, group: DeviceGroup, resume: bool = False, output: object = None
    ) -> int:
        assert group is ALONE
        found.append((run.folder.name, resume))
        return 130 if run.folder.name == "fold-3" else 0

    monkeypatch.setattr(training_session, "train_run", train_run)
    return found


def test_folds_are_trained_one_after_another_until_one_is_interrupted(
    runs: list[Run], trained: list[tuple[str, bool]], tmp_path: Path, capsys
) -> None:
    assert train_runs(tmp_path / "cv", runs, ALONE) == 130
    assert trained == [("fold-1", False), ("fold-2", False), ("fold-3", False)]
    assert "fold-2 of 3:\n" in capsys.readouterr().out


def test_folds_are_scored_together_in_the_end(
    runs: list[Run],
    trained: list[tuple[str, bool]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scored: list[object] = []
    monkeypatch.setattr(training_session, "score_folds", lambda runs: ("scores of", runs))
    monkeypatch.setattr(training_session, "write_folds", lambda *given: scored.append(given))
    assert train_runs(tmp_path / "cv", runs[:2], ALONE) == 0
    assert scored == [(("scores of", [run.folder for run in runs[:2]]), tmp_path / "cv")]


def test_finished_folds_are_not_trained_again(
    runs: list[Run],
    trained: list[tuple[str, bool]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(continuation, "is_finished", lambda folder: folder.name == "fold-1")
    assert continue_run(tmp_path / "cv", None, 7, ALONE) == 130
    assert trained == [("fold-2", True), ("fold-3", True)]
    assert continuation.load_config(tmp_path / "cv" / "fold-2")[0].patience == 7


def test_one_run_goes_on(data: Path, tmp_path: Path, trained: list[tuple[str, bool]]) -> None:
    prepare(tmp_path / "one", [DataSource(data)], recipe("finetune"), lambda *_: None)
    assert continue_run(tmp_path / "one", 30, None, ALONE) == 0
    assert trained == [("one", True)]
    assert continuation.load_config(tmp_path / "one")[0].epochs == 30


def test_several_processes_train_one_run_and_not_folds(
    runs: list[Run], trained: list[tuple[str, bool]], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"name one of them, such as .*fold-1"):
        continue_run(tmp_path / "cv", None, None, DeviceGroup(processes=2))
    assert not trained
    assert train_together(ALONE, lambda group: 7 if group is ALONE else 0) == 7


def test_one_missing_fold_is_named(
    finished_run: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    from panodent.training import cross_validation

    monkeypatch.setattr(cross_validation, "missing_folds", lambda runs: [2])
    score_folds([finished_run])
    assert "fold 2 is missing, so its radiographs" in capsys.readouterr().err
