"""Reads the results folder of `panodent predict` back as `Teeth`.

predictions.json is read rather than the label images, because it keeps overlaps and scores.
Category 0, which other programs may write, is a tooth without a number. A radiograph in which no
tooth was found has a label image and no entry in predictions.json.

>>> is_results(Path("no such file"))
False
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from panodent.errors import AnnotationError
from panodent.formats import coco_results
from panodent.formats.coco_results import Reader, is_results
from panodent.formats.labels import VALUE_MAPS, read_label_image
from panodent.outputs.case import LABELS
from panodent.outputs.summary_files import PREDICTIONS
from panodent.teeth.teeth import Teeth

__all__ = ["Reader", "failures", "is_results", "read_results"]


def read_results(file: Path) -> dict[str, Reader]:
    """Readers of the teeth by key, which is the radiograph's path without suffix.

    Radiographs without teeth are those with an empty label image below the file's folder. Raises
    as `panodent.formats.coco_results.read_results`.
    """
    readers = coco_results.read_results(file)
    return {**_empty_cases(file.parent, readers), **readers}


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
