"""MLflow and Weights & Biases, where they are installed: what they keep can be read back."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from panodent.errors import MissingExtraError, UnknownNameError
from panodent.training.trackers import MlflowTracker, WandbTracker, check_trackers


def test_names_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="known: tensorboard, mlflow, wandb"):
        check_trackers(["mlflo"])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert check_trackers(["wandb", "tensorboard", "mlflow", "wandb"]) == ["mlflow", "wandb"]
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert check_trackers(["tensorboard"]) == []
    with pytest.raises(MissingExtraError, match=r"--track wandb needs .*panodent\[track\]"):
        check_trackers(["wandb"])


def test_mlflow_keeps_settings_and_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlflow", reason="needs the track extra")
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    first = MlflowTracker(tmp_path, "fold-1", "")
    first.settings({"epochs": 2, "stages": [1, 2]})
    first.log(1, {"loss": 2.0})
    first.end("stopped")
    again = MlflowTracker(tmp_path, "fold-1", first.id)
    again.log(2, {"loss": 1.0, "held_out/data/dice": 0.5})
    again.end("finished")
    client = MlflowClient((tmp_path / "mlflow").as_uri())
    kept = client.get_run(first.id)
    assert (kept.info.run_name, kept.info.status) == ("fold-1", "FINISHED")
    assert kept.data.params == {"epochs": "2", "stages": "[1, 2]"}
    assert kept.data.metrics == {"loss": 1.0, "held_out/data/dice": 0.5}
    history = client.get_metric_history(first.id, "loss")
    assert [(item.step, item.value) for item in history] == [(1, 2.0), (2, 1.0)]


def test_wandb_keeps_figures_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb", reason="needs the track extra")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    first = WandbTracker(tmp_path, "run", "")
    first.settings({"epochs": 2})
    first.log(1, {"loss": 2.0})
    first.end("finished")
    (file,) = tmp_path.rglob(f"offline-run-*/run-{first.id}.wandb")
    end = time.monotonic() + 20
    while not all(text in file.read_bytes() for text in (b"loss", b"epochs")):
        assert time.monotonic() < end, "its service writes the file a moment later, in vain"
        time.sleep(0.05)
