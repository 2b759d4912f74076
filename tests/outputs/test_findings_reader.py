"""Findings are written to the results folder and read back."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from panodent.errors import AnnotationError, DatasetError, OutputError
from panodent.outputs.case import write_case
from panodent.outputs.findings_reader import read_finding_results
from panodent.outputs.record import findings_from_record, to_record
from panodent.outputs.summary_files import SummaryFiles
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (20, 40)
BLOCK = np.ones((4, 3), bool)
TEETH = Teeth.from_masks(SIZE, [(36, BLOCK, (10, 30)), (0, BLOCK, (2, 2))])
FOUND = Findings.from_masks(
    SIZE,
    [
        ("root_filling", 36, BLOCK, (12, 30)),
        ("crown", 36, BLOCK, (10, 30)),
        ("implant", 46, BLOCK, (10, 5)),
        ("appliance", 0, BLOCK, (0, 20)),
    ],
    [0.5, 0.25, 0.75, 1.0],
    [{"doubtful"}, {"doubtful"}, (), ()],
).sorted()


def test_the_record_holds_findings_or_nothing() -> None:
    plain = to_record(TEETH)
    assert "findings" not in plain
    assert findings_from_record(plain) is None
    record = json.loads(json.dumps(to_record(TEETH, findings=FOUND)))
    assert record["findings_version"] == 1
    assert record["findings"][0]["kind"] == "crown"
    assert record["findings"][0]["box"] == [30, 10, 33, 14]
    assert findings_from_record(record) == FOUND
    assert {key: value for key, value in record.items() if not key.startswith("findings")} == plain
    empty = to_record(TEETH, findings=Findings.empty(SIZE))
    assert findings_from_record(empty) == Findings.empty(SIZE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"findings_version": 2}, "findings of version 2; this panodent reads up to 1"),
        ({"findings": [{"kind": "crown"}]}, "not the findings of a teeth.json"),
        ({"findings": 3}, "not the findings of a teeth.json"),
    ],
)
def test_faults_of_a_record(changes: dict, message: str) -> None:
    with pytest.raises(OutputError, match=message):
        findings_from_record({**to_record(TEETH, findings=FOUND), **changes})


def written(folder: Path, findings: Findings | None) -> None:
    radiograph = Radiograph(np.zeros(SIZE, np.float32))
    with SummaryFiles(folder, findings=findings is not None) as summary:
        for number, name in enumerate(("a/one.png", "two.png"), start=1):
            here = findings if number == 1 or findings is None else Findings.empty(SIZE)
            place = folder / name.removesuffix(".png")
            record = write_case(place, radiograph, TEETH, pictures=False, findings=here)
            summary.add(number, name, record)
        summary.finish()


def test_files(tmp_path: Path) -> None:
    written(tmp_path, FOUND)
    found = read_finding_results(tmp_path)
    assert list(found) == ["a/one"]
    expected = Findings.from_masks(
        SIZE, [(f.kind, f.fdi, f.mask, f.box[:2]) for f in FOUND], FOUND.scores.tolist()
    )
    assert found["a/one"] == expected
    entry = json.loads((tmp_path / "findings.json").read_text())[0]
    assert list(entry) == [
        "image_id", "file_name", "category", "fdi", "segmentation", "bbox", "score",
    ]  # fmt: skip
    assert (entry["category"], entry["fdi"], entry["bbox"]) == ("crown", 36, [30, 10, 3, 4])
    rows = list(csv.DictReader((tmp_path / "findings.csv").open()))
    assert [row["kind"] for row in rows] == ["crown", "root_filling", "implant", "appliance"]
    assert rows[0] == {
        "file_name": "a/one.png", "fdi": "36", "kind": "crown", "score": "0.25", "left": "30",
        "top": "10", "right": "33", "bottom": "14", "area": "12", "flags": "doubtful",
    }  # fmt: skip
    teeth = list(csv.DictReader((tmp_path / "teeth.csv").open()))
    assert [row["findings"] for row in teeth] == ["crown;root_filling", "", "", ""]


def test_without_findings_nothing_of_them_is_left(tmp_path: Path) -> None:
    written(tmp_path, FOUND)
    written(tmp_path, None)
    assert not list(tmp_path.glob("findings.*"))
    assert "findings" not in (tmp_path / "teeth.csv").read_text()
    assert "findings" not in (tmp_path / "two" / "teeth.json").read_text()
    with pytest.raises(DatasetError, match=r"findings\.json: not there; predict with a bundle"):
        read_finding_results(tmp_path)


def test_faults_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "findings.json"
    file.write_text('[{"file_name": "a.png"}]')
    with pytest.raises(AnnotationError, match="result 0 lacks category, fdi, segmentation, score"):
        read_finding_results(file)
    file.write_text("{")
    with pytest.raises(AnnotationError, match="not a file of findings"):
        read_finding_results(file)
    entry = {
        "file_name": "a.png", "category": "caries", "fdi": 36, "score": 1,
        "segmentation": {"size": [2, 2], "counts": "13"},
    }  # fmt: skip
    file.write_text(json.dumps([entry]))
    with pytest.raises(AnnotationError, match="unknown kind of finding 'caries'"):
        read_finding_results(file)
    crown = {**entry, "category": "crown"}
    file.write_text(json.dumps([crown, {**crown, "file_name": "a.jpg"}]))
    with pytest.raises(DatasetError, match=r"'a\.png' and 'a\.jpg' are both 'a'"):
        read_finding_results(file)
