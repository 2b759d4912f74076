"""The record of one radiograph's teeth, as written to teeth.json."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.analysis.prediction_quality import quality, warning
from panodent.dentition import TEETH
from panodent.errors import OutputError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.masks import trimmed
from panodent.teeth.run_lengths import from_rle
from panodent.teeth.teeth import Teeth
from panodent.version import DISCLAIMER

RECORD = "teeth.json"
"""Name of the file that holds the record."""


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
    mask, corner = trimmed(from_rle(entry["rle"], size))
    return int(entry["fdi"]), mask, corner
