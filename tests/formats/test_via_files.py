"""Images of VIA are the same whether they stand in a project, in JSON or in a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fuzz_seeds import via_table
from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.faults import FaultList, FaultReport
from panodent.formats.via import FORMAT
from panodent.formats.via_files import entries, entries_at, find
from panodent.teeth.teeth import Teeth


def as_table(project: Path, file: Path, separator: str = ",") -> Path:
    """The table that VIA exports of a project."""
    table = via_table(json.loads(project.read_text(encoding="utf-8")), separator)
    file.write_text(table, encoding="utf-8")
    return file


@pytest.fixture
def project(tmp_path: Path, drawn: tuple[Any, Teeth]) -> Path:
    """A project of two radiographs, one of them without teeth."""
    FORMAT.write(
        tmp_path / "project.json", [("b, ü.png", drawn[1]), ("a.png", Teeth.empty((5, 7)))]
    )
    return tmp_path / "project.json"


def swapped(file: Path) -> None:
    """Exchanges the second and the last row, so that one radiograph's rows stand apart."""
    rows = file.read_text(encoding="utf-8").splitlines()
    rows[2], rows[-1] = rows[-1], rows[2]
    file.write_text("\n".join(rows), encoding="utf-8")


def nothing(_: Path) -> None:
    """Leaves the table as it is."""


def of_via_1(file: Path) -> None:
    """Begins the table as VIA 1 does."""
    file.write_text("#" + file.read_text(encoding="utf-8"), encoding="utf-8")


@pytest.mark.parametrize("change", [nothing, of_via_1, swapped])
def test_a_table_has_the_teeth_of_its_project(
    tmp_path: Path, project: Path, change: Callable[[Path], None]
) -> None:
    table = as_table(project, tmp_path / "via.csv")
    change(table)
    expected = {item.key: (item.size, item.read()) for item in FORMAT.read(project)}
    project.unlink()
    assert find(tmp_path) == find(table) == [table]
    assert formats.recognise(tmp_path) == "via"
    found = {item.key: (item.size, item.read()) for item in FORMAT.read(tmp_path)}
    assert found.keys() == expected.keys()
    assert found["a"] == expected["a"]
    size, teeth = found["b, ü"]
    assert size == expected["b, ü"][0]
    assert sorted(teeth.fdi) == sorted(expected["b, ü"][1].fdi)
    if change is not swapped:
        assert teeth == expected["b, ü"][1]


def test_json_comes_before_tables_and_those_of_splits_are_read_together(tmp_path: Path) -> None:
    projects, tables = [], []
    for split in ("train", "val"):
        projects.append(tmp_path / split / "project.json")
        FORMAT.write(projects[-1], [("a.png", Teeth.empty((5, 7)))])
        Image.fromarray(np.zeros((5, 7), np.uint8)).save(tmp_path / split / "a.png")
        tables.append(as_table(projects[-1], tmp_path / split / "via.csv"))
    assert find(tmp_path) == projects
    for project in projects:
        project.unlink()
    assert find(tmp_path) == tables
    assert [item.key for item in FORMAT.read(tmp_path)] == ["train/a", "val/a"]


def test_a_bad_row_costs_its_region(tmp_path: Path, project: Path) -> None:
    table = as_table(project, tmp_path / "via.csv")
    rows = table.read_text(encoding="utf-8").splitlines()
    count = len(rows) - 2
    rows[1] += ",more"
    rows[2] = rows[2].replace('""tooth""', "tooth")
    table.write_text("\n".join(rows), encoding="utf-8")
    faults = FaultList()
    items = {item.key: item.read() for item in FORMAT.read(table, {"faults": faults})}
    assert len(items["b, ü"]) == count - 2
    assert items["a"] == Teeth.empty((5, 7))
    problems = [str(fault) for fault in faults]
    assert len(problems) == 2
    assert ": b, ü.png: a row has 8 cells" in problems[0]
    assert "region_attributes are '{tooth: " in problems[1]


def test_rows_that_are_missing_are_named(tmp_path: Path, project: Path) -> None:
    table = as_table(project, tmp_path / "via.csv")
    rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
    ours = [row for row in rows if row.startswith('"b, ü')]
    table.write_text("".join([row for row in rows if row != ours[-1]]), encoding="utf-8")
    faults = FaultList()
    FORMAT.read(table, {"faults": faults})
    (fault,) = faults
    assert fault.is_warning
    assert f"b, ü.png: has {len(ours) - 1} of {len(ours)} regions, which region_" in str(fault)


def test_another_separator_is_named(tmp_path: Path, project: Path) -> None:
    table = as_table(project, tmp_path / "via.csv", separator=";")
    project.unlink()
    with pytest.raises(
        AnnotationError, match=r"VIA's table, but not as VIA writes it, with commas"
    ):
        formats.recognise(tmp_path)
    assert find(table) == []


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("name,age\na,1\n")
    with pytest.raises(AnnotationError, match=r"has the columns \['name', 'age'\]; expected VIA's"):
        FORMAT.read(table)


def test_places_of_json(project: Path) -> None:
    found = list(entries(project, FaultReport.of(None, project)))
    assert list(entries_at(project, [places for _, places, _ in found])) == [e for *_, e in found]
