"""Where the images of VIA stand in a file: in a project, in its JSON or in its table (CSV).

A table has a row for each region. Its cells hold attributes as JSON, and an image without regions
has one row. Rows become the same entry of an image that JSON has:

>>> from tempfile import TemporaryDirectory
>>> head = "filename,region_count,region_shape_attributes,region_attributes"
>>> row = 'a.png,1,"{""name"":""polygon""}","{""tooth"":""36""}"'
>>> with TemporaryDirectory() as folder:
...     file = Path(folder, "via.csv")
...     size = file.write_text(f"{head}\\n{row}\\n")
...     ((_, places, _),) = entries(file, FaultReport.of(None, file))
...     next(entries_at(file, [places]))["regions"]
[{'shape_attributes': {'name': 'polygon'}, 'region_attributes': {'tooth': '36'}}]
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from panodent.errors import AnnotationError
from panodent.formats.faults import FaultReport
from panodent.formats.parsing.csv_stream import (
    SEPARATORS,
    cell_of,
    cells,
    columns,
    row_cells,
    rows,
    rows_at,
)
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import nearest
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import Place, item_at, items_at, member_kinds

METADATA = "_via_img_metadata"
"""The member of a project that holds its images."""
Places = tuple[Place, ...]
"""Where an image stands: its object in JSON, or each run of its rows in a table."""
_SHAPE, _ATTRIBUTES = "region_shape_attributes", "region_attributes"
_COUNT = "region_count"
_WHOLE = re.compile(r"[0-9]{1,6}")
_COLUMNS = ("filename", _SHAPE, _ATTRIBUTES)


def find(path: Path) -> list[Path]:
    """A file of VIA; or those nearest in a folder, its JSON files or else its tables."""
    return nearest(path, (".json",), _is_json) or nearest(path, SEPARATORS, _is_table)


def entries(file: Path, report: FaultReport) -> Iterator[tuple[str, Places, Any]]:
    """(id, places in the file, entry) of each image.

    `report` takes rows of a table that cannot be read. Raises `AnnotationError` for a file that is
    not of VIA.
    """
    yield from _in_table(file, report) if _has_rows(file) else _in_json(file)


def entries_at(file: Path, places: Iterable[Places]) -> Iterator[Any]:
    """The entries of images at places that `entries` has found; raises `AnnotationError`."""
    if not _has_rows(file):
        yield from items_at(file, (place for (place,) in places))
        return
    head = _column_names(columns(file))
    for runs in places:
        found = [row for data in rows_at(file, runs) for row in cells(head, data, file)]
        yield {
            "filename": found[0]["filename"] if found else None,
            "file_attributes": _parsed(found[0].get("file_attributes", "")) if found else None,
            "regions": [region for row in found for region in _regions(row)],
        }


def _is_json(file: Path) -> bool:
    """Whether a file is a project, or its first member is an image with regions."""
    first: Any = None
    try:
        for number, (name, kind, place) in enumerate(member_kinds(file)):
            if name == METADATA:
                return True
            if number == 0 and kind == "{":
                first = item_at(file, place)
    except AnnotationError:
        return False
    return isinstance(first, dict) and "filename" in first and "regions" in first


def _in_json(file: Path) -> Iterator[tuple[str, Places, Any]]:
    whole = {name: (kind, place) for name, kind, place in member_kinds(file) if name == METADATA}
    kind, within = whole.get(METADATA, ("{", None))
    if kind != "{" and within is not None:
        images = item_at(file, within)
        raise AnnotationError(f"{file}: {METADATA} is {excerpt(images)}; expected an object")
    for key, _, place in member_kinds(file, within):
        yield key, (place,), item_at(file, place)


def _in_table(file: Path, report: FaultReport) -> Iterator[tuple[str, Places, Any]]:
    head = _column_names(columns(file))
    if not set(_COLUMNS).issubset(head):
        raise AnnotationError(
            f"{file}: has the columns {excerpt(head)}; expected VIA's table, with "
            f"{', '.join(_COLUMNS)}"
        )
    places: dict[str, list[Place]] = {}
    seen, declared = Counter[str](), Counter[str]()
    for place, row in rows(file):
        name = ""
        with report.catching(cost="annotation"):
            name = cell_of(head, "filename", row, file)
        seen[name] += 1
        with report.about(name).catching(cost="annotation"):
            regions = row_cells(head, row, file).get(_COUNT, "").strip()
            declared[name] = int(regions) if _WHOLE.fullmatch(regions) else 0
            known = places.setdefault(name, [])
            if known and known[-1][1] == place[0]:
                known[-1] = (known[-1][0], place[1])
            else:
                known.append(place)
    for name in (name for name in seen if seen[name] < declared[name]):
        report.about(name).warn(
            f"has {seen[name]} of {declared[name]} regions, which {_COUNT} says; export the table "
            "again, unless rows were removed on purpose"
        )
    found = [(name, tuple(runs)) for name, runs in places.items()]
    for (name, runs), image in zip(found, entries_at(file, (r for _, r in found)), strict=True):
        yield name, runs, image


def _has_rows(file: Path) -> bool:
    return file.suffix.lower() in SEPARATORS


def _is_table(file: Path) -> bool:
    try:
        return _has_rows(file) and set(_COLUMNS).issubset(_column_names(columns(file)))
    except AnnotationError:
        return False


def _column_names(head: list[str]) -> list[str]:
    """The names of columns without the '#' with which the first line of VIA 1 begins."""
    return [name.strip().lstrip("#") for name in head]


def _regions(row: dict[str, str]) -> list[Record]:
    """The region of a row; none for an image without regions."""
    shape, attributes = _parsed(row[_SHAPE]), _parsed(row[_ATTRIBUTES])
    if not shape and not attributes and row.get(_COUNT, "0").strip() in ("", "0"):
        return []
    return [{"shape_attributes": shape, "region_attributes": attributes}]


def _parsed(cell: str) -> Any:
    """The JSON in a cell; the text itself if it is none, which readers of regions report."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell
