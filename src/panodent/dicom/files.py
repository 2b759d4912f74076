"""DICOM files beside a radiograph's other results: teeth.seg.dcm, teeth.pr.dcm, teeth.sr.dcm."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from panodent.dicom.source import Source
from panodent.errors import UnknownNameError
from panodent.files import write_whole

KINDS = {
    "seg": ("panodent.dicom.seg", "segmentation"),
    "pr": ("panodent.dicom.pr", "presentation"),
    "sr": ("panodent.dicom.sr", "report"),
}


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
        module, function = KINDS[kind]
        maker: Callable[[Source], Any] = getattr(importlib.import_module(module), function)
        made[kind] = maker(source)
    return made


def write(folder: Path, source: Source, kinds: Sequence[str]) -> None:
    """Writes what `make` makes below `folder`; a file of an earlier result does not stay."""
    for kind in KINDS:
        (folder / name_of(kind)).unlink(missing_ok=True)
    for kind, dataset in make(source, kinds).items():
        write_whole(folder / name_of(kind), to_bytes(dataset))


def to_bytes(dataset: Any) -> bytes:
    """A data set as a file's content."""
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
