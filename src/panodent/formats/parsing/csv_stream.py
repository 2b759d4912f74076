r"""Tables in CSV or TSV, row by row: a table may be larger than memory.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     file = Path(folder, "a.csv")
...     size = file.write_text('name,note\na.png,"1,\n2"\nb.png,3\n')
...     head = columns(file)
...     places = [place for place, _ in rows(file)]
...     [entry for row in rows_at(file, places) for entry in cells(head, row, file)]
[{'name': 'a.png', 'note': '1,\n2'}, {'name': 'b.png', 'note': '3'}]
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from panodent.errors import AnnotationError
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.json_stream import Place
from panodent.formats.parsing.text_encoding import decoded, opened

SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""Suffixes of tables, and what stands between their cells."""
_LONGEST_HEAD = 1 << 16
_LONGEST_ROW = 64 * 1024 * 1024


def columns(file: Path) -> list[str]:
    """The names of the columns, in the first row that is not empty; none in an empty file.

    Raises `AnnotationError` for a file that cannot be read.
    """
    with opened(file) as stream:
        for line in iter(lambda: stream.readline(_LONGEST_HEAD), b""):
            if line.strip():
                return _split(line, file)[0]
    return []


def rows(file: Path) -> Iterator[tuple[Place, bytes]]:
    """(place in the file, bytes) of each row below the names of the columns; empty rows are none.

    A quoted cell may hold line breaks: a row is complete when its quotation marks are even. Raises
    `AnnotationError` for a file that ends inside a quoted cell.
    """
    with opened(file) as stream:
        start, row, is_head = 0, b"", True
        for line in iter(lambda: stream.readline(_LONGEST_ROW), b""):
            row += line
            if row.count(b'"') % 2 and len(row) < _LONGEST_ROW:
                continue
            if row.strip():
                if not is_head:
                    yield (start, start + len(row)), row
                is_head = False
            start, row = start + len(row), b""
    if row:
        raise AnnotationError(f"{file}: ends inside a quoted cell; expected a whole table")


def rows_at(file: Path, places: Iterable[Place]) -> Iterator[bytes]:
    """The bytes at places that `rows` has found, or from the first of some rows to their last."""
    with opened(file) as stream:
        for start, end in places:
            stream.seek(start)
            yield stream.read(end - start)


def cells(head: list[str], data: bytes, file: Path) -> list[dict[str, str]]:
    """The cells by column of the row in these bytes, or of several rows.

    Raises `AnnotationError` unless each column has one.
    """
    found = _split(data, file)
    for row in found:
        if len(row) != len(head):
            raise AnnotationError(
                f"{file}: a row has {len(row)} cells: {excerpt(row)}; expected {len(head)}"
            )
    return [dict(zip(head, row, strict=True)) for row in found]


def row_cells(head: list[str], row: bytes, file: Path) -> dict[str, str]:
    """The cells by column of one row; raises `AnnotationError` as `cells`."""
    found = cells(head, row, file)
    if len(found) != 1:
        raise AnnotationError(
            f"{file}: a quotation mark joins {len(found)} rows, from that of "
            f"{excerpt(next(iter(found[0].values()), ''))}; expected cells with such a mark in "
            "quotation marks"
        )
    return found[0]


def cell_of(head: list[str], column: str, row: bytes, file: Path) -> str:
    """The cell of a column in a row that may have too few or too many; empty if there is none."""
    found, at = next(iter(_split(row, file)), []), head.index(column)
    return found[at] if at < len(found) else ""


def _split(data: bytes, file: Path) -> list[list[str]]:
    text = io.StringIO(decoded(data, file), newline="")
    try:
        separator = SEPARATORS.get(file.suffix.lower(), ",")
        csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_ROW))
        return [row for row in csv.reader(text, delimiter=separator, strict=True) if row]
    except csv.Error as error:
        raise AnnotationError(f"{file}: is not CSV ({error})") from None
