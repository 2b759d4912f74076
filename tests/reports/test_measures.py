"""Tests of `panodent.reports.measures`: a folder of results is measured."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from panodent.dentition import PERMANENT, to_fdi
from panodent.dentition import TEETH as TEETH_BY_FDI
from panodent.errors import DatasetError, OutputError
from panodent.inference.predictor import PERMANENT_ONLY, with_limits_noted
from panodent.outputs.case import write_case
from panodent.radiograph.radiograph import from_array
from panodent.reports.measures import COLUMNS, measure_folder
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (64, 128)
TEETH = Teeth.from_masks(
    SIZE, [(36, np.ones((20, 8), bool), (20, 10)), (35, np.ones((20, 8), bool), (20, 21))]
)


def result(folder: Path, spacing: list[float] | None = None) -> None:
    """What `panodent predict` leaves for one radiograph."""
    radiograph = from_array(np.zeros(SIZE, np.uint8))
    write_case(folder, radiograph, TEETH, extra={"file_name": "a.png", "spacing_mm": spacing})


def rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


def test_a_folder_of_results(tmp_path: Path, checked_page) -> None:
    result(tmp_path / "a")
    result(tmp_path / "b/c", spacing=[0.5, 0.5])
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/teeth.json").write_text("{")
    told: list[tuple[int, int]] = []
    count, failed = measure_folder(tmp_path, sheets=True, progress=lambda *at: told.append(at))
    assert (count, list(failed), told) == (2, ["broken"], [(1, 3), (2, 3), (3, 3)])
    together = rows(tmp_path / "measures.csv")
    assert together == rows(tmp_path / "a/measures.csv") + rows(tmp_path / "b/c/measures.csv")
    first = together[0]
    assert list(first)[: len(COLUMNS)] == list(COLUMNS)
    assert (first["fdi"], first["area"], first["mesial"], first["mesial_gap"]) == (
        "36",
        "160",
        "35",
        "3.0",
    )
    assert [row["area_mm2_uncalibrated"] for row in together] == ["", "", "40.0", "40.0"]
    data = json.loads((tmp_path / "a/measures.json").read_text())
    assert [tooth["fdi"] for tooth in data["teeth"]] == [36, 35]
    checked_page((tmp_path / "a/report.html").read_text())
    assert (tmp_path / "a/report.pdf").read_bytes().startswith(b"%PDF")


def test_sheets_are_written_when_asked_for(tmp_path: Path) -> None:
    result(tmp_path)
    assert measure_folder(tmp_path) == (1, {})
    assert not list(tmp_path.glob("report.*"))


def test_an_earlier_call_is_replaced_as_a_whole_and_on_request_only(tmp_path: Path) -> None:
    result(tmp_path / "a")
    measure_folder(tmp_path, sheets=True)
    before = (tmp_path / "measures.csv").read_bytes()
    with pytest.raises(
        OutputError, match=r"measurements of an earlier call \(measures\.csv\).*--ov"
    ):
        measure_folder(tmp_path, numbering="palmer")
    assert (tmp_path / "measures.csv").read_bytes() == before
    measure_folder(tmp_path, numbering="palmer", overwrite=True)
    assert b"palmer" in (tmp_path / "measures.csv").read_bytes()
    assert not list(tmp_path.rglob("report.*"))


def test_a_folder_without_results_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no teeth\.json"):
        measure_folder(tmp_path)


def test_notes_and_all_numbers_are_in_tables_and_sheets(tmp_path: Path, checked_page) -> None:
    """A bundle of permanent teeth says in every report that it knows no others."""
    block = np.ones((4, 4), bool)
    teeth = Teeth.from_masks((64, 256), [(fdi, block, (8, 8)) for fdi in TEETH_BY_FDI])
    radiograph = from_array(np.zeros((64, 256), np.uint8))
    noted = with_limits_noted(radiograph, PERMANENT)
    write_case(tmp_path / "a", noted, teeth, numbering="palmer", extra={"file_name": "a.png"})
    assert json.loads((tmp_path / "a/teeth.json").read_text())["notes"][-1] == PERMANENT_ONLY
    assert measure_folder(tmp_path, sheets=True, numbering="palmer") == (1, {})
    table = rows(tmp_path / "measures.csv")
    assert {int(row["fdi"]): to_fdi(row["palmer"], "palmer") for row in table} == {
        fdi: fdi for fdi in TEETH_BY_FDI
    }
    assert {row["erupted"] for row in table} <= {"true", "false"}
    assert PERMANENT_ONLY in json.loads((tmp_path / "a/measures.json").read_text())["notes"]
    page = checked_page((tmp_path / "a/report.html").read_text())
    assert PERMANENT_ONLY[1:] in page.text
    cells = set(re.findall(r'<td class="number">(.*?)</td>', page.html))
    assert {tooth.palmer for tooth in TEETH_BY_FDI.values()} <= cells
    assert "Deciduous: URA, URB," in page.text


def test_sheets_have_the_findings_of_the_record(tmp_path: Path, checked_page) -> None:
    radiograph = from_array(np.zeros(SIZE, np.uint8))
    crown = Findings.from_masks(SIZE, [("crown", 36, np.ones((8, 8), bool), (20, 10))])
    write_case(tmp_path / "a", radiograph, TEETH, findings=crown)
    write_case(tmp_path / "b", radiograph, TEETH)
    measure_folder(tmp_path, sheets=True)
    told, plain = ((tmp_path / name / "report.html").read_text() for name in "ab")
    assert "36: crown." in checked_page(told).text
    assert "crown" not in checked_page(plain).text
