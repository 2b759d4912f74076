"""Measures a folder of results: measures.json, measures.csv and a sheet for each radiograph.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:  # doctest: +ELLIPSIS
...     measure_folder(Path(folder))
Traceback (most recent call last):
panodent.errors.DatasetError: ...: no teeth.json below it; expected a folder that panodent ...
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from panodent.analysis.measure import measure
from panodent.analysis.measurements import Measurements, with_notes
from panodent.dentition import Numbering, from_fdi
from panodent.errors import DatasetError, OutputError, PanodentError
from panodent.outputs.case import OVERLAY
from panodent.outputs.record import RECORD, findings_from_record, from_record
from panodent.reports import measure_sheet
from panodent.utils.atomic_files import write_whole, writing
from panodent.utils.output_folder import occupied

JSON, CSV = "measures.json", "measures.csv"
"""All measurements of a radiograph, and a row for each of its teeth."""
HTML, PDF = "report.html", "report.pdf"
"""The measurement sheet."""
COLUMNS = (
    "file_name",
    "fdi",
    "name",
    "score",
    "area",
    "left",
    "top",
    "right",
    "bottom",
    "x",
    "y",
    "length",
    "width",
    "angle",
    "tilt",
    "mesial",
    "mesial_gap",
    "mesial_overlap",
    "distal",
    "distal_gap",
    "distal_overlap",
    "flags",
    "erupted",
)
"""Columns of the table; sizes in pixels, angles in degrees."""
_MILLIMETRES = ("area_mm2_uncalibrated", "length_mm_uncalibrated", "width_mm_uncalibrated")


def measure_folder(
    folder: Path,
    sheets: bool = False,
    progress: Callable[[int, int], None] | None = None,
    numbering: Numbering = "fdi",
    overwrite: bool = False,
) -> tuple[int, dict[str, str]]:
    """Measures every result of `panodent predict` below `folder`.

    Writes measures.json and measures.csv next to each teeth.json and, with `sheets`, report.html
    and report.pdf; in `folder` a measures.csv of all radiographs. Another `numbering` than 'fdi'
    adds a column of that name at the end of the tables, and is that of the numbers on the sheets.
    With `overwrite`, what an earlier call wrote is removed first. Returns how many were measured,
    and by subfolder the reason why others were not. Calls `progress(done, total)` after each.
    Raises `DatasetError` when there is no teeth.json, `OutputError` when a file cannot be written,
    or would be replaced without `overwrite`.
    """
    records = sorted(folder.rglob(RECORD))
    if not records:
        raise DatasetError(
            f"{folder}: no {RECORD} below it; expected a folder that panodent predict wrote"
        )
    failed: dict[str, str] = {}
    with occupied(folder, "measure"):
        _remove_earlier(folder, records, overwrite)
        with writing(folder / CSV) as stream:
            together = csv.writer(stream)
            together.writerow(_heads(numbering))
            for number, file in enumerate(records, start=1):
                place = file.parent.relative_to(folder).as_posix()
                try:
                    together.writerows(_measured(file, sheets, numbering))
                except PanodentError as error:
                    failed[place] = str(error)
                if progress is not None:
                    progress(number, len(records))
    return len(records) - len(failed), failed


def _remove_earlier(folder: Path, records: list[Path], overwrite: bool) -> None:
    """Removes what an earlier call wrote; raises `OutputError` if it may not or cannot."""
    places = dict.fromkeys((folder, *(record.parent for record in records)))
    listed = (place / name for place in places for name in (CSV, JSON, HTML, PDF))
    for file in (file for file in listed if os.path.lexists(file)):
        if not overwrite:
            raise OutputError(
                f"{folder}: holds measurements of an earlier call ({file.relative_to(folder)}); "
                "replace them with --overwrite"
            )
        try:
            file.unlink()
        except OSError as error:
            raise OutputError(f"{file}: cannot be replaced ({error.strerror})") from None


def _heads(numbering: Numbering) -> list[str]:
    return [*COLUMNS, *_MILLIMETRES, *([numbering] if numbering != "fdi" else [])]


def _measured(file: Path, sheet: bool, numbering: Numbering) -> list[list[Any]]:
    """Writes the measurements of one result; returns its rows of the table."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        spacing = record.get("spacing_mm")
        name = str(record.get("file_name", file.parent.name))
        pair = (float(spacing[0]), float(spacing[1])) if spacing else None
        notes = [str(note) for note in record.get("notes") or ()]
        drawn = str(record.get("options", {}).get("numbering", "fdi"))
    except (OSError, ValueError, AttributeError, TypeError, IndexError, KeyError) as error:
        raise DatasetError(
            f"{file}: cannot be read as a result ({error}); expected what panodent predict wrote"
        ) from None
    teeth, findings = from_record(record), findings_from_record(record)
    measures = with_notes(measure(teeth, pair), notes)
    write_whole(file.with_name(JSON), json.dumps(measures.to_dict(), ensure_ascii=False) + "\n")
    rows = list(_rows(name, measures, numbering))
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(_heads(numbering))
    table.writerows(rows)
    write_whole(file.with_name(CSV), text.getvalue())
    if sheet:
        if drawn != numbering:
            measures = with_notes(measures, [f"numbers on the overlay: {drawn} numbering"])
        stem, picture = (
            file.parent.name,
            _picture(file.with_name(OVERLAY), None if findings else teeth.size[0]),
        )
        page = measure_sheet.html(stem, measures, teeth, picture, numbering, findings)
        write_whole(file.with_name(HTML), page)
        printed = measure_sheet.pdf(stem, measures, teeth, picture, numbering, findings)
        write_whole(file.with_name(PDF), printed)
    return rows


def _rows(name: str, measures: Measurements, numbering: Numbering) -> Iterator[list[Any]]:
    """The rows of a radiograph below `_heads`."""
    for tooth in measures.to_dict()["teeth"]:
        neighbours = [
            (tooth[side] or {}).get(key, "")
            for side in ("mesial", "distal")
            for key in ("fdi", "gap", "overlap")
        ]
        sizes = [tooth[key] for key in ("length", "width", "angle", "tilt")]
        yield [
            name,
            *(tooth[key] for key in ("fdi", "name", "score", "area")),
            *tooth["box"],
            *tooth["centroid"],
            *("" if value is None else value for value in sizes),
            *neighbours,
            " ".join(tooth["flags"]),
            str(tooth["erupted"]).lower(),
            *(tooth.get(key, "") for key in _MILLIMETRES),
            *([_mark(tooth["fdi"], numbering)] if numbering != "fdi" else []),
        ]


def _mark(fdi: int, numbering: Numbering) -> str:
    """The number in a table; empty for a tooth without one."""
    return from_fdi(fdi, numbering) if fdi else ""


def _picture(file: Path, height: int | None) -> Any:
    """The overlay as RGB, None where it was not written.

    `height` is that of the radiograph in pixels, below which the legend is left out; None keeps the
    legend, which explains the patterns of findings.
    """
    import cv2

    if not file.exists():
        return None
    image = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
    return None if image is None else image[:height, :, ::-1]
