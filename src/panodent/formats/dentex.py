"""DENTEX's annotations: quadrant and place in it become the FDI number.

The form is that of https://huggingface.co/datasets/ibrahimhamamci/DENTEX: `categories_1` are the
quadrants, `categories_2` the places in a quadrant, `categories_3` the diseases; an annotation has a
`category_id_1`, a `category_id_2` and, of a diseased tooth, a `category_id_3`. Files with diseases
annotate diseased teeth alone. A tooth with several diseases is listed once for each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.parsing.image_entries import shown
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray

QUADRANTS = "categories_1"
PLACES = "categories_2"
SAME = 0.9
"""Intersection over union above which two masks of one number are one tooth."""
_COUNTS = {QUADRANTS: 4, PLACES: 8}
_IDS = {QUADRANTS: "category_id_1", PLACES: "category_id_2"}


def is_dentex(data: Mapping[str, Any]) -> bool:
    """Whether a JSON's categories are DENTEX's and not COCO's."""
    return isinstance(data.get(QUADRANTS), list) and "categories" not in data


def numbering(data: Mapping[str, Any], file: Path) -> Callable[[Any], int]:
    """What tells the FDI number of an annotation by the file's quadrants and places.

    Raises `AnnotationError` for files of quadrants alone; the function does for what is no tooth.
    """
    if not isinstance(data.get(PLACES), list):
        raise AnnotationError(
            f"{file}: annotates quadrants alone; expected {PLACES}, the place of each tooth"
        )
    digits = {kind: _digits(data[kind], kind, file) for kind in _COUNTS}

    def number(entry: Any) -> int:
        if not isinstance(entry, dict):
            raise AnnotationError(f"{file}: an entry of annotations is {shown(entry)}")
        quadrant, place = (_digit(entry, kind, digits[kind], file) for kind in _COUNTS)
        return 10 * quadrant + place

    return number


def check_not_quadrants(names: Iterable[str], file: Path) -> None:
    """Raises `AnnotationError` for categories that are the four quadrants and no teeth."""
    if sorted(name.strip() for name in names) == ["1", "2", "3", "4"]:
        raise AnnotationError(
            f"{file}: categories 1, 2, 3 and 4 are the quadrants of DENTEX; expected teeth (if "
            "they are teeth, say --numbering)"
        )


def without_repeats(teeth: Teeth) -> Teeth:
    """Teeth of one number whose masks are nearly the same joined to one, in order of the first."""
    numbers = teeth.fdi.tolist()
    if len(set(numbers)) == len(numbers):
        return teeth
    kept: list[tuple[int, BoolArray]] = []
    for index, fdi in enumerate(numbers):
        mask = teeth.full_mask(index)
        for at, (other, known) in enumerate(kept):
            if other == fdi and _overlap(mask, known) > SAME:
                kept[at] = (fdi, mask | known)
                break
        else:
            kept.append((fdi, mask))
    return Teeth.from_masks(teeth.size, kept)


def _overlap(first: BoolArray, second: BoolArray) -> float:
    return float(np.count_nonzero(first & second) / np.count_nonzero(first | second))


def _digits(entries: list[Any], kind: str, file: Path) -> dict[int, int]:
    """Digit of the FDI number by id: the names if there are any, else one more than the ids."""
    named = any(isinstance(entry, dict) and entry.get("name") is not None for entry in entries)
    expected = range(1, _COUNTS[kind] + 1)
    listed: dict[int, int] = {}
    for entry in entries:
        key = entry.get("id") if isinstance(entry, dict) else None
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and re.fullmatch(r"\s*[1-8]\s*", name, re.ASCII):
            name = int(name)
        digit = name if named else _whole(key) + 1
        if _whole(key) < 0 or _whole(digit) not in expected:
            raise AnnotationError(
                f"{file}: an entry of {kind} is {shown(entry)}; expected an id, and as its name a "
                f"number from 1 to {_COUNTS[kind]}"
            )
        if key in listed or digit in listed.values():
            raise AnnotationError(f"{file}: {kind} lists {shown(entry)} twice")
        listed[_whole(key)] = _whole(digit)
    return listed


def _digit(entry: Mapping[str, Any], kind: str, digits: Mapping[int, int], file: Path) -> int:
    key = _whole(entry.get(_IDS[kind]))
    if key not in digits:
        raise AnnotationError(
            f"{file}: annotation {shown(entry.get('id'))} has {_IDS[kind]} "
            f"{shown(entry.get(_IDS[kind]))}, which {kind} does not list"
        )
    return digits[key]


def _whole(value: object) -> int:
    """The value if it is a whole number, else -9."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -9
