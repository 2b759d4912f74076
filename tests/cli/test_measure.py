"""`panodent measure`."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from panodent.dentition import TEETH


def test_results_are_measured(panodent, predicted: Path, tmp_path: Path) -> None:
    shutil.copytree(predicted, tmp_path / "results")
    found = panodent("measure", tmp_path / "results", "--report")
    table = tmp_path / "results" / "measures.csv"
    assert (found.code, found.out) == (0, f"3 radiographs measured; table: {table}\n")
    assert table.read_text().startswith("file_name,fdi,")
    assert len(list(tmp_path.rglob("report.pdf"))) == 3
    again = panodent("measure", tmp_path / "results")
    assert (again.code, again.out) == (1, "")
    assert panodent("measure", tmp_path / "results", "--overwrite").code == 0
    assert not list(tmp_path.rglob("report.pdf"))


def test_another_numbering(panodent, predicted: Path, tmp_path: Path) -> None:
    shutil.copytree(predicted / "phantom-00000", tmp_path / "results" / "phantom-00000")
    found = panodent("measure", tmp_path / "results", "--report", "--numbering", "universal")
    assert found.code == 0
    rows = list(csv.DictReader((tmp_path / "results" / "measures.csv").read_text().splitlines()))
    assert rows
    assert all(row["universal"] == TEETH[int(row["fdi"])].universal for row in rows)
    page = next(tmp_path.rglob("report.html")).read_text()
    assert "Universal numbering" in page
    assert "Numbers on the overlay: fdi numbering." in page


def test_a_broken_result_is_reported(panodent, predicted: Path, tmp_path: Path) -> None:
    shutil.copytree(predicted, tmp_path / "results")
    (tmp_path / "results" / "phantom-00001" / "teeth.json").write_text("{")
    found = panodent("measure", tmp_path / "results")
    assert found.code == 1
    assert found.out.startswith("2 radiographs measured")
    assert "phantom-00001" in found.err


def test_faults(panodent, tmp_path: Path) -> None:
    assert panodent("measure").code == 2
    found = panodent("measure", tmp_path)
    assert found.code == 1
    assert "no teeth.json below it" in found.err
