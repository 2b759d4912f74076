"""What predicting leaves on disk: labels.png, overlay.png and teeth.json of one radiograph.

Each file appears whole or not at all, and teeth.json last: where it stands, the case is complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.analysis.prediction_quality import quality, warning
from panodent.atomic_files import write_whole
from panodent.dentition import TEETH
from panodent.dicom.source import Model, source_of
from panodent.drawing.canvas import to_png_bytes
from panodent.drawing.legend import DISCLAIMER
from panodent.errors import OutputError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.masks import bounding_box, from_rle
from panodent.teeth.teeth import Teeth

LABELS, OVERLAY, RECORD = "labels.png", "overlay.png", "teeth.json"
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


def to_record(
    teeth: Teeth, radiograph: Radiograph | None = None, extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Teeth as plain data in input pixels.

    `box` is [left, top, right, bottom], half open; `polygons` are parts of rings of [x, y], the
    first ring of a part its outline and the others holes, exact along pixel edges; `rle` is COCO's
    compressed run-length text of the same mask.
    """
    height, width = teeth.size
    record: dict[str, Any] = {
        "width": width,
        "height": height,
        "numbering": "FDI",
        "notice": DISCLAIMER,
        "quality": round(quality(teeth), 4),
        "warning": warning(teeth),
        "teeth": [tooth_record(teeth, index) for index in range(len(teeth))],
    }
    if radiograph is not None:
        record["spacing_mm"] = radiograph.spacing
        record["notes"] = list(radiograph.notes)
    return {**record, **(extra or {})}


def tooth_record(teeth: Teeth, index: int) -> dict[str, Any]:
    """Tooth `index` as plain data; see `to_record`."""
    fdi = int(teeth.fdi[index])
    top, left, bottom, right = teeth.boxes[index].tolist()
    return {
        "fdi": fdi,
        "name": TEETH[fdi].name if fdi else "unnumbered tooth",
        "score": round(float(teeth.scores[index]), 4),
        "box": [left, top, right, bottom],
        "area": int(np.count_nonzero(teeth.masks[index])),
        "flags": sorted(teeth.flags[index]),
        "polygons": [
            [ring.astype(int).tolist() for ring in part] for part in teeth.polygons(index)
        ],
        "rle": teeth.rle(index),
    }


def from_record(record: Mapping[str, Any]) -> Teeth:
    """The teeth that `to_record` was given. Raises `OutputError` for anything else."""
    try:
        size = (int(record["height"]), int(record["width"]))
        entries = record["teeth"]
        return Teeth.from_masks(
            size,
            (_cropped(entry, size) for entry in entries),
            [float(entry["score"]) for entry in entries],
            [entry["flags"] for entry in entries],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OutputError(f"not a {RECORD} of panodent ({error!r})") from None


def _cropped(
    entry: Mapping[str, Any], size: tuple[int, int]
) -> tuple[int, npt.NDArray[np.bool_], tuple[int, int]]:
    """Number, mask and corner of a tooth: whole masks of all teeth at once take too much memory."""
    mask = from_rle(entry["rle"], size)
    top, left, bottom, right = bounding_box(mask) or (0, 0, 0, 0)
    return int(entry["fdi"]), mask[top:bottom, left:right].copy(), (top, left)
