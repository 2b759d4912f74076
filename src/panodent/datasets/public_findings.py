"""Findings that were outlined in radiographs of public data sets and ship with panodent.

COCO files of outlines without a picture; `panodent.formats.finding_annotations` reads them. A
radiograph that is listed without annotations was looked at and shows no finding.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from panodent.errors import UnknownNameError

PUBLIC = ("ufba425",)
"""Data sets whose findings ship with panodent."""


def findings_file(source: str | Path) -> Path:
    """The file of a name in `PUBLIC`, or `source` itself if it is a file.

    Raises `UnknownNameError` for what is neither.
    """
    if str(source) in PUBLIC:
        return Path(str(resources.files("panodent.datasets"))) / "findings" / f"{source}.json"
    if not Path(source).is_file():
        raise UnknownNameError("findings", source, [*PUBLIC, "a COCO file"])
    return Path(source)
