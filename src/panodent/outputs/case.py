"""What predicting leaves on disk: labels.png, overlay.png and teeth.json of one radiograph.

Each file appears whole or not at all, and teeth.json last: where it stands, the case is complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from panodent.dicom.source import Model, source_of
from panodent.drawing.canvas import to_png_bytes
from panodent.outputs.record import RECORD, to_record
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

LABELS, OVERLAY = "labels.png", "overlay.png"
CHART_SVG, CHART_PNG = "odontogram.svg", "odontogram.png"


def write_case(
    folder: Path,
    radiograph: Radiograph,
    teeth: Teeth,
    *,
    pictures: bool = True,
    chart: bool = False,
    dicom: Sequence[str] = (),
    model: Model | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Writes one radiograph's results below `folder`; returns what teeth.json holds.

    `pictures` adds overlay.png, `chart` odontogram.svg and .png, `dicom` the DICOM objects of
    these kinds (see `panodent.dicom.files`), made by `model`; `extra` goes into teeth.json
    (provenance). Raises `OutputError` when the folder cannot be written, `RadiographError` for
    DICOM results of a radiograph that is no DICOM file.
    """
    made = {}
    if dicom:
        # Imported by the calls that ask for it: starting takes its time by what is imported.
        from panodent.dicom import files

        # Before anything is written: a header that allows none of them fails the whole case.
        made = files.contents(source_of(radiograph, teeth, model or Model("", "")), dicom)
    (folder / RECORD).unlink(missing_ok=True)
    write_whole(folder / LABELS, to_png_bytes(teeth.label_image()))
    if pictures:
        from panodent.drawing.overlay import overlay

        write_whole(folder / OVERLAY, to_png_bytes(overlay(radiograph, teeth)))
    if chart:
        from panodent.drawing import odontogram

        write_whole(folder / CHART_SVG, odontogram.svg(teeth))
        write_whole(folder / CHART_PNG, to_png_bytes(odontogram.png(teeth)))
    if made or any(folder.glob("teeth.*.dcm")):
        from panodent.dicom import files

        files.write(folder, made)
    record = to_record(teeth, radiograph, extra)
    write_whole(folder / RECORD, json.dumps(record, ensure_ascii=False) + "\n")
    return record
