"""Tests of `panodent.reports.audit` and of its section on the page."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import cv2
import numpy as np

from panodent.analysis.annotation_audit import Mistake
from panodent.datasets.correction import Correction, Corrections, load
from panodent.datasets.dataset import Dataset
from panodent.datasets.inspection import Inspection
from panodent.errors import RadiographError
from panodent.radiograph.radiograph import Radiograph
from panodent.reports.audit import LISTED, Audit, Entry
from panodent.reports.inspection import to_html, write
from panodent.teeth.teeth import Teeth

SIZE = (64, 128)
TEETH = Teeth.from_masks(SIZE, [(36, np.ones((9, 9), bool), (5, 5))])
INSPECTION = Inspection(Dataset(Path(), "coco", ()), (), ())


def entry(key: str, confidence: float = 0.9, reason: str = "36 looks like 37") -> Entry:
    return Entry(key, Mistake("renumber", (0,), (37,), (0,), confidence, reason), (36,), "no")


def audit(*entries: Entry, **more) -> Audit:
    proposals = Corrections("p", "", "", {item.key: Correction({36: 37}) for item in entries})
    return Audit(entries, {"no": len(entries), "yes": 2}, proposals, **more)


def case() -> tuple[Radiograph, Teeth, Teeth]:
    return Radiograph(np.zeros(SIZE, np.float32)), TEETH, TEETH


def test_files(tmp_path: Path, checked_page) -> None:
    made = audit(entry("a"), entry("b", 0.5), cases={"a": case})
    page = checked_page(write(INSPECTION, tmp_path, made).read_text("utf-8"))
    rows = list(csv.reader(io.StringIO((tmp_path / "audit.csv").read_text())))
    assert rows == [
        ["key", "kind", "annotated", "suggested", "confidence", "reason", "trained_on"],
        ["a", "renumber", "36", "37", "0.9000", "36 looks like 37", "no"],
        ["b", "renumber", "36", "37", "0.5000", "36 looks like 37", "no"],
    ]
    assert load(tmp_path / "corrections.json") == made.corrections
    assert page.values("src") == ["pictures/audit-1.jpg"]
    assert cv2.imread(str(tmp_path / "pictures" / "audit-1.jpg")).shape[1] > 3 * 400
    assert "a: 36 looks like 37 (confidence 0.90)" in page.text
    assert "2 radiographs: every network given learnt from it" in page.text


def test_hostile_names_stay_text(tmp_path: Path, checked_page, hostile: str) -> None:
    made = audit(
        entry(hostile, reason=hostile),
        gaps=(hostile,),
        skipped={hostile: hostile},
        cases={hostile: case},
    )
    page = checked_page(write(INSPECTION, tmp_path, made).read_text("utf-8"))
    # A gap, a row and a caption with key and reason each, and one that was not compared.
    assert page.text.count(hostile) == 1 + 2 + 2 + 2
    rows = list(csv.reader(io.StringIO((tmp_path / "audit.csv").read_text())))
    assert rows[1][0] == rows[1][5] == hostile
    assert list(load(tmp_path / "corrections.json").radiographs) == [hostile]


def test_a_radiograph_that_cannot_be_read_has_its_reason(tmp_path: Path, checked_page) -> None:
    def gone() -> tuple[Radiograph, Teeth, Teeth]:
        raise RadiographError("a.png: no such file")

    page = checked_page(
        write(INSPECTION, tmp_path, audit(entry("a"), cases={"a": gone})).read_text()
    )
    assert "(no picture: a.png: no such file)" in page.text


def test_long_lists_say_what_they_leave_out(checked_page) -> None:
    made = audit(*(entry(str(number)) for number in range(LISTED + 2)))
    page = checked_page(to_html(INSPECTION, audit=made))
    assert "2 more mistakes are in audit.csv" in page.text


def test_without_an_audit_there_is_no_section(checked_page) -> None:
    assert "Likely mistakes" not in checked_page(to_html(INSPECTION)).text
    assert "None was found." in checked_page(to_html(INSPECTION, audit=audit())).text
