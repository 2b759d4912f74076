"""The teeth of one radiograph as plain data, the content of teeth.json.

>>> import numpy as np
>>> teeth = Teeth.from_masks((9, 9), [(36, np.ones((2, 3), bool), (4, 5))])
>>> tooth_record(teeth, 0)["box"]
[5, 4, 8, 6]
>>> from_record(to_record(teeth)) == teeth
True
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.analysis.dentition_stage import stage
from panodent.analysis.doubt_reasons import doubt_reasons
from panodent.analysis.prediction_quality import quality, warning
from panodent.analysis.tooth_attributes import tooth_attributes
from panodent.dentition import TEETH
from panodent.errors import OutputError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Findings
from panodent.teeth.masks import trimmed
from panodent.teeth.outlines import to_parts_of_many
from panodent.teeth.run_lengths import from_rle, to_rles
from panodent.teeth.teeth import Teeth
from panodent.version import DISCLAIMER

RECORD = "teeth.json"
"""Name of the file that holds the record."""


FINDINGS_VERSION = 1
"""Version of the form of `findings` in the record."""
ATTRIBUTES_VERSION = 1
"""Version of the form of `erupted`, `remnant` and `impaction` of teeth in the record."""


def to_record(
    teeth: Teeth,
    radiograph: Radiograph | None = None,
    extra: Mapping[str, Any] | None = None,
    findings: Findings | None = None,
) -> dict[str, Any]:
    """Teeth as plain data, coordinates in pixels of the input.

    Keys: width, height, numbering, notice, quality, warning, dentition ("permanent", "mixed",
    "primary" or None) and dentition_certainty, attributes_version, teeth (see `tooth_record`, here
    with those of `panodent.analysis.tooth_attributes.ToothAttributes`, and reason); with a
    `radiograph` also spacing_mm ([row, column] or None) and notes; then those of `extra`. With
    `findings` also findings_version and findings, a list of `finding_record`; the keys are missing
    where nothing was looked for, and the list is empty where nothing was found.
    """
    height, width = teeth.size
    kind, certainty = stage(teeth) or (None, 0.0)
    record: dict[str, Any] = {
        "width": width,
        "height": height,
        "numbering": "FDI",
        "notice": DISCLAIMER,
        "quality": round(quality(teeth), 4),
        "warning": warning(teeth),
        "dentition": kind,
        "dentition_certainty": round(certainty, 4),
        "attributes_version": ATTRIBUTES_VERSION,
        "teeth": [
            {**tooth_record(teeth, index, shape), **attributes.to_dict(), "reason": reason}
            for index, (shape, attributes, reason) in enumerate(
                zip(_shapes(teeth), tooth_attributes(teeth), doubt_reasons(teeth), strict=True)
            )
        ],
    }
    if findings is not None:
        record["findings_version"] = FINDINGS_VERSION
        record["findings"] = [
            finding_record(findings, index, shape)
            for index, shape in enumerate(_shapes(findings.marks))
        ]
    if radiograph is not None:
        record["spacing_mm"] = radiograph.spacing
        record["notes"] = list(radiograph.notes)
    return {**record, **(extra or {})}


def _shapes(teeth: Teeth) -> list[dict[str, Any]]:
    """`polygons` and `rle` of the record of each tooth, in less time than one by one."""
    boxes = teeth.boxes.tolist()
    outlines = to_parts_of_many(teeth.masks, [(top, left) for top, left, _, _ in boxes])
    return [
        {
            "polygons": [[ring.astype(int).tolist() for ring in part] for part in parts],
            "rle": rle,
        }
        for parts, rle in zip(outlines, to_rles(teeth.masks, boxes, teeth.size), strict=True)
    ]


def tooth_record(
    teeth: Teeth, index: int, shape: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The tooth at position `index` as plain data; `shape` are its last two entries if known.

    Keys: fdi (0 without a number); name; score, 0 to 1; box, [left, top, right, bottom] in pixels,
    half open; area in pixels; flags; alternative, the number in the next best numbering or 0;
    polygons, a list of parts, each a list of rings of [x, y], the
    first ring the outline and the others holes, exact along pixel edges; rle, the same mask as
    COCO's compressed run-length text.
    """
    fdi = int(teeth.fdi[index])
    top, left, bottom, right = teeth.boxes[index].tolist()
    return {
        "fdi": fdi,
        "name": TEETH[fdi].name if fdi else "unnumbered tooth",
        "score": round(float(teeth.scores[index]), 4),
        "box": [left, top, right, bottom],
        "area": int(np.count_nonzero(teeth.masks[index])),
        "flags": sorted(teeth.flags[index]),
        "alternative": int(teeth.alternatives[index]),
        **(_shapes(teeth.select([index]))[0] if shape is None else shape),
    }


def finding_record(
    findings: Findings, index: int, shape: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The finding at position `index` as plain data; `shape` are its last two entries if known.

    Keys: kind; fdi, the tooth that carries it or stood there, 0 for none; score, box, area, flags,
    polygons and rle as of `tooth_record`.
    """
    finding = findings[index]
    top, left, bottom, right = finding.box
    return {
        "kind": finding.kind,
        "fdi": finding.fdi,
        "score": round(finding.score, 4),
        "box": [left, top, right, bottom],
        "area": int(np.count_nonzero(finding.mask)),
        "flags": sorted(finding.flags),
        **(_shapes(findings.marks.select([index]))[0] if shape is None else shape),
    }


def findings_from_record(record: Mapping[str, Any]) -> Findings | None:
    """The findings of a record; None where nothing was looked for.

    Raises `OutputError` for other data, and for a newer form of findings.
    """
    if "findings" not in record:
        return None
    try:
        if (version := int(record["findings_version"])) > FINDINGS_VERSION:
            raise OutputError(
                f"findings of version {version}; this panodent reads up to {FINDINGS_VERSION}: "
                "install a newer one"
            )
        size = (int(record["height"]), int(record["width"]))
        entries = record["findings"]
        return Findings.from_masks(
            size,
            [(str(entry["kind"]), *_cropped(entry, size)) for entry in entries],
            [float(entry["score"]) for entry in entries],
            [entry["flags"] for entry in entries],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OutputError(
            f"not the findings of a {RECORD} of panodent ({error!r}); expected those that "
            "`panodent predict` wrote"
        ) from None


def from_record(record: Mapping[str, Any]) -> Teeth:
    """The teeth of a record made by `to_record`. Raises `OutputError` for other data."""
    try:
        size = (int(record["height"]), int(record["width"]))
        entries = record["teeth"]
        return Teeth.from_masks(
            size,
            (_cropped(entry, size) for entry in entries),
            [float(entry["score"]) for entry in entries],
            [entry["flags"] for entry in entries],
            [int(entry.get("alternative", 0)) for entry in entries],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OutputError(
            f"not a {RECORD} of panodent ({error!r}); expected one that `panodent predict` wrote"
        ) from None


def _cropped(
    entry: Mapping[str, Any], size: tuple[int, int]
) -> tuple[int, npt.NDArray[np.bool_], tuple[int, int]]:
    """(number, mask of the box, (top, left)) of a tooth.

    Cropped at once, because masks of the whole image for all teeth take too much memory.
    """
    mask, corner = trimmed(from_rle(entry["rle"], size))
    return int(entry["fdi"]), mask, corner
