"""Predictions in new processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from panodent.benchmark.cold import ColdBenchmark
from panodent.errors import BenchmarkError

STAGES = ["start", "load", "read", "frame", "network", "refiner", "decode", "findings", "write"]


def test_a_file_is_measured_by_stage_and_as_command(files: list[Path], tmp_path: Path) -> None:
    cold = ColdBenchmark("default", dict(os.environ), preload="panodent.cli")
    found = cold.measure_file(files[0], tmp_path, 1)
    assert list(found.stages) == [*STAGES, "whole command", "its processor time"]
    assert {spread.count for spread in found.stages.values()} == {1}  # without the warm-up
    whole = found.stages["whole command"].median
    assert whole > found.stages["network"].median > 0
    if found.peak_mib is not None:
        # Python, NumPy, OpenCV and the network; the memory of this process does not count.
        assert 60 < found.peak_mib < 450
    assert (tmp_path / "phantom-0" / "teeth.json").exists()


def test_a_folder_is_one_command(files: list[Path], tmp_path: Path) -> None:
    cold = ColdBenchmark("default", dict(os.environ))
    found = cold.measure_folder(files[0].parent, 2, tmp_path)
    assert found.radiographs == 2
    assert found.radiographs_per_second == pytest.approx(2 / found.seconds, rel=0.02)
    assert len(list(tmp_path.glob("*/teeth.json"))) == 2


def test_a_bundle_that_is_missing_fails(files: list[Path], tmp_path: Path) -> None:
    cold = ColdBenchmark(str(tmp_path / "none"), dict(os.environ))
    with pytest.raises(BenchmarkError, match="no bundle there"):
        cold.measure_folder(files[0].parent, 2, tmp_path / "out")
