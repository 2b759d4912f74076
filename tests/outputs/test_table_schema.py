"""The columns of the tables, which other programs rely on."""

from __future__ import annotations

from panodent.outputs.table_schema import TABLES, VERSION

FIRST = {
    "statuses": 18,
    "teeth": 17,
    "findings": 10,
}
"""Columns of version 1. More may be added at the end; else the version must be raised."""


def test_columns_are_only_added() -> None:
    assert VERSION == 1
    assert all(len(table.columns) >= FIRST[table.name] for table in TABLES)
    names = {table.name: [column.name for column in table.columns] for table in TABLES}
    assert names["findings"][:10] == [
        *("radiograph", "kind", "fdi", "score", "left", "top", "right", "bottom", "area", "flags"),
    ]
    assert names["teeth"][:5] == ["radiograph", "fdi", "name", "score", "left"]
    assert names["teeth"][9:17] == [
        *("flags", "alternative", "reason", "erupted", "remnant", "impacted"),
        *("angulation", "angle"),
    ]
    assert names["statuses"][:6] == [
        *("radiograph", "file_name", "file", "status", "error", "warning"),
    ]


def test_each_column_is_explained_once() -> None:
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert all(column.meaning for column in table.columns)
