"""`panodent evaluate`."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from panodent import phantom


def test_predictions_are_scored(panodent, predicted: Path, data: Path, tmp_path: Path) -> None:
    found = panodent("evaluate", predicted, data, "--samples", 20, "-o", tmp_path)
    assert (found.code, found.err) == (0, "")
    assert re.search(r"^dice +0\.\d{4}  \(0\.\d{4} to 0\.\d{4}\)$", found.out, re.M)
    assert re.search(r"^canine +dice 0\.\d{4}  dice_obb 0\.\d{4}  numbering \d", found.out, re.M)
    assert found.out.endswith(f"page: {tmp_path / 'index.html'}\n")
    assert json.loads((tmp_path / "scores.json").read_text())["case_count"] == 3


def test_without_bootstrap_samples_there_are_no_intervals(
    panodent, predicted: Path, data: Path
) -> None:
    found = panodent("evaluate", predicted, data, "--samples", 0)
    assert re.search(r"^dice +0\.\d{4}$", found.out, re.M)


def test_a_case_without_prediction_is_an_error(panodent, predicted: Path, tmp_path: Path) -> None:
    phantom.write(tmp_path, 4, size=(256, 512))
    found = panodent("evaluate", predicted, tmp_path, "--samples", 0)
    assert found.code == 1
    assert "1 case has no prediction and counts as 0; the first is phantom-00003" in found.err


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--samples", -1), 2, "--samples"),
        (("--format", "cocoo"), 2, "Did you mean 'coco'"),
        (("--format", "yolo"), 1, "error:"),
    ],
)
def test_faults(panodent, predicted: Path, data: Path, options: tuple, code: int, message: str):
    found = panodent("evaluate", predicted, data, *options)
    assert (found.code, found.out) == (code, "")
    assert message in found.err


def test_groups_are_printed_and_written(
    panodent, predicted: Path, data: Path, tmp_path: Path
) -> None:
    table = tmp_path / "facts.csv"
    table.write_text("file;device\nphantom-00000.png;A\nphantom-00001.png;B\nx.png;B\n")
    found = panodent(
        *("evaluate", predicted, data, "--samples", 20, "-o", tmp_path / "scores"),
        *("--by", "dentition", "--by", "device", "--table", table),
    )
    assert found.code == 0
    assert re.search(r"^ +permanent +3 +\d+ +0\.\d{3} +", found.out, re.M)
    assert re.search(r"^ +A +1 +\d+ ", found.out, re.M)
    assert "gap in dice: none, fewer than two groups of 5 radiographs" in found.out
    assert all(len(line) <= 80 for line in found.out.splitlines() if line.startswith("  "))
    assert found.err.splitlines() == [
        "warning: 1 radiograph is in no group: facts.csv has no row for them: phantom-00002",
        "warning: 1 row of facts.csv belongs to no radiograph: x.png",
    ]
    groups = json.loads((tmp_path / "scores" / "scores.json").read_text())["groups"]
    assert [group["name"] for group in groups["device"]["groups"]] == ["A", "B"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--by", "sex"), 2, "expected dentition or teeth"),
        (("--by", "sexx", "--table", "facts.csv"), 2, "known: file, sex. Did you mean 'sex'?"),
        (("--table", "facts.csv"), 2, "is not used; name a column with --by: file, sex"),
        (("--by", "sex", "--table", "no.csv"), 1, "no.csv: cannot be read"),
    ],
)
def test_faulty_groups_end_before_scoring(
    panodent, predicted, data, tmp_path, monkeypatch, options: tuple, code: int, message: str
) -> None:
    (tmp_path / "facts.csv").write_text("file,sex\nphantom-00000,f\n")
    monkeypatch.chdir(tmp_path)
    found = panodent("evaluate", predicted.resolve(), data.resolve(), *options)
    assert (found.code, found.out) == (code, "")
    assert message in " ".join(found.err.split())


def test_many_names_are_shortened(panodent, predicted, data, tmp_path) -> None:
    rows = "".join(f"x{n}.png,f\n" for n in range(12))
    (tmp_path / "facts.csv").write_text("file,sex\nphantom-00000,f\n" + rows)
    found = panodent(
        *("evaluate", predicted, data, "--samples", 0),
        *("--by", "sex", "--table", tmp_path / "facts.csv"),
    )
    assert "12 rows of facts.csv belong to no radiograph: x0.png, " in found.err
    assert "x7.png and 4 more" in found.err


def test_faulty_items_stop_it_or_are_left_out(panodent, predicted, data, tmp_path: Path) -> None:
    truth = shutil.copytree(data, tmp_path / "truth")
    document = json.loads((truth / "truth.json").read_text())
    for number in (0, -1):  # of two radiographs
        document["annotations"][number]["segmentation"] = [[1, 2]]
    (truth / "truth.json").write_text(json.dumps(document))
    call = ("evaluate", predicted, truth, "--samples", 0)
    found = panodent(*call)
    assert (found.code, found.out) == (1, "")
    assert "2 items cannot be used" in found.err
    assert found.err.count("annotation ") >= 2
    document["annotations"][len(document["annotations"]) // 2]["attributes"] = {"impacted": True}
    (truth / "truth.json").write_text(json.dumps(document))
    left = panodent(*call, "--skip-bad", "-o", tmp_path / "out")
    assert left.code == 0
    assert re.search(r"impacted: \d of 1 found", left.out)
    assert (tmp_path / "out" / "attribute-scores.json").exists()
    assert "left out: 2 annotations that could not be used" in left.err
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert len(scores["cases"]) == 1
