"""Time by number of radiographs and by width."""

from __future__ import annotations

import os
from pathlib import Path

from panodent.benchmark import scaling
from panodent.benchmark.cold import ColdBenchmark
from panodent.inference.predictor import Predictor


def test_folders_of_each_number_are_predicted_and_removed(
    files: list[Path], tmp_path: Path
) -> None:
    steps: list[str] = []
    cold = ColdBenchmark("default", dict(os.environ))
    runs = scaling.by_count(cold, files, tmp_path, steps.append, (1, 3))
    assert [run.radiographs for run in runs] == [1, 3]
    assert steps == ["a folder of 1", "a folder of 3"]
    assert not list(tmp_path.iterdir())


def test_phantoms_of_each_width_are_measured_by_stage(
    predictor: Predictor, no_warm_up: None, tmp_path: Path
) -> None:
    steps: list[str] = []
    widths = scaling.by_width(predictor, tmp_path, 1, steps.append, (256, 512))
    assert list(widths) == [256, 512]
    assert list(widths[512])[:6] == ["read", "frame", "network", "decode", "findings", "write"]
    assert steps == ["a radiograph 256 pixels wide", "a radiograph 512 pixels wide"]
