"""The teeth and findings in a NAME/teeth.json of `panodent predict`, read as annotations.

The record has what a label image has not: overlaps, scores, flags and teeth without a number.
`panodent.outputs.record` reads records that are trusted; these may be of unknown origin.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.parsing.json_record import declared_size, load, records
from panodent.formats.parsing.shapes import tooth_number
from panodent.teeth.findings import Findings
from panodent.teeth.masks import trimmed
from panodent.teeth.run_lengths import from_rle
from panodent.teeth.teeth import Teeth

RECORD = "teeth.json"
RESULTS = "findings.json"
"""A file of the output folder that is there if findings were looked for."""


def is_record(file: Path) -> bool:
    """Whether a file begins as a record does: an object with a size and the numbering FDI."""
    try:
        with file.open("rb") as stream:
            head = stream.read(200)
    except OSError:
        return False
    return head.startswith(b"{") and b'"numbering": "FDI"' in head


def read_record_teeth(file: Path) -> Teeth:
    """The teeth of one radiograph; raises `AnnotationError` for a file of another kind."""
    data = load(file)
    size = declared_size(data, "height", "width", str(file))
    items, scores, flags, alternatives = [], [], [], []
    try:
        for entry in records(data, "teeth", str(file)):
            items.append((int(entry["fdi"]), *trimmed(from_rle(entry["rle"], size))))
            scores.append(float(entry["score"]))
            flags.append(entry["flags"])
            alternatives.append(int(entry.get("alternative", 0)))
        return Teeth.from_masks(size, items, scores, flags, alternatives)
    except (KeyError, TypeError, ValueError, AnnotationError) as error:
        raise AnnotationError(
            f"{file}: not the teeth of a result ({error!r}); expected those that "
            "`panodent predict` wrote"
        ) from None


def read_record_findings(file: Path) -> AnnotatedFindings:
    """The findings of one radiograph; none if the record says nothing of findings.

    Raises `AnnotationError` for a file that `panodent predict` did not write.
    """
    data = load(file)
    size = declared_size(data, "height", "width", str(file))
    entries = records(data, "findings", str(file)) if "findings" in data else []
    items, scores, flags = [], [], []
    try:
        for entry in entries:
            fdi = tooth_number(entry["fdi"], "findings")
            items.append((str(entry["kind"]), fdi, *trimmed(from_rle(entry["rle"], size))))
            scores.append(float(entry["score"]))
            flags.append(entry["flags"])
        found = Findings.from_masks(size, items, scores, flags)
    except (KeyError, TypeError, ValueError, AnnotationError) as error:
        raise AnnotationError(
            f"{file}: not the findings of a result ({error!r}); expected those that "
            "`panodent predict` wrote"
        ) from None
    return AnnotatedFindings(found, np.zeros(size, bool))
