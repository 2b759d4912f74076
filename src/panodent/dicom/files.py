"""DICOM files of a radiograph's results: teeth.seg.dcm, teeth.pr.dcm and so on."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from panodent.analysis.measure import measure
from panodent.dicom.pr import presentation
from panodent.dicom.seg import OHIF, for_ohif, segmentation
from panodent.dicom.source import (
    Model,
    SourceImage,
    demand_dicom,
    source_of,
    using_highdicom,
)
from panodent.dicom.sr import Measures, report
from panodent.errors import RadiographError, UnknownNameError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

KINDS: Mapping[str, Callable[[SourceImage], Any]] = {
    "seg": segmentation,
    "pr": presentation,
    "sr": lambda source: report(source, _measures(source)),
    OHIF: for_ohif,
}
"""Function that makes a data set, by kind of object."""


def name_of(kind: str) -> str:
    """File name of a kind of object.

    >>> name_of("seg")
    'teeth.seg.dcm'
    """
    return f"teeth.{kind}.dcm"


def make(source: SourceImage, kinds: Sequence[str]) -> dict[str, Any]:
    """Data sets by kind; those that would be empty are left out.

    Without teeth and findings these are the presentation state and the segmentations.

    Raises `UnknownNameError` for another kind, `RadiographError` for an unsuitable header.
    """
    made = {}
    empty = set() if len(source.teeth) or source.findings else {"pr", "seg", OHIF}
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownNameError("DICOM result", kind, KINDS)
        if kind in empty:
            continue
        made[kind] = KINDS[kind](source)
    return made


def _measures(source: SourceImage) -> dict[int, Measures]:
    """Measurements for the report besides area and score, by the tooth's index."""
    found = measure(source.teeth).teeth
    return {
        index: {
            "long_axis_extent": (tooth.length, "{pixels}"),
            "width_across_axis": (tooth.width, "{pixels}"),
            **({} if tooth.angle is None else {"angle_to_occlusal_plane": (tooth.angle, "deg")}),
        }
        for index, tooth in enumerate(found)
    }


def results(
    radiograph: Radiograph,
    teeth: Teeth,
    model: Model,
    findings: Findings | None,
    kinds: Sequence[str],
    report: Callable[[str], None],
) -> dict[str, bytes]:
    """Content of the DICOM files of a radiograph, by file name.

    What its header does not allow is left out and reported, as in `contents`. Raises
    `RadiographError` if its file is not DICOM.
    """
    demand_dicom(radiograph.source)
    try:
        source = source_of(radiograph, teeth, model, findings)
    except RadiographError as error:
        report(left_out(kinds, error, radiograph.source))
        return {}
    return contents(source, kinds, report)


def contents(
    source: SourceImage, kinds: Sequence[str], report: Callable[[str], None] | None = None
) -> dict[str, bytes]:
    """Content of the files of `make`, by file name; raises as `make`.

    With `report`, a kind that cannot be made is left out and reported in one sentence, which the
    structured report has as a comment; the others are made.
    """
    made: dict[str, bytes] = {}
    for kind in sorted(kinds, key=lambda kind: kind == "sr"):
        try:
            for name, dataset in make(source, [kind]).items():
                with using_highdicom(f"writing {name_of(name)}", source.header):
                    made[name_of(name)] = to_bytes(dataset)
        except RadiographError as error:
            if report is None:
                raise
            note = left_out([kind], error, source.header.get("filename", ""))
            source = replace(source, notes=(*source.notes, note))
            report(note)
    return made


def left_out(kinds: Sequence[str], error: RadiographError, file: Path | str | None) -> str:
    """The note for kinds of objects of the radiograph `file` that could not be made.

    >>> left_out(["pr"], RadiographError("a.dcm: no LUT"), "a.dcm")
    'teeth.pr.dcm was left out: no LUT'
    """
    names = ", ".join(map(name_of, kinds))
    reason = str(error).removeprefix(f"{file}: ")
    return f"{names} {'was' if len(kinds) == 1 else 'were'} left out: {reason}"


def write(folder: Path, results: Mapping[str, bytes]) -> None:
    """Writes files to `folder`, and deletes DICOM results of an earlier run there."""
    for kind in KINDS:
        (folder / name_of(kind)).unlink(missing_ok=True)
    for name, content in results.items():
        write_whole(folder / name, content)


def to_bytes(dataset: Any) -> bytes:
    """A data set as the content of a DICOM file."""
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
