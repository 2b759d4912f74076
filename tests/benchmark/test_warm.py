"""Stages of one radiograph in this process."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.benchmark import warm
from panodent.benchmark.timing import StageTimer
from panodent.benchmark.warm import measure, time_prediction, time_stages
from panodent.inference.predictor import Predictor

STAGES = ["read", "frame", "network", "refiner", "decode", "findings", "write"]


def test_stages_write_what_predicting_writes(
    predictor: Predictor, files: list[Path], tmp_path: Path
) -> None:
    stages, whole = StageTimer(), StageTimer()
    time_stages(predictor, files[0], tmp_path / "stages", stages)
    time_prediction(predictor, files[0], tmp_path / "whole", whole)
    assert list(stages.times) == STAGES
    assert list(whole.times) == ["file to teeth", "everything written"]
    for name in ("labels.png", "overlay.png"):
        assert (tmp_path / "stages" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_every_file_is_measured_as_often_as_rounds_say(
    predictor: Predictor, files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "_WARM_UP_ROUNDS", 1)
    timer = StageTimer()
    measure(predictor, files, tmp_path, 2, timer)
    assert list(timer.times) == [*STAGES, "file to teeth", "everything written"]
    assert {len(values) for values in timer.times.values()} == {2 * 2}  # without the warm-up
