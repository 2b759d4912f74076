"""`panodent benchmark`: its settings and how it prints a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panodent.benchmark.cold import ColdStart
from panodent.benchmark.limit import Limit
from panodent.benchmark.report import BenchmarkSettings, Report
from panodent.benchmark.timing import Spread
from panodent.cli import app

SPREAD = Spread(20.0, 18.0, 25.0, 10)
REPORT = Report(
    machine=dict.fromkeys(
        ("panodent", "bundle", "python", "onnxruntime", "processor", "cores", "threads", "load"), 1
    ),
    radiographs="4 phantoms",
    warm={"network": SPREAD},
    cold=ColdStart({"start": SPREAD}, 200.0),
    limit=Limit(2_000_000_000, 200.0, 20.0, SPREAD, SPREAD),
    other_stages=SPREAD,
    folder=None,
)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_report_is_printed_as_lines_or_json(
    tmp_path: Path,
    as_json: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = []

    def measure(settings: BenchmarkSettings, notify: object) -> Report:
        asked.append(settings)
        return REPORT

    monkeypatch.setattr("panodent.benchmark.report.measure", measure)
    flags = ["--json"] if as_json else []
    command = ["benchmark", "--images", str(tmp_path), "--against", "yolo-onnx", "--count", "7"]
    with pytest.raises(SystemExit) as end:
        app([*command, *flags])
    assert end.value.code == 0
    assert asked == [
        BenchmarkSettings(tmp_path, ("yolo-onnx",), count=7, preload="panodent.cli.predict")
    ]
    text = capsys.readouterr().out
    if as_json:
        assert json.loads(text) == json.loads(json.dumps(REPORT.to_dict()))
    else:
        assert "radiographs: 4 phantoms\n" in text
        assert "peak memory 200 MiB\n" in text


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--rounds", "0"), 2, "--rounds"),
        (("--against", "yolo"), 2, "known: seed-keras, yolo-onnx"),
        (("--images", "{tmp}"), 1, "no radiograph there"),
    ],
)
def test_faults(panodent, tmp_path: Path, options: tuple, code: int, message: str) -> None:
    given = (part.replace("{tmp}", str(tmp_path)) for part in options)
    found = panodent("benchmark", "--rounds", 1, *given)
    assert (found.code, found.out) == (code, "")
    assert message in found.err
