"""`panodent measure`."""

from __future__ import annotations

import shutil
from pathlib import Path


def test_results_are_measured(panodent, predicted: Path, tmp_path: Path) -> None:
    shutil.copytree(predicted, tmp_path / "results")
    found = panodent("measure", tmp_path / "results", "--report")
    table = tmp_path / "results" / "measures.csv"
    assert (found.code, found.out) == (0, f"3 radiographs measured; table: {table}\n")
    assert table.read_text().startswith("file_name,fdi,")
    assert len(list(tmp_path.rglob("report.pdf"))) == 3


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
