"""The scripts in `benchmarks/` run, on small phantoms."""

from __future__ import annotations

import json
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from panodent import phantom
from panodent.datasets.dataset import find

SCRIPTS = Path(__file__).parents[2] / "benchmarks"
Run = Callable[..., str]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four annotated phantoms; one of them is held out."""
    folder = tmp_path_factory.mktemp("data")
    phantom.write(folder, 4, size=(256, 512))
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a script as `python benchmarks/SCRIPT ARGUMENTS` does; what it prints."""
    monkeypatch.syspath_prepend(SCRIPTS)

    def start(script: str, *arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", [script, *map(str, arguments)])
        capsys.readouterr()
        code: object = 0
        try:
            runpy.run_path(str(SCRIPTS / script), run_name="__main__")
        except SystemExit as end:
            code = end.code
        assert not code
        return capsys.readouterr().out

    return start


def test_alarms_counts_warnings(run: Run, data: Path, teeth_bundle: Path) -> None:
    printed = run("alarms.py", data, "--bundle", teeth_bundle)
    rows = dict(re.findall(r"^\| ([\w ,]+) \| (\d+ of \d+) \|$", printed, re.M))
    assert rows["all, unchanged"].endswith(" of 4")
    assert rows["held out, upside down"].endswith(" of 1")
    assert rows["textures"].endswith(" of 20")


def test_attributes_compares_labels_with_the_rule(run: Run, data: Path, tmp_path: Path) -> None:
    teeth = find(data).cases[0].teeth()
    key, numbers = find(data).cases[0].key, teeth.fdi.tolist()
    labels = {"mine": {key: {"36": "erupted", "38": "impacted mesial"}}}
    assert 36 in numbers
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    printed = run("attributes.py", data, "--labels", tmp_path / "labels.json")
    assert 'annotated teeth, part "mine"' in printed
    assert printed.count("| third molars | impacted | 0 of 1 |") == 2
    assert f"{key} 38: impacted mesial, said " in printed
    assert f"{key} 36" not in printed


def test_audit_finds_planted_mistakes(run: Run, data: Path, teeth_bundle: Path) -> None:
    printed = run("audit.py", data, "--count", 14, "--bundle", teeth_bundle)
    assert "4 radiographs; in the training data of the bundle: {'no': 4}" in printed
    rows = dict(re.findall(r"^\| (\w+) \| (\d+) \| [\d.-]+ \| [\d.a-z]+ \|", printed, re.M))
    assert rows == dict.fromkeys(
        ("shifted", "swapped", "sides", "missing", "invented", "merged"), "2"
    ) | {"deciduous": "0"}


def test_numbering_counts_wrong_and_doubtful_teeth(
    run: Run, data: Path, teeth_bundle: Path
) -> None:
    printed = run("numbering.py", data, "--repeats", 1, "--bundle", teeth_bundle)
    rows = re.findall(
        r"^\| ([\w ,]+) \| (\d+) \| (\d\.\d{4}) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$",
        printed,
        re.M,
    )
    assert [row[0] for row in rows][:1] == ["unchanged"]
    assert {"teeth removed", "teeth removed, restored, rescaled"} <= {row[0] for row in rows}
    for _, *cells in rows:
        teeth, share, wrong, missed, doubtful, both = map(float, cells)
        assert share == pytest.approx(1 - (wrong + missed) / teeth, abs=1e-4)
        assert both <= min(wrong, doubtful)


def test_precision_compares_finished_runs(run: Run, tmp_path: Path) -> None:
    for precision, dice, seconds in (("float32", (0.5, 0.7), 3), ("mixed_bfloat16", (0.6, 0.8), 2)):
        folder = tmp_path / precision
        (folder / "bundle").mkdir(parents=True)
        figure = {"value": sum(dice) / 2, "low": dice[0], "high": dice[1]}
        cases = [{"case": str(place), "dice": value} for place, value in enumerate(dice)]
        found = {"figures": {"dice": figure, "numbering": {"value": None}}, "cases": cases}
        (folder / "scores.json").write_text(json.dumps({"1-data": found}))
        (folder / "history.csv").write_text(
            f"height,seconds\n64,900\n128,99\n128,{seconds}\n128,{seconds}\n"
        )
    assert run("precision.py", "--output", tmp_path).splitlines() == [
        "float32: 3.00 s an epoch",
        "  1-data: dice 0.600 (0.500 to 0.700)",
        "mixed_bfloat16: 2.00 s an epoch",
        "  1-data: dice 0.700 (0.600 to 0.800)",
        "Dice of a radiograph in mixed_bfloat16 less float32: +0.1000 (+0.1000 to +0.1000)",
        "an epoch in float32 takes 1.50 times as long",
    ]


def test_robustness_scores_every_change(run: Run, data: Path, teeth_bundle: Path) -> None:
    printed = run("robustness.py", data, "--bundle", teeth_bundle)
    assert f"| dice, numbering | {teeth_bundle} | {teeth_bundle}, first look |" in printed
    assert len(re.findall(r"^\| .+ \| 0\.\d{4}, \d\.\d{4} \| ", printed, re.M)) == 15
    assert "| mean of all changes | " in printed


def test_exposures_scores_findings_after_every_change(run: Run, tmp_path: Path) -> None:
    phantom.write(tmp_path, 2, size=(256, 512), findings=True)
    printed = run("exposures.py", tmp_path, "--findings", tmp_path / "findings.json", "--all")
    assert "2 radiographs of " in printed
    assert len(re.findall(r"^\| .+ \| \d\.\d{3}, \d\.\d{3}, \d\.\d{3} \|$", printed, re.M)) == 8


def test_runtimes_compares_precisions(run: Run, data: Path) -> None:
    pytest.importorskip("onnx")
    printed = run("runtimes.py", data, "--rounds", 1)
    assert "1 cases scored, 3 for the ranges of int8" in printed
    assert re.search(r"ONNX Runtime, float32 +\d+\.\d ms, 1\.00 of float32, dice 0\.", printed)
    assert "ONNX Runtime, int8" in printed


def test_the_yolo_graph_is_as_large_as_published(run: Run) -> None:
    pytest.importorskip("onnx")
    printed = run("yolo11_graph.py")
    assert "yolo11n-seg: 2.87 M parameters (published 2.9), 9.8 GFLOPs (published 10.4)" in printed


@pytest.mark.parametrize(
    ("script", "needs", "option"),
    [
        ("page.py", "playwright", "--drops"),
        ("serving.py", "requests", "--clients"),
        ("training.py", "keras", "--precision"),
    ],
)
def test_scripts_that_take_long_start(run: Run, script: str, needs: str, option: str) -> None:
    pytest.importorskip(needs)
    assert option in run(script, "--help")


def test_clicks_scores_points_and_boxes(run: Run, data: Path, teeth_bundle: Path) -> None:
    options = ("--bundle", teeth_bundle, "--step", 8, "--teeth", 4, "--clicks", 2)
    printed = run("clicks.py", data, *options)
    (row,) = re.findall(r"^found +(\d+) (0\.\d+) (0\.\d+) (0\.\d+) (0\.\d+)$", printed, re.M)
    assert int(row[0]) >= 3
    assert min(map(float, row[1:])) > 0.7
