"""Time by number of radiographs and by width."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from panodent.benchmark import scaling
from panodent.benchmark.cold import ColdBenchmark, FolderRun
from panodent.benchmark.scaling import by_options
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
    stages = ["read", "frame", "network", "refiner", "decode", "findings", "write"]
    assert list(widths[512])[:7] == stages
    assert steps == ["a radiograph 256 pixels wide", "a radiograph 512 pixels wide"]


class Recorded:
    """A `ColdBenchmark` that starts nothing."""

    def measure_folder(self, images, count, output, options):
        assert len(list(images.iterdir())) == count
        return FolderRun(count, 1.0, float(count), None, tuple(options))


@pytest.mark.parametrize("fast", [False, True])
def test_a_folder_is_predicted_with_each_of_the_options(fast: bool, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    files, said = [tmp_path / "a.jpg"], []
    runs = by_options(Recorded(), files, tmp_path, said.append, 3, fast)  # type: ignore[arg-type]
    expected = [(), ("--chart",), ("--no-overlay",)] + [
        ("--fast",),
        ("--no-overlay", "--fast"),
    ] * fast
    assert [run.options for run in runs] == expected
    assert said[:2] == ["a folder of 3", "a folder of 3 --chart"]
