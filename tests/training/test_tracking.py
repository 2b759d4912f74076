"""Each epoch is recorded once, whoever stops in between; a tracker that fails stops no training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from panodent.errors import TrainingError
from panodent.training import tracking as module
from panodent.training.recipes import recipe
from panodent.training.run import Run
from panodent.training.tracking import choose, tracking


class Recorder:
    """A tracker that keeps what it is given; `fails_at` is the step at which it fails."""

    made: list[Recorder] = []  # noqa: RUF012
    fails_at = 0

    def __init__(self, folder: Path, name: str, known: str) -> None:
        self.name, self.known, self.id = name, known, known or "id-1"
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.given: dict[str, Any] = {}
        self.status = ""
        Recorder.made.append(self)

    def settings(self, values: Any) -> None:
        self.given = dict(values)

    def log(self, step: int, values: Any) -> None:
        if step == Recorder.fails_at:
            raise ConnectionError("away")
        self.logged.append((step, dict(values)))

    def end(self, status: str) -> None:
        self.status = status


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(Recorder, "made", [])
    monkeypatch.setattr(Recorder, "fails_at", 0)
    monkeypatch.setattr(module, "history_of", lambda folder: [])
    folder = tmp_path / "run"
    choose(folder, ["recorder"])
    return Run(folder, recipe("default"), [], [], [], lambda event, row: None)


def row(epoch: int, dice: float = 0.5) -> dict[str, float]:
    return {"epoch": epoch, "loss": 1.0 / epoch, "val_dice": dice}


TRACKERS = {"recorder": Recorder}


def test_epochs_settings_and_scores_are_recorded(run: Run) -> None:
    told: list[str] = []
    run.report = lambda event, row: told.append(event)
    with tracking(run, TRACKERS) as recording:
        run.report("step", {"loss": 9.0})
        run.report("epoch", row(1, float("nan")))
        run.report("epoch", row(2))
        recording.log({"held_out/data/dice": 0.9})
    (made,) = Recorder.made
    assert (made.name, made.status) == ("run", "finished")
    assert made.given == run.config.to_dict()
    assert made.logged == [
        (1, {"loss": 1.0}),
        (2, {"loss": 0.5, "val_dice": 0.5}),
        (2, {"held_out/data/dice": 0.9}),
    ]
    assert told == ["step", "epoch", "epoch"]
    run.report("epoch", row(3))
    assert len(made.logged) == 3


def train_one_epoch_and_fail(run: Run) -> None:
    with tracking(run, TRACKERS):
        run.report("epoch", row(1))
        raise RuntimeError("disk")


def test_a_training_that_goes_on_has_one_record(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="disk"):
        train_one_epoch_and_fail(run)
    # The second epoch was kept, but not recorded, when the machine stopped.
    monkeypatch.setattr(module, "history_of", lambda folder: [row(1), row(2)])
    with tracking(run, TRACKERS) as recording:
        run.report("epoch", row(3))
        recording.status = "stopped"
    first, second = Recorder.made
    assert (first.status, second.status, second.known) == ("failed", "stopped", "id-1")
    assert (bool(first.given), second.given) == (True, {})
    assert [step for step, _ in first.logged + second.logged] == [1, 2, 3]
    assert json.loads((run.folder / "trackers.json").read_text()) == {
        "ids": {"recorder": "id-1"},
        "epochs": 3,
    }


def test_a_tracker_that_fails_is_warned_about(run: Run) -> None:
    told: list[str] = []
    run.report = lambda event, row: told.append(str(row.get("text", event)))
    Recorder.fails_at = 1
    with tracking(run, TRACKERS):
        run.report("epoch", row(1))
        run.report("epoch", row(2))
    assert told == ["epoch", "recorder does not record any more (ConnectionError: away)", "epoch"]
    assert Recorder.made[0].logged == []


def test_a_tracker_that_cannot_start_is_told_before_training(run: Run) -> None:
    def broken(*_: object) -> Any:
        raise OSError("no disk")

    with (
        pytest.raises(TrainingError, match=r"recorder cannot record this run \(OSError: no disk\)"),
        tracking(run, {"recorder": broken}),
    ):
        pass


def test_nothing_happens_without_trackers(tmp_path: Path) -> None:
    choose(tmp_path, [])
    made = Run(tmp_path, recipe("default"), [], [], [], lambda event, row: None)
    report = made.report
    with tracking(made, TRACKERS) as recording:
        assert made.report is report
        recording.log({"x": 1.0})
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "trackers.json").write_text("{")
    with pytest.raises(TrainingError, match="delete it to train without"), tracking(made):
        pass
