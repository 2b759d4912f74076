"""COCO results, a JSON list: predictions.json and findings.json of `panodent predict`.

Category 0, which other programs may write, is a tooth without a number. Radiographs in which
nothing was found have no entry.

>>> is_results(Path("no such file"))
False
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError, DatasetError, PanodentError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Options
from panodent.formats.coco_document import segmentation_mask
from panodent.formats.faults import FaultReport
from panodent.formats.parsing.image_entries import image_path, image_size, in_order
from panodent.formats.result_record import RESULTS as FINDING_RESULTS
from panodent.radiograph.radiograph import key_of
from panodent.teeth.findings import Findings
from panodent.teeth.masks import trimmed
from panodent.teeth.teeth import UNNUMBERED, Teeth

Reader = Callable[[], Teeth]
"""Reads the teeth of one radiograph."""
_TOOTH = ("file_name", "category_id", "segmentation", "score")
_FINDING = ("file_name", "category", "fdi", "segmentation", "score")
_LONGEST_ENTRY = 1 << 20  # characters


def is_results(file: Path) -> bool:
    """Whether a file holds COCO results, which are a JSON list; a COCO data set is an object.

    False for a file that cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return stream.read(64).lstrip().startswith(b"[")
    except OSError:
        return False


def begins_with_tooth(file: Path) -> bool:
    """Whether the first entry of a JSON list is the result of a tooth; False for all else."""
    if not is_results(file):
        return False
    try:
        with file.open(encoding="utf-8") as stream:
            text = stream.read(_LONGEST_ENTRY)
        first, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(first, dict) and set(_TOOTH) <= set(first)


def read_results(file: Path) -> dict[str, Reader]:
    """Readers of the teeth by key, which is the radiograph's path without suffix.

    Raises `AnnotationError` for entries that are not COCO results, `DatasetError` when two
    radiographs have the same key.
    """
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise AnnotationError(f"{file}: not a COCO results file ({error})") from None
    return {
        key_of(name): partial(_teeth, file, name, listed)
        for name, listed in _by_name(file, entries, _TOOTH).items()
    }


def read_finding_results(file: Path) -> dict[str, Findings]:
    """Findings by key; raises as `read_results`, and `FileNotFoundError` without the file."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise AnnotationError(f"{file}: not a file of findings ({error})") from None
    return {
        key_of(name): _findings(file, name, listed)
        for name, listed in _by_name(file, entries, _FINDING).items()
    }


def annotated_results(file: Path, options: Options | None = None) -> list[Annotated]:
    """The annotations of a file of results, with the findings of findings.json beside it.

    The file may be of unknown origin. Raises as `read_results`. A name that leads out of its
    folder, or that no file can have, costs its radiograph; see `panodent.formats.faults`.
    """
    report = FaultReport.of(options, file)
    readers: dict[str, Reader] = {}
    for key, read in read_results(file).items():
        with report.about(key).catching(cost="radiograph"):
            image_path(key, file)
            readers[key] = read
    beside = file.with_name(FINDING_RESULTS)
    known = read_finding_results(beside) if beside.is_file() else None

    def findings(key: str) -> AnnotatedFindings:
        found = (known or {}).get(key) or Findings.empty(readers[key]().size)
        return AnnotatedFindings(found, np.zeros(found.size, bool))

    return in_order(
        file,
        (
            Annotated(key, read, findings=None if known is None else partial(findings, key))
            for key, read in readers.items()
        ),
    )


def _by_name(file: Path, entries: Any, wanted: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """The entries of each radiograph by its name."""
    found: dict[str, list[dict[str, Any]]] = {}
    if not isinstance(entries, list):
        raise AnnotationError(f"{file}: not a list of COCO results; expected [{{...}}, ...]")
    for number, entry in enumerate(entries):
        lacking = [f for f in wanted if not isinstance(entry, dict) or f not in entry]
        if lacking:
            raise AnnotationError(f"{file}: result {number} lacks {', '.join(lacking)}")
        found.setdefault(str(entry["file_name"]).replace("\\", "/"), []).append(entry)
    origin: dict[str, str] = {}
    for name in found:
        if (key := key_of(name)) in origin:
            raise DatasetError(
                f"{file}: {origin[key]!r} and {name!r} are both {key!r} without their suffix; "
                "predict them into two folders"
            )
        origin[key] = name
    return found


def _teeth(file: Path, name: str, entries: list[dict[str, Any]]) -> Teeth:
    try:
        size = _size(entries)
        items = []
        for entry in entries:
            fdi = int(entry["category_id"])
            if fdi != UNNUMBERED and fdi not in TEETH:
                raise AnnotationError(
                    f"category_id {fdi} is not an FDI number; expected one, or 0 for a tooth "
                    "without"
                )
            items.append((fdi, segmentation_mask(entry["segmentation"], size)))
        return Teeth.from_masks(size, items, [float(entry["score"]) for entry in entries])
    except AnnotationError as error:
        raise AnnotationError(f"{file}: {name}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise AnnotationError(f"{file}: {name}: not a COCO result ({error!r})") from None


def _findings(file: Path, name: str, entries: list[dict[str, Any]]) -> Findings:
    try:
        size = _size(entries)
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


def _size(entries: list[dict[str, Any]]) -> tuple[int, int]:
    """(height, width) as the first segmentation says it."""
    height, width = entries[0]["segmentation"]["size"]
    return image_size(height, width, "segmentation")
