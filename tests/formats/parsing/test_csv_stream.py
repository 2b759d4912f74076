"""Tables are read row by row; cells may hold line breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import AnnotationError
from panodent.formats.parsing.csv_stream import (
    cell_of,
    cells,
    columns,
    row_cells,
    rows,
    rows_at,
)


def table(folder: Path, text: str, name: str = "a.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode())
    return file


def read(file: Path) -> list[dict[str, str]]:
    head = columns(file)
    return [entry for _, row in rows(file) for entry in cells(head, row, file)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", '\n\na,b\r\n1,"x,\r\n""y"""\r\n\r\n2,'),
        ("a.TSV", 'a\tb\n1\t"x,\r\n""y"""\n2\t\n'),
        ("a.csv", '\ufeffa,b\n1,"x,\r\n""y"""\n2,\n'),
    ],
)
def test_rows_with_line_breaks_quotes_and_empty_lines(tmp_path: Path, name: str, text: str) -> None:
    expected = [{"a": "1", "b": 'x,\r\n"y"'}, {"a": "2", "b": ""}]
    assert read(table(tmp_path, text, name)) == expected


def test_several_rows_are_read_at_once(tmp_path: Path) -> None:
    file = table(tmp_path, 'a\n1\n"2\n"\n3\n')
    places = [place for place, _ in rows(file)]
    run = (places[0][0], places[1][1])
    assert [cells(["a"], data, file) for data in rows_at(file, [run])] == [
        [{"a": "1"}, {"a": "2\n"}]
    ]


def test_rows_that_a_stray_quotation_mark_joins_are_refused(tmp_path: Path) -> None:
    file = table(tmp_path, 'a,b\n5" x,1\n6" y,2\n')
    ((_, row),) = rows(file)
    with pytest.raises(AnnotationError, match=r"a\.csv: a quotation mark joins 2 rows"):
        row_cells(["a", "b"], row, file)


def test_a_cell_of_a_row_of_another_length(tmp_path: Path) -> None:
    file = table(tmp_path, "a,b\n")
    assert [cell_of(["a", "b"], "b", row, file) for row in (b"1", b"1,2,3")] == ["", "2"]


def test_an_empty_table_has_no_columns_and_no_rows(tmp_path: Path) -> None:
    file = table(tmp_path, "\n \n")
    assert columns(file) == []
    assert list(rows(file)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1\n", r"a\.csv: a row has 1 cells: \['1'\]; expected 2"),
        ('a,b\n1,"2\n', r"a\.csv: ends inside a quoted cell; expected a whole table"),
        ('a,b\n"1"x,2\n', r"a\.csv: is not CSV \("),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read(table(tmp_path, text))
