"""Annotation formats by name: each reads and writes `Teeth`; see `Format` for the contract."""

from __future__ import annotations

import importlib
from pathlib import Path

from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.base import Annotated, Format

_MODULES = {
    "coco": "panodent.formats.coco",
    "labels": "panodent.formats.labels",
    "ome-tiff": "panodent.formats.ome_tiff",
    "cvat": "panodent.formats.cvat",
    "voc": "panodent.formats.voc",
    "label-studio": "panodent.formats.label_studio",
    "yolo": "panodent.formats.yolo",
    "nnunet": "panodent.formats.nnunet",
    "supervisely": "panodent.formats.supervisely",
    "labelme": "panodent.formats.labelme",
    "via": "panodent.formats.via",
}
NAMES: tuple[str, ...] = tuple(_MODULES)


def get(name: str) -> Format:
    """The format of this name; raises `UnknownNameError` listing the known ones."""
    if name not in _MODULES:
        raise UnknownNameError("format", name, NAMES)
    found: Format = importlib.import_module(_MODULES[name]).FORMAT
    return found


def recognise(path: Path) -> str:
    """The name of the one format that `path` is in; raises `AnnotationError` if none or several."""
    if not path.exists():
        raise AnnotationError(f"{path}: no such file or folder; expected annotations")
    found = [name for name in NAMES if get(name).recognises(path)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise AnnotationError(
            f"{path}: no annotation format recognised; name it with --format ({', '.join(NAMES)})"
        )
    raise AnnotationError(f"{path}: could be {' or '.join(found)}; name it with --format")


__all__ = ["NAMES", "Annotated", "Format", "get", "recognise"]
