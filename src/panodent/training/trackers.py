"""Services that record trainings: MLflow and Weights & Biases, behind one small interface.

Both write into the folder of the run and need no network. MLflow uses a server instead if
MLFLOW_TRACKING_URI names one, and Weights & Biases if WANDB_MODE is "online", as everywhere.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from panodent.errors import MissingExtraError, UnknownNameError

PROJECT = "panodent"
"""Name of the experiment of MLflow and the project of Weights & Biases."""


class Tracker(Protocol):
    """Records one run; made by `TRACKERS[name](folder, name of the run, its id or '')`."""

    @property
    def id(self) -> str:
        """By which a training that goes on finds its record again."""

    def settings(self, values: Mapping[str, Any]) -> None:
        """Records the settings of the training; called once."""

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Records figures after an epoch."""

    def end(self, status: str) -> None:
        """Ends the record; `status` is 'finished', 'stopped' or 'failed'."""


class MlflowTracker:
    """Records in MLflow; see `Tracker`."""

    def __init__(self, folder: Path, name: str, known: str) -> None:
        # Else a training waits for many minutes for a server that is not there.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
        from mlflow.tracking import MlflowClient

        address = os.environ.get("MLFLOW_TRACKING_URI", "")
        if not address:
            # MLflow asks for this before it writes to a folder; its databases need more packages.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
            address = (folder / "mlflow").resolve().as_uri()
        self._client = MlflowClient(address)
        if known:
            self.id = known
            self._client.update_run(known, "RUNNING")
            return
        experiment = self._client.get_experiment_by_name(PROJECT)
        number = experiment.experiment_id if experiment else self._client.create_experiment(PROJECT)
        self.id = str(self._client.create_run(number, run_name=name).info.run_id)

    def settings(self, values: Mapping[str, Any]) -> None:
        """Records the settings as parameters."""
        from mlflow.entities import Param

        params = [Param(key, str(value)[:500]) for key, value in values.items()]
        self._client.log_batch(self.id, params=params)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Records figures as metrics."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(key, float(value), now, step) for key, value in values.items()]
        self._client.log_batch(self.id, metrics=metrics)

    def end(self, status: str) -> None:
        """Ends the run."""
        states = {"finished": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}
        self._client.set_terminated(self.id, states[status])


class WandbTracker:
    """Records in Weights & Biases; see `Tracker`. `wandb sync` sends a record later."""

    def __init__(self, folder: Path, name: str, known: str) -> None:
        import wandb

        self._run = wandb.init(
            project=PROJECT,
            name=name,
            dir=str(folder),
            id=known or None,
            resume="allow",
            mode="online" if os.environ.get("WANDB_MODE") == "online" else "offline",
            settings=wandb.Settings(silent=True, console="off"),
        )
        self.id = str(self._run.id)

    def settings(self, values: Mapping[str, Any]) -> None:
        """Records the settings as the configuration."""
        self._run.config.update(dict(values), allow_val_change=True)

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Records figures."""
        self._run.log(dict(values), step=step)

    def end(self, status: str) -> None:
        """Ends the record."""
        self._run.finish(exit_code=0 if status == "finished" else 1)


TRACKERS: Mapping[str, Any] = {"mlflow": MlflowTracker, "wandb": WandbTracker}
"""Classes by the name of `--track`."""
TENSORBOARD = "tensorboard"
"""A name of `--track` that adds nothing: its files are always written."""


def check_trackers(names: Sequence[str]) -> list[str]:
    """The names, each once; raises `UnknownNameError` or `MissingExtraError`. Imports none."""
    for name in names:
        if name not in (TENSORBOARD, *TRACKERS):
            raise UnknownNameError("tracker", name, (TENSORBOARD, *TRACKERS))
        if name in TRACKERS and importlib.util.find_spec(name) is None:
            raise MissingExtraError("track", f"--track {name}", name)
    return [name for name in TRACKERS if name in names]
