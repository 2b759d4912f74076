"""Reads the results folder of `panodent predict` back as `Teeth`.

predictions.json is read rather than the label images, because it keeps overlaps and scores.
Category 0, which other programs may write, is a tooth without a number. A radiograph in which no
tooth was found has a label image and no entry in predictions.json.

>>> is_results(Path("no such file"))
False
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import AnnotationError, DatasetError
from panodent.formats.coco_document import segmentation_mask
from panodent.formats.labels import VALUE_MAPS, read_label_image
from panodent.outputs.case import LABELS
from panodent.outputs.summary_files import PREDICTIONS
from panodent.radiograph.radiograph import key_of
from panodent.teeth.teeth import UNNUMBERED, Teeth

Reader = Callable[[], Teeth]
"""Reads the teeth of one radiograph."""


def is_results(file: Path) -> bool:
    """Whether a file holds COCO results, which are a JSON list; a COCO data set is an object.

    False for a file that cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return stream.read(64).lstrip().startswith(b"[")
    except OSError:
        return False


def read_results(file: Path) -> dict[str, Reader]:
    """Readers of the teeth by key, which is the radiograph's path without suffix.

    Radiographs without teeth are those with an empty label image below the file's folder. Raises
    `AnnotationError` for entries that are not COCO results, `DatasetError` when two radiographs
    have the same key.
    """
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AnnotationError(f"{file}: not a COCO results file ({error})") from None
    by_name: dict[str, list[dict[str, Any]]] = {}
    for number, entry in enumerate(entries):
        wanted = ("file_name", "category_id", "segmentation", "score")
        lacking = [f for f in wanted if not isinstance(entry, dict) or f not in entry]
        if lacking:
            raise AnnotationError(f"{file}: result {number} lacks {', '.join(lacking)}")
        by_name.setdefault(str(entry["file_name"]).replace("\\", "/"), []).append(entry)
    readers: dict[str, Reader] = {}
    origin: dict[str, str] = {}
    for name, listed in by_name.items():
        key = key_of(name)
        if key in readers:
            raise DatasetError(
                f"{file}: {origin[key]!r} and {name!r} are both {key!r} without their suffix; "
                "predict them into two folders"
            )
        readers[key], origin[key] = partial(_from_results, file, name, listed), name
    return {**_empty_cases(file.parent, readers), **readers}


def _from_results(file: Path, name: str, entries: list[dict[str, Any]]) -> Teeth:
    try:
        height, width = entries[0]["segmentation"]["size"]
        size = (int(height), int(width))
        items = []
        for entry in entries:
            fdi = int(entry["category_id"])
            if fdi != UNNUMBERED and fdi not in TEETH:
                raise AnnotationError(
                    f"category_id {fdi} is no FDI number; expected one, or 0 for a tooth without"
                )
            items.append((fdi, segmentation_mask(entry["segmentation"], size)))
        return Teeth.from_masks(size, items, [float(entry["score"]) for entry in entries])
    except AnnotationError as error:
        raise AnnotationError(f"{file}: {name}: {error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise AnnotationError(f"{file}: {name}: not a COCO result ({error!r})") from None


def _empty_cases(folder: Path, known: Iterable[str]) -> dict[str, Reader]:
    """Readers of radiographs in which no tooth was found: with a label image, not in `known`."""
    files = {file.parent.relative_to(folder).as_posix(): file for file in folder.rglob(LABELS)}
    return {key: partial(_empty, files[key]) for key in set(files) - set(known)}


def _empty(file: Path) -> Teeth:
    teeth = read_label_image(file, VALUE_MAPS["fdi"])
    if len(teeth):
        raise AnnotationError(
            f"{file}: has teeth that {PREDICTIONS} does not list; it is left from another call. "
            "Predict all radiographs in one call, or into an empty folder"
        )
    return teeth


def failures(folder: Path) -> list[str]:
    """A sentence for each file that could not be predicted, from the folder's run.json.

    Empty where run.json is missing or of another form: cases without prediction are counted anyway.
    """
    try:
        files = json.loads((folder / "run.json").read_text(encoding="utf-8"))["files"]
        return [f"predict failed: {item['error']}" for item in files if item["status"] == "failed"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
