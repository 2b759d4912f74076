"""Runs that go on: their history, whether they are finished, and more epochs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from panodent import phantom
from panodent.errors import ConfigError, TrainingError
from panodent.training import checkpoint
from panodent.training.continuation import extend, history_of, is_finished
from panodent.training.recipes import load_config, recipe
from panodent.training.run import prepare
from panodent.training.run_data import DataSource
from panodent.training.train_config import Stage

STAGES = (Stage(1, 64, 64), Stage(2, 64, 128))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    phantom.write(tmp_path / "data", 3, size=(64, 128))
    config = replace(recipe("default"), stages=STAGES)
    prepare(tmp_path / "run", [DataSource(tmp_path / "data")], config, lambda *_: None)
    return tmp_path / "run"


def do(run: Path, dice: Sequence[float]) -> None:
    """Writes the state after epochs with this Dice; the network has no weights."""
    rows = [{"epoch": n + 1, "height": 64, "width": 128, "val_dice": d} for n, d in enumerate(dice)]
    model = SimpleNamespace(get_weights=list)
    checkpoint.save(run / "last.npz", model, {"history": rows}, with_optimiser=False)


def test_a_run_is_finished_with_its_last_epoch_and_its_bundle(run: Path) -> None:
    assert history_of(run) == []
    assert not is_finished(run)
    do(run, (0.1, 0.2, 0.3))
    assert not is_finished(run)
    (run / "bundle").mkdir()
    assert is_finished(run)
    assert len(history_of(run)) == 3


def test_more_epochs_lengthen_the_last_stage(run: Path) -> None:
    do(run, (0.1, 0.2, 0.3))
    extend(run, 8, 4)
    config, record = load_config(run)
    assert [stage.epochs for stage in config.stages] == [1, 7]
    assert config.patience == 4
    assert record["data"]


@pytest.mark.parametrize(("done", "epochs", "least"), [((0.1, 0.2, 0.3), 3, 4), ((), 1, 2)])
def test_fewer_epochs_than_were_done_are_refused(
    run: Path, done: tuple[float, ...], epochs: int, least: int
) -> None:
    do(run, done)
    with pytest.raises(ConfigError, match=f"of 3 epochs; expected at least {least}"):
        extend(run, epochs)


def test_a_run_that_stopped_early_goes_on_with_more_patience(run: Path) -> None:
    extend(run, patience=1)
    do(run, (0.3, 0.2))
    with pytest.raises(ConfigError, match="stopped early after 2 epochs; add --patience 0"):
        extend(run, 6)
    extend(run, 6, 0)
    assert load_config(run)[0].epochs == 6


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no training run"):
        extend(tmp_path, 3)
