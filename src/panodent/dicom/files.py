"""DICOM files beside a radiograph's other results: teeth.seg.dcm, teeth.pr.dcm, teeth.sr.dcm."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from panodent.analysis.measure import measure
from panodent.dicom.pr import presentation
from panodent.dicom.seg import segmentation
from panodent.dicom.source import Source
from panodent.dicom.sr import Measures, report
from panodent.errors import UnknownNameError
from panodent.utils.atomic_files import write_whole

KINDS: Mapping[str, Callable[[Source], Any]] = {
    "seg": segmentation,
    "pr": presentation,
    "sr": lambda source: report(source, _measures(source)),
}
"""What makes each kind of object."""


def name_of(kind: str) -> str:
    """File name of a kind of object."""
    return f"teeth.{kind}.dcm"


def make(source: Source, kinds: Sequence[str]) -> dict[str, Any]:
    """Data sets by kind; without a tooth a report alone: the others may not be empty."""
    made = {}
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownNameError("DICOM result", kind, KINDS)
        if kind != "sr" and not len(source.teeth):
            continue
        made[kind] = KINDS[kind](source)
    return made


def _measures(source: Source) -> dict[int, Measures]:
    """What the report says of each tooth besides its area and score."""
    found = measure(source.teeth).teeth
    return {
        place: {
            "long_axis_extent": (tooth.length, "{pixels}"),
            "width_across_axis": (tooth.width, "{pixels}"),
            **({} if tooth.angle is None else {"angle_to_occlusal_plane": (tooth.angle, "deg")}),
        }
        for place, tooth in enumerate(found)
    }


def contents(source: Source, kinds: Sequence[str]) -> dict[str, bytes]:
    """Files by name, of what `make` makes."""
    return {name_of(kind): to_bytes(dataset) for kind, dataset in make(source, kinds).items()}


def write(folder: Path, made: Mapping[str, bytes]) -> None:
    """Writes these files below `folder`; one of an earlier result does not stay."""
    for kind in KINDS:
        (folder / name_of(kind)).unlink(missing_ok=True)
    for name, content in made.items():
        write_whole(folder / name, content)


def to_bytes(dataset: Any) -> bytes:
    """A data set as a file's content."""
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
