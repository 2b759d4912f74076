"""The files that a study can be exported as, made from its radiograph, teeth and findings."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from panodent.analysis.measure import measure
from panodent.analysis.measurements import Measurements, with_notes
from panodent.analysis.numbering_checks import numbering_problems_of
from panodent.dentition import NUMBERINGS, Numbering
from panodent.dicom import files
from panodent.dicom.source import Model, source_of
from panodent.drawing import odontogram
from panodent.drawing.canvas import RGBImage
from panodent.drawing.overlay import overlay, to_png_bytes
from panodent.errors import RadiographError, UnknownNameError
from panodent.formats.coco_document import document
from panodent.outputs.record import finding_record, to_record
from panodent.outputs.summary_files import (
    FINDINGS,
    FINDINGS_TABLE,
    finding_columns,
    finding_result,
    finding_row,
    tooth_columns,
    tooth_row,
)
from panodent.radiograph.radiograph import Radiograph
from panodent.reports import measure_sheet
from panodent.serve.acceptance import add_acceptance
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

DICOM_KINDS = tuple(files.KINDS)
ACCEPTANCE_COLUMNS = ("accepted_by", "accepted_at")
"""Last columns of the tables: who accepted a tooth or a finding on the page, and when."""


@dataclass(frozen=True)
class ExportInput:
    """What an export is made from.

    name : the radiograph's file name as the user knows it.
    numbering : 'fdi', 'universal' or 'palmer', for tables, pictures and the report.
    findings : None if nothing was looked for.
    study : the record of the study, which says what was accepted, see `panodent.serve.study.Study`.
    """

    name: str
    radiograph: Radiograph
    teeth: Teeth
    numbering: Numbering
    model: Model
    findings: Findings | None = None
    study: Mapping[str, Any] = field(default_factory=dict)


def make_export(export: str, case: ExportInput) -> bytes:
    """The content of the file `export`, one of `MEDIA_TYPES`.

    Raises `UnknownNameError` for another export or numbering, and `RadiographError` if a DICOM
    result cannot be made, or a file of findings where nothing was looked for.
    """
    if export not in _MAKERS:
        raise UnknownNameError("export", export, _MAKERS)
    if case.numbering not in NUMBERINGS:
        raise UnknownNameError("numbering", case.numbering, NUMBERINGS)
    return _MAKERS[export](case)


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


def _overlay(case: ExportInput) -> RGBImage:
    return overlay(case.radiograph, case.teeth, numbering=case.numbering, findings=case.findings)


def _coco(case: ExportInput) -> bytes:
    made = document(case.name, case.teeth, case.findings)
    return json.dumps(made, ensure_ascii=False).encode()


def _table(case: ExportInput) -> bytes:
    record, looked = to_record(case.teeth, findings=case.findings), case.findings is not None
    record = add_acceptance(record, case.study)
    return _csv(
        [*tooth_columns(case.numbering, looked), *ACCEPTANCE_COLUMNS, "note"],
        (
            [*tooth_row(case.name, t, record, case.numbering, looked), *_acceptance(t), t["note"]]
            for t in record["teeth"]
        ),
    )


def _acceptance(entry: Mapping[str, Any]) -> list[str]:
    """Who accepted it and when; empty where nobody did."""
    mark = entry["accepted"] or {}
    return [mark.get("by", ""), mark.get("at", "")]


def _csv(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(head)
    table.writerows(rows)
    return text.getvalue().encode()


def _findings(case: ExportInput) -> Findings:
    if case.findings is None:
        raise RadiographError(
            "no findings are known of this radiograph, because the bundle did not look for them; "
            "draw them on the page, or start the service with a bundle that has a findings network"
        )
    return case.findings


def _findings_table(case: ExportInput) -> bytes:
    findings = _findings(case)
    records = [finding_record(findings, index) for index in range(len(findings))]
    marked = add_acceptance({"findings": records}, case.study)["findings"]
    return _csv(
        [*finding_columns(case.numbering), *ACCEPTANCE_COLUMNS],
        ([*finding_row(case.name, one, case.numbering), *_acceptance(one)] for one in marked),
    )


def _findings_results(case: ExportInput) -> bytes:
    findings = _findings(case)
    return json.dumps(
        [
            finding_result(0, case.name, finding_record(findings, index), findings.size)
            for index in range(len(findings))
        ],
        ensure_ascii=False,
    ).encode()


def study_record(
    record: Mapping[str, Any], teeth: Teeth, study: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of teeth.json with what the page knows of a study.

    Adds `accepted` to teeth and findings, and `numbering_problems`. `study` is the record of the
    study, see `panodent.serve.study.Study`.
    """
    problems = [
        {"kind": one.kind, "fdi": list(one.numbers), "message": one.text()}
        for one in numbering_problems_of(teeth)
    ]
    return {**add_acceptance(record, study), "numbering_problems": problems}


def _sheet(
    case: ExportInput,
) -> tuple[str, Measurements, Teeth, RGBImage, Numbering, Findings | None]:
    """What both reports are made from."""
    picture = _overlay(case)[: case.teeth.size[0]]
    problems = numbering_problems_of(case.teeth)
    wrong = [f"check the numbers: {one.text(case.numbering)}" for one in problems]
    notes = [*wrong, *case.radiograph.notes]
    measures = with_notes(measure(case.teeth, case.radiograph.spacing), notes)
    return case.name, measures, case.teeth, picture, case.numbering, case.findings


def _record(case: ExportInput) -> bytes:
    extra: dict[str, Any] = {"file_name": case.name, "bundle": case.model.digest}
    record = to_record(case.teeth, case.radiograph, extra, case.findings)
    record = study_record(record, case.teeth, case.study)
    return json.dumps(record, ensure_ascii=False).encode()


def _chart_svg(case: ExportInput) -> bytes:
    return odontogram.svg(case.teeth, case.numbering, findings=case.findings).encode()


def _chart_png(case: ExportInput) -> bytes:
    return to_png_bytes(odontogram.png(case.teeth, case.numbering, findings=case.findings))


_MAKERS: Mapping[str, Callable[[ExportInput], bytes]] = {
    "overlay.png": lambda case: to_png_bytes(_overlay(case)),
    "labels.png": lambda case: to_png_bytes(case.teeth.label_image()),
    "teeth.json": _record,
    "coco.json": _coco,
    "teeth.csv": _table,
    FINDINGS: _findings_results,
    FINDINGS_TABLE: _findings_table,
    "odontogram.svg": _chart_svg,
    "odontogram.png": _chart_png,
    "report.pdf": lambda case: measure_sheet.pdf(*_sheet(case)),
    "report.html": lambda case: measure_sheet.html(*_sheet(case)).encode(),
    **{
        files.name_of(kind): lambda case, kind=kind: dicom_result(  # type: ignore[misc]
            kind, case.radiograph, case.teeth, case.model, case.findings
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
        "html": "text/html; charset=utf-8",
        "dcm": "application/dicom",
    }[name.rsplit(".", 1)[1]]
    for name in _MAKERS
}
"""Media type of each export, by its name."""
