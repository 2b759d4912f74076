"""Reads OUT/findings.json of `panodent predict` back as `Findings`.

A radiograph in which nothing was found has no entry there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from panodent.errors import AnnotationError, DatasetError, PanodentError
from panodent.formats.coco_document import segmentation_mask
from panodent.outputs.summary_files import FINDINGS
from panodent.radiograph.radiograph import key_of
from panodent.teeth.findings import Findings
from panodent.teeth.masks import trimmed

_WANTED = ("file_name", "category", "fdi", "segmentation", "score")


def read_finding_results(path: Path) -> dict[str, Findings]:
    """Findings by key, which is the radiograph's path without suffix.

    `path` is the file, or the folder that has it. Raises `DatasetError` where there is none or two
    radiographs have one key, `AnnotationError` for entries that are not results of findings.
    """
    file = path / FINDINGS if path.is_dir() else path
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DatasetError(
            f"{file}: not there; predict with a bundle that has a findings network, and without "
            "--no-findings"
        ) from None
    except (OSError, ValueError) as error:
        raise AnnotationError(f"{file}: not a file of findings ({error})") from None
    by_name: dict[str, list[dict[str, Any]]] = {}
    for number, entry in enumerate(entries):
        lacking = [f for f in _WANTED if not isinstance(entry, dict) or f not in entry]
        if lacking:
            raise AnnotationError(f"{file}: result {number} lacks {', '.join(lacking)}")
        by_name.setdefault(str(entry["file_name"]).replace("\\", "/"), []).append(entry)
    found: dict[str, Findings] = {}
    for name, listed in by_name.items():
        if key_of(name) in found:
            raise DatasetError(
                f"{file}: two radiographs are {key_of(name)!r} without their suffix; predict them "
                "into two folders"
            )
        found[key_of(name)] = _findings(file, name, listed)
    return found


def _findings(file: Path, name: str, entries: list[dict[str, Any]]) -> Findings:
    try:
        height, width = entries[0]["segmentation"]["size"]
        size = (int(height), int(width))
        items = [
            (
                str(entry["category"]),
                int(entry["fdi"]),
                *trimmed(segmentation_mask(entry["segmentation"], size)),
            )
            for entry in entries
        ]
        return Findings.from_masks(size, items, [float(entry["score"]) for entry in entries])
    except (KeyError, TypeError, ValueError, PanodentError) as error:
        raise AnnotationError(f"{file}: {name}: not a result of findings ({error})") from None
