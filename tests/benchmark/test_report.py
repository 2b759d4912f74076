"""The whole benchmark, tiny, and how it reads."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from panodent.benchmark import inputs, processes, scaling
from panodent.benchmark.report import Report, Settings, measure
from panodent.cli import app
from panodent.errors import BenchmarkError, RadiographError
from panodent.radiograph.radiograph import read

STAGES = ["read", "frame", "network", "decode", "write"]


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    inputs.phantoms(folder, 1, (256, 512))
    return folder


@pytest.fixture(scope="module")
def measured(images: Path) -> tuple[Report, list[str]]:
    said: list[str] = []
    return measure(Settings(images, rounds=1, count=2), said.append), said


def test_everything_is_measured_in_one_call(measured) -> None:
    report, said = measured
    assert said == ["warm", "network and matrix product", "cold", "a folder of 2"]
    assert list(report.warm) == [*STAGES, "file to teeth", "everything written"]
    assert list(report.cold.stages) == ["start", "load", *STAGES, "whole command"]
    assert report.folder.radiographs == 2
    assert report.folder.a_second == pytest.approx(2 / report.folder.seconds, rel=0.02)
    if sys.platform != "win32":
        # Python, NumPy, OpenCV and the network take some; this process's own peak is not counted.
        assert 60 < report.cold.peak_mib < 450


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_prints_lines_or_json(measured, images, as_json, monkeypatch, capsys) -> None:
    asked = []

    def remembered(settings: Settings, say: object) -> Report:
        asked.append(settings)
        return measured[0]

    monkeypatch.setattr("panodent.benchmark.report.measure", remembered)
    flags = ["--json"] if as_json else []
    command = ["benchmark", "--images", str(images), "--against", "yolo-onnx", "--count", "7"]
    with pytest.raises(SystemExit) as end:
        app([*command, *flags])
    assert end.value.code == 0
    assert asked == [Settings(images, ("yolo-onnx",), count=7)]
    text = capsys.readouterr().out
    if as_json:
        assert json.loads(text)["limit"]["multiply_adds"] > 1e8
        return
    for words in ("warm, ms", "whole command", "a folder of 2", "matrix product", "its limit"):
        assert words in text


def test_growth_is_measured_by_number_and_by_width(images: Path, tmp_path: Path) -> None:
    import panodent

    with processes.as_installed() as environment:
        files = inputs.found(images)
        (found,) = scaling.by_count(files, tmp_path, "default", environment, (3,))
    assert found.radiographs == 3
    widths = scaling.by_width(panodent.load(), tmp_path, 1, (256, 512))
    assert list(widths) == [256, 512]
    assert list(widths[512])[:5] == STAGES


def test_phantoms_are_grey_jpeg_files_of_the_size_asked_for(tmp_path: Path) -> None:
    (file,) = inputs.phantoms(tmp_path, 1, (256, 510))
    assert file.read_bytes()[:3] == b"\xff\xd8\xff"
    assert read(file).size == (256, 510)


def test_a_folder_without_radiographs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RadiographError, match="no radiograph there"):
        inputs.found(tmp_path)


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(BenchmarkError, match=r"ended with 1: .*no such thing"):
        processes.run(["-c", "raise ValueError('no such thing')"], dict(os.environ))
