"""DICOM files of a radiograph's results: teeth.seg.dcm, teeth.pr.dcm and teeth.sr.dcm."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from panodent.analysis.measure import measure
from panodent.dicom.pr import presentation
from panodent.dicom.seg import segmentation
from panodent.dicom.source import SourceImage
from panodent.dicom.sr import Measures, report
from panodent.errors import UnknownNameError
from panodent.utils.atomic_files import write_whole

KINDS: Mapping[str, Callable[[SourceImage], Any]] = {
    "seg": segmentation,
    "pr": presentation,
    "sr": lambda source: report(source, _measures(source)),
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

    Without teeth and findings these are the presentation state and the segmentation.

    Raises `UnknownNameError` for another kind, `RadiographError` for an unsuitable header.
    """
    made = {}
    empty = set() if len(source.teeth) or source.findings else {"pr", "seg"}
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


def contents(source: SourceImage, kinds: Sequence[str]) -> dict[str, bytes]:
    """Content of the files of `make`, by file name."""
    return {name_of(kind): to_bytes(dataset) for kind, dataset in make(source, kinds).items()}


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
