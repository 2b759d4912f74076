"""Runs that go on: whether one is finished, and more epochs for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from panodent.errors import ConfigError
from panodent.training import checkpoint
from panodent.training.epochs import finished
from panodent.training.history import Row
from panodent.training.recipes import CONFIG_FILE, load_config
from panodent.utils.atomic_files import write_whole
from panodent.utils.wording import counted


def history_of(folder: Path) -> list[Row]:
    """The rows of a run's complete epochs; empty before the first is complete."""
    file = folder / "last.npz"
    rows: list[Row] = checkpoint.progress(file)["history"] if file.exists() else []
    return rows


def is_finished(folder: Path) -> bool:
    """Whether a run has done all its epochs, or stopped early, and has its bundle."""
    config, _ = load_config(folder)
    return (folder / "bundle").is_dir() and finished(history_of(folder), config)


def extend(folder: Path, epochs: int | None = None, patience: int | None = None) -> None:
    """Changes how long a run goes on, in its config.json; None leaves a setting as it is.

    More or fewer epochs change the last stage. The cosine of the learning rate is then that of the
    new number, so that the rate of a finished run rises again. Raises `ConfigError` when the run
    would have nothing left to do, and `TrainingError` when the folder holds no run.
    """
    config, record = load_config(folder)
    rows = history_of(folder)
    if patience is not None:
        config = replace(config, patience=patience)
    if epochs is not None:
        *earlier, last = config.stages
        before = sum(stage.epochs for stage in earlier)
        least = max(before, len(rows)) + 1
        if epochs < least:
            raise ConfigError(
                f"--epochs is {epochs}, but {folder} has done {len(rows)} of "
                f"{counted(config.epochs, 'epoch', 'epochs')}; expected at least {least}"
            )
        config = replace(config, stages=(*earlier, replace(last, epochs=epochs - before)))
        if finished(rows, config):
            raise ConfigError(
                f"{folder} stopped early after {counted(len(rows), 'epoch', 'epochs')}; "
                f"add --patience 0, or more than {config.patience}, to go on"
            )
    record["config"] = config.to_dict()
    write_whole(folder / CONFIG_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
