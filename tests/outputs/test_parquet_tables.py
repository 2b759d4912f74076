"""The Parquet tables: what is in them, and which files there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pq = pytest.importorskip("pyarrow.parquet", reason="needs the parquet extra")

from panodent.errors import MissingExtraError, OutputError  # noqa: E402
from panodent.outputs import parquet_tables  # noqa: E402
from panodent.outputs.parquet_tables import (  # noqa: E402
    ParquetTables,
    existing_tables,
    merge_tables,
    part_files,
    remove_tables,
    table_files,
)
from panodent.outputs.table_schema import TABLES  # noqa: E402

STATUS = {"file": "/in/a.png", "status": "done", "error": "", "warning": "", "doubtful": 1}
COMMON = {"score": 0.5, "box": [1, 2, 3, 5], "area": 6, "flags": ["doubtful"]}
TOOTH = {"fdi": 38, "name": "lower left third molar", "alternative": 37, "reason": "why", **COMMON}
ATTRIBUTES: dict[str, Any] = {
    "erupted": False,
    "remnant": False,
    "impaction": {"angulation": "mesial", "angle": 48.0, "depth": "B", "below": 0.2},
}
RECORD = {
    "width": 20,
    "height": 10,
    "quality": 0.75,
    "spacing_mm": [0.1, 0.2],
    "bundle": "abc",
    "dentition": "permanent",
    "dentition_certainty": 1.0,
    "panodent": "0.1.0",
    "teeth": [{**TOOTH, **ATTRIBUTES}, {**TOOTH, "fdi": 0, "alternative": 0, "flags": []}],
    "findings": [{**COMMON, "kind": "implant", "fdi": 0}],
}


def written(files: dict[str, Path], *added: tuple[str, str, dict, dict | None]) -> dict[str, Any]:
    with ParquetTables(files) as tables:
        for item in added:
            tables.add(*item)
        tables.finish()
    return {name: pq.read_table(file) for name, file in files.items()}


def test_all_columns_are_filled(tmp_path: Path) -> None:
    found = written(table_files(tmp_path), ("sub/a", "sub/a.png", STATUS, RECORD))
    for table in TABLES:
        assert found[table.name].column_names == [column.name for column in table.columns]
        assert found[table.name].schema.metadata[b"panodent_tables_version"] == b"1"
    (status,) = found["statuses"].to_pylist()
    assert status == {
        "radiograph": "sub/a",
        "file_name": "sub/a.png",
        "file": "/in/a.png",
        "status": "done",
        "error": None,
        "warning": None,
        "width": 20,
        "height": 10,
        "quality": 0.75,
        "row_spacing_mm": pytest.approx(0.1),
        "column_spacing_mm": pytest.approx(0.2),
        "dentition": "permanent",
        "dentition_certainty": 1.0,
        "teeth": 2,
        "doubtful": 1,
        "findings": 1,
        "panodent": "0.1.0",
        "bundle": "abc",
    }
    numbered, other = found["teeth"].to_pylist()
    assert numbered == {
        "radiograph": "sub/a",
        "fdi": 38,
        "name": "lower left third molar",
        "score": 0.5,
        "left": 1,
        "top": 2,
        "right": 3,
        "bottom": 5,
        "area": 6,
        "flags": ["doubtful"],
        "alternative": 37,
        "reason": "why",
        "erupted": False,
        "remnant": False,
        "impacted": True,
        "angulation": "mesial",
        "angle": 48.0,
        "depth": "B",
    }
    assert (other["fdi"], other["alternative"], other["impacted"]) == (None, None, None)
    (finding,) = found["findings"].to_pylist()
    assert (finding["kind"], finding["fdi"], finding["area"]) == ("implant", None, 6)


def test_inputs_without_results_have_a_status_only(tmp_path: Path) -> None:
    failed = {**STATUS, "status": "failed", "error": "b.png: empty", "doubtful": 0}
    blank = {key: value for key, value in RECORD.items() if key not in ("findings", "spacing_mm")}
    found = written(
        table_files(tmp_path),
        ("b", "b\udcf1.png", failed, None),
        ("c", "c.png", {**STATUS, "status": "skipped"}, {**blank, "teeth": []}),
    )
    first, second = found["statuses"].to_pylist()
    assert (first["radiograph"], first["file_name"]) == (None, r"b\udcf1.png")
    assert (first["status"], first["error"], first["teeth"]) == ("failed", "b.png: empty", None)
    assert (second["status"], second["teeth"], second["findings"]) == ("done", 0, None)
    assert len(found["teeth"]) == len(found["findings"]) == 0


def test_many_rows_are_written_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_tables, "_ROWS", 4)
    files = table_files(tmp_path)
    found = written(files, *((f"r{n}", f"r{n}.png", STATUS, RECORD) for n in range(5)))
    assert pq.ParquetFile(files["teeth"]).num_row_groups == 3
    assert found["teeth"]["radiograph"].to_pylist() == [f"r{n // 2}" for n in range(10)]


def test_nothing_is_left_without_finish(tmp_path: Path) -> None:
    with ParquetTables(table_files(tmp_path)) as tables:
        tables.add("a", "a.png", STATUS, RECORD)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_parts_are_copied_and_older_tables_go(tmp_path: Path) -> None:
    parts = {name: tmp_path / "parts" / name for name in ("1-of-2", "2-of-2")}
    mine = tmp_path / "tables" / "teeth" / "notes.txt"
    written(table_files(tmp_path), ("old", "old.png", STATUS, RECORD))
    mine.write_text("of the user")
    written(part_files(parts["1-of-2"]), ("a", "a.png", STATUS, RECORD))
    with pytest.raises(OutputError, match="part 2-of-2 has no Parquet tables"):
        merge_tables(tmp_path, parts)
    written(part_files(parts["2-of-2"]), ("b", "b.png", STATUS, RECORD))
    assert merge_tables(tmp_path, parts)
    assert len(existing_tables(tmp_path)) == 6
    rows = pq.read_table(str(tmp_path / "tables" / "statuses")).to_pylist()
    assert [row["radiograph"] for row in rows] == ["a", "b"]
    remove_tables(tmp_path)
    assert [file for file in (tmp_path / "tables").rglob("*") if file.is_file()] == [mine]
    part_files(parts["1-of-2"])["teeth"].unlink()
    with pytest.raises(OutputError, match=r"1-of-2/teeth\.parquet: is missing; predict this part"):
        merge_tables(tmp_path, parts)
    remove_tables(tmp_path)
    for folder in parts.values():
        part_files(folder)["statuses"].unlink()
    assert not merge_tables(tmp_path, parts)


def test_pyarrow_is_asked_for_by_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"panodent\[parquet\]"):
        parquet_tables.require_pyarrow()


def test_rows_fit_what_predict_writes(tmp_path: Path, drawn: Any) -> None:
    from panodent.outputs.record import to_record

    radiograph, teeth = drawn
    record = json.loads(json.dumps(to_record(teeth, radiograph)))
    found = written(table_files(tmp_path), ("a", "a.png", STATUS, record))
    assert found["teeth"]["fdi"].to_pylist() == teeth.fdi.tolist()
    assert found["teeth"]["erupted"].null_count == 0
