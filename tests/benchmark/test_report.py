"""All measurements of a benchmark in one call, on small phantoms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panodent.benchmark.report import BenchmarkSettings, Report, measure
from panodent.errors import RadiographError, UnknownNameError

STAGES = ["read", "frame", "network", "refiner", "decode", "findings", "write"]


@pytest.fixture(scope="module")
def measured(small_matrices: None, no_warm_up: None) -> tuple[Report, list[str]]:
    settings = BenchmarkSettings(rounds=1, count=3, size=(256, 512), phantoms=2)
    steps: list[str] = []
    return measure(settings, steps.append), steps


def test_everything_is_measured_in_one_call(measured: tuple[Report, list[str]]) -> None:
    report, steps = measured
    assert steps == [
        "drawing phantoms",
        "warm",
        "network and matrix product",
        "cold",
        "a folder of 3",
    ]
    assert report.radiographs == "2 phantoms, 256 x 512, JPEG"
    assert list(report.warm) == [*STAGES, "file to teeth", "everything written"]
    assert report.warm["read"].count == 2  # files x rounds
    assert list(report.cold.stages) == [
        *("start", "load", *STAGES),
        *("whole command", "its processor time"),
    ]
    assert report.folder.radiographs == 3
    assert report.other_stages.median > 0
    assert (report.peers, report.counts, report.widths) == ([], [], {})
    assert report.machine["cores"] >= 1


def test_the_report_is_plain_data(measured: tuple[Report, list[str]]) -> None:
    found = json.loads(json.dumps(measured[0].to_dict()))
    assert found["folder"]["radiographs"] == 3
    assert found["warm"]["network"]["median"] == measured[0].warm["network"].median


def test_an_unknown_peer_is_an_error_before_anything_is_measured() -> None:
    steps: list[str] = []
    with pytest.raises(UnknownNameError, match="unknown peer 'yolo'"):
        measure(BenchmarkSettings(against=("yolo",)), steps.append)
    assert not steps


def test_a_folder_without_radiographs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RadiographError, match="no radiograph there"):
        measure(BenchmarkSettings(tmp_path, rounds=1))
