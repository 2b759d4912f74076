"""The files that a study can be exported as, made from its radiograph and its current teeth."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from panodent.analysis.measure import measure
from panodent.analysis.measurements import with_notes
from panodent.dentition import NUMBERINGS, Numbering, from_fdi
from panodent.dicom import files
from panodent.dicom.source import Model, source_of
from panodent.drawing import odontogram
from panodent.drawing.overlay import overlay, to_png_bytes
from panodent.errors import RadiographError, UnknownNameError
from panodent.formats.coco_document import document
from panodent.outputs.record import to_record
from panodent.outputs.summary_files import COLUMNS
from panodent.radiograph.radiograph import Radiograph
from panodent.reports import measure_sheet
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

DICOM_KINDS = tuple(files.KINDS)


@dataclass(frozen=True)
class ExportInput:
    """What an export is made from; `name` is the radiograph's file name as the user knows it."""

    name: str
    radiograph: Radiograph
    teeth: Teeth
    numbering: Numbering
    model: Model


def make_export(
    export: str,
    name: str,
    radiograph: Radiograph,
    teeth: Teeth,
    numbering: str,
    model: Model,
) -> bytes:
    """The content of the file `export`, one of `MEDIA_TYPES`.

    name : the radiograph's file name as the user knows it.
    numbering : 'fdi', 'universal' or 'palmer', for tables, pictures and the report.

    Raises `UnknownNameError` for another export or numbering, and `RadiographError` if a DICOM
    result cannot be made.
    """
    if export not in _MAKERS:
        raise UnknownNameError("export", export, _MAKERS)
    if numbering not in NUMBERINGS:
        raise UnknownNameError("numbering", numbering, NUMBERINGS)
    return _MAKERS[export](ExportInput(name, radiograph, teeth, numbering, model))


def dicom_result(
    kind: str,
    radiograph: Radiograph,
    teeth: Teeth,
    model: Model,
    findings: Findings | None = None,
) -> bytes:
    """A DICOM result ('seg', 'pr' or 'sr'); raises `RadiographError` if it cannot be made."""
    made = files.make(source_of(radiograph, teeth, model, findings), [kind])
    if kind not in made:
        raise RadiographError("no tooth is marked; this DICOM object needs at least one")
    return files.to_bytes(made[kind])


def _coco(case: ExportInput) -> bytes:
    return json.dumps(document(case.name, case.teeth), ensure_ascii=False).encode()


def _table(case: ExportInput) -> bytes:
    text = io.StringIO()
    table = csv.writer(text)
    numbered = case.numbering != "fdi"
    table.writerow([*COLUMNS, *([case.numbering] if numbered else [])])
    for tooth in to_record(case.teeth)["teeth"]:
        row = [case.name, *(tooth[key] for key in ("fdi", "name", "score")), *tooth["box"]]
        other = [from_fdi(tooth["fdi"], case.numbering) if tooth["fdi"] else ""] * numbered
        table.writerow([*row, tooth["area"], " ".join(tooth["flags"]), *other])
    return text.getvalue().encode()


def _sheet(case: ExportInput) -> bytes:
    numbering, notes = case.numbering, case.radiograph.notes
    picture = overlay(case.radiograph, case.teeth, numbering=numbering)[: case.teeth.size[0]]
    measures = with_notes(measure(case.teeth, case.radiograph.spacing), notes)
    return measure_sheet.pdf(case.name, measures, case.teeth, picture, numbering)


def _record(case: ExportInput) -> bytes:
    extra: dict[str, Any] = {"file_name": case.name, "bundle": case.model.digest}
    return json.dumps(to_record(case.teeth, case.radiograph, extra), ensure_ascii=False).encode()


_MAKERS: Mapping[str, Callable[[ExportInput], bytes]] = {
    "overlay.png": lambda case: to_png_bytes(
        overlay(case.radiograph, case.teeth, numbering=case.numbering)
    ),
    "labels.png": lambda case: to_png_bytes(case.teeth.label_image()),
    "teeth.json": _record,
    "coco.json": _coco,
    "teeth.csv": _table,
    "odontogram.svg": lambda case: odontogram.svg(case.teeth, case.numbering).encode(),
    "odontogram.png": lambda case: to_png_bytes(odontogram.png(case.teeth, case.numbering)),
    "report.pdf": _sheet,
    **{
        files.name_of(kind): lambda case, kind=kind: dicom_result(  # type: ignore[misc]
            kind, case.radiograph, case.teeth, case.model
        )
        for kind in DICOM_KINDS
    },
}
MEDIA_TYPES: Mapping[str, str] = {
    name: {
        "png": "image/png",
        "json": "application/json",
        "csv": "text/csv; charset=utf-8",
        "svg": "image/svg+xml",
        "pdf": "application/pdf",
        "dcm": "application/dicom",
    }[name.rsplit(".", 1)[1]]
    for name in _MAKERS
}
"""Media type of each export, by its name."""
