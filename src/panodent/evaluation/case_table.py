"""Tables of facts about radiographs: a CSV file with a row for each, matched by name.

The first line has the names of the columns. The cells of a row are separated by commas, semicolons
or tabs, whichever the first line has most of. The radiograph's name stands in the column with one
of the names `NAME_COLUMNS`, or else in the first column; it is a file name or a key, with or
without folders and suffix.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from panodent.errors import DatasetError, UnknownNameError
from panodent.evaluation.key_matching import match
from panodent.radiograph.radiograph import key_of

NAME_COLUMNS = ("file_name", "filename", "file", "image", "radiograph", "case", "key")
"""Columns that name the radiograph, first match first; upper and lower case are the same."""


@dataclass(frozen=True)
class CaseTable:
    """The rows of a table that belong to radiographs.

    Attributes
    ----------
    file : the CSV file.
    columns : names of all columns.
    rows : key of a radiograph -> its row by column; cells without surrounding spaces.
    unmatched : rows that belong to no radiograph, by their name in the table.
    notes : a sentence for each row that belongs to its radiograph by file name only.
    """

    file: Path
    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]
    unmatched: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())

    def values(self, column: str) -> dict[str, str]:
        """Key -> cell; raises `UnknownNameError`, which lists the columns."""
        if column not in self.columns:
            raise UnknownNameError(f"column of {self.file.name}", column, list(self.columns))
        return {key: row[column] for key, row in self.rows.items()}


def read_table(file: Path, keys: Sequence[str]) -> CaseTable:
    """Reads a table and matches its rows with radiographs of these keys.

    A row belongs to the radiograph whose key is its name; else whose key ends in it, or it in the
    key; else with the same file name. Raises `DatasetError`, which names the file, the line and the
    columns, when the file cannot be read as a table, two rows have one name, or it is unclear which
    radiograph a row belongs to.
    """
    lines = _lines(file)
    _, header = next(lines, (0, []))
    columns = tuple(cell.strip() for cell in header)
    named = ", ".join(columns)
    if len(columns) < 2:
        raise DatasetError(
            f"{file}: the first line has {len(columns)} columns ({named}); expected the names of "
            "two or more, separated by commas, semicolons or tabs"
        )
    if twice := [name for place, name in enumerate(columns) if name in columns[:place]]:
        raise DatasetError(f"{file}: the column {twice[0]!r} stands twice; the columns are {named}")
    lower = {name.lower(): name for name in reversed(columns)}
    name_column = next((lower[name] for name in NAME_COLUMNS if name in lower), columns[0])
    file_names = {PurePosixPath(key).name for key in keys}
    rows: dict[str, dict[str, str]] = {}
    seen: dict[str, int] = {}
    for number, cells in lines:
        if len(cells) != len(columns):
            raise DatasetError(
                f"{file}, line {number}: {len(cells)} cells; expected {len(columns)} ({named})"
            )
        row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
        name = _key(row[name_column], file_names)
        if not row[name_column]:
            raise DatasetError(
                f"{file}, line {number}: the column {name_column!r} is empty; expected the name of "
                "a radiograph"
            )
        if name in rows:
            raise DatasetError(
                f"{file}, lines {seen[name]} and {number}: two rows for {name!r} in the column "
                f"{name_column!r}; keep one. The columns are {named}"
            )
        rows[name], seen[name] = row, number
    try:
        partners, notes = match(list(keys), list(rows), ("row", "rows"))
    except DatasetError as error:
        raise DatasetError(f"{file}: {error}") from None
    unused = set(rows) - set(partners.values())
    return CaseTable(
        file,
        columns,
        {key: rows[name] for key, name in partners.items()},
        tuple(row[name_column] for name, row in rows.items() if name in unused),
        tuple(notes),
    )


def _key(name: str, file_names: set[str]) -> str:
    """The key that a name in the table stands for; a key may itself end like a suffix."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.as_posix() if path.name in file_names else key_of(path)


def _lines(file: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line that is not empty; the first has the names."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DatasetError(f"{file}: cannot be read ({error.strerror}); expected a CSV") from None
    except UnicodeDecodeError as error:
        raise DatasetError(
            f"{file}: byte {error.start} is not UTF-8; save the table as CSV in UTF-8"
        ) from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise DatasetError(
            f"{file}, line {reader.line_num}: {error}; expected a CSV table"
        ) from None
