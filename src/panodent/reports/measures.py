"""Measures of a folder of results: measures.json, measures.csv and a sheet beside each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from panodent.analysis.measure import measure
from panodent.analysis.measurements import Measurements
from panodent.errors import DatasetError, PanodentError
from panodent.outputs.case import OVERLAY
from panodent.outputs.record import RECORD, from_record
from panodent.reports import measure_sheet
from panodent.utils.atomic_files import write_whole, writing

JSON, CSV = "measures.json", "measures.csv"
HTML, PDF = "report.html", "report.pdf"
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
)
_FURTHER = ("area_mm2_uncalibrated", "length_mm_uncalibrated", "width_mm_uncalibrated")


def measure_folder(
    folder: Path, sheets: bool = False, progress: Callable[[int, int], None] | None = None
) -> tuple[int, dict[str, str]]:
    """Measures every result below `folder`, as `panodent predict` wrote it.

    Writes measures.json and .csv beside each teeth.json, measures.csv of all in `folder` and, with
    `sheets`, report.html and report.pdf. Returns how many were measured, and what is wrong with the
    others by their place. Raises `DatasetError` when there is no result.
    """
    records = sorted(folder.rglob(RECORD))
    if not records:
        raise DatasetError(
            f"{folder}: no {RECORD} below it; expected a folder that panodent predict wrote"
        )
    failed: dict[str, str] = {}
    with writing(folder / CSV) as stream:
        joint = csv.writer(stream)
        joint.writerow([*COLUMNS, *_FURTHER])
        for number, file in enumerate(records, start=1):
            place = file.parent.relative_to(folder).as_posix()
            try:
                joint.writerows(_measured(file, sheets))
            except PanodentError as error:
                failed[place] = str(error)
            if progress is not None:
                progress(number, len(records))
    return len(records) - len(failed), failed


def _measured(file: Path, sheet: bool) -> list[list[Any]]:
    """Writes one result's measures; its rows of the table."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        spacing = record.get("spacing_mm")
        name = str(record.get("file_name", file.parent.name))
        pair = (float(spacing[0]), float(spacing[1])) if spacing else None
    except (OSError, ValueError, AttributeError, TypeError, IndexError, KeyError) as error:
        raise DatasetError(f"{file}: cannot be read as a result ({error})") from None
    teeth = from_record(record)
    measures = measure(teeth, pair)
    write_whole(file.with_name(JSON), json.dumps(measures.to_dict(), ensure_ascii=False) + "\n")
    rows = list(_rows(name, measures))
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([*COLUMNS, *_FURTHER])
    table.writerows(rows)
    write_whole(file.with_name(CSV), text.getvalue())
    if sheet:
        stem, picture = file.parent.name, _picture(file.with_name(OVERLAY), teeth.size[0])
        page = measure_sheet.html(stem, measures, teeth, picture)
        write_whole(file.with_name(HTML), page)
        write_whole(file.with_name(PDF), measure_sheet.pdf(stem, measures, teeth, picture))
    return rows


def _rows(name: str, measures: Measurements) -> Iterator[list[Any]]:
    for tooth in measures.to_dict()["teeth"]:
        beside = [
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
            *beside,
            " ".join(tooth["flags"]),
            *(tooth.get(key, "") for key in _FURTHER),
        ]


def _picture(file: Path, height: int) -> Any:
    """The overlay without its legend, None where it was not written."""
    import cv2

    image = cv2.imread(str(file)) if file.exists() else None
    return None if image is None else image[:height, :, ::-1]
