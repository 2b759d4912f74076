"""Tests of `panodent.reports.measures`: a folder of results is measured."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from panodent.errors import DatasetError
from panodent.outputs.case import write_case
from panodent.radiograph.radiograph import from_array
from panodent.reports.measures import COLUMNS, measure_folder
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


def test_a_folder_without_results_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no teeth\.json"):
        measure_folder(tmp_path)
