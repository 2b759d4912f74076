"""The folder of a refiner's training: it is opened as it was prepared, or refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.errors import TrainingError
from panodent.training import refiner
from panodent.training.refiner_config import ChangeConfig, RefinerConfig
from panodent.training.refiner_run import prepare, reopen
from panodent.training.run_data import DataSource

SMALL = RefinerConfig(filters=(4, 8), epochs=2, batch_size=8, variants=1)


def ignore(*_: object) -> None: ...


def test_faults(refiner_data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no training of `panodent refiner`"):
        reopen(tmp_path / "none", ignore)
    run = prepare(tmp_path / "run", [DataSource(refiner_data)], "default", SMALL, ignore)
    with pytest.raises(TrainingError, match="already holds"):
        prepare(tmp_path / "run", [DataSource(refiner_data)], "default", SMALL, ignore)
    with pytest.raises(TrainingError, match="at least one batch of 4000"):
        refiner.train(replace(run, config=replace(SMALL, batch_size=4000)))
    record = json.loads((tmp_path / "run" / "refiner.json").read_text())
    record["bundle_sha256"] = "0"
    (tmp_path / "run" / "refiner.json").write_text(json.dumps(record))
    with pytest.raises(TrainingError, match="has changed"):
        reopen(tmp_path / "run", ignore)


def test_a_run_is_opened_with_its_settings(refiner_data: Path, tmp_path: Path) -> None:
    config = replace(SMALL, change=ChangeConfig(rotation=2.0))
    made = prepare(tmp_path / "run", [DataSource(refiner_data)], "default", config, ignore)
    again = reopen(tmp_path / "run", ignore)
    assert made.config == again.config == config
    assert [case.key for case in again.training] == [case.key for case in made.training]
