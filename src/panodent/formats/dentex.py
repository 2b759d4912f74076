"""DENTEX's variant of COCO: quadrant and position in it make the FDI number.

Files are published at https://huggingface.co/datasets/ibrahimhamamci/DENTEX. `categories_1` lists
the quadrants, `categories_2` the positions in a quadrant and `categories_3` the diseases; an
annotation has a `category_id_1`, a `category_id_2` and, if the tooth is diseased, a
`category_id_3`. Files with diseases annotate diseased teeth only, and list a tooth with several
diseases once for each. `panodent.formats.coco` reads these files with the functions of this module.

>>> lists = [[{"id": n, "name": str(n + 1)} for n in range(count)] for count in (4, 8)]
>>> number = numbering({QUADRANTS: lists[0], POSITIONS: lists[1]}, Path("train.json"))
>>> number({"category_id_1": 2, "category_id_2": 5})
36
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.json_record import is_whole
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray

QUADRANTS = "categories_1"
POSITIONS = "categories_2"
SAME = 0.9
"""Intersection over union above which two masks of one number are one tooth."""
_COUNTS = {QUADRANTS: 4, POSITIONS: 8}
_IDS = {QUADRANTS: "category_id_1", POSITIONS: "category_id_2"}


def is_dentex(data: Mapping[str, Any]) -> bool:
    """Whether a JSON object has DENTEX's categories and not COCO's."""
    return isinstance(data.get(QUADRANTS), list) and "categories" not in data


def numbering(data: Mapping[str, Any], file: Path) -> Callable[[Any], int]:
    """A function that gives the FDI number of an annotation of this file.

    Raises `AnnotationError` if the file annotates quadrants only; the function raises it for an
    annotation without a known quadrant and position.
    """
    if not isinstance(data.get(POSITIONS), list):
        raise AnnotationError(
            f"{file}: annotates quadrants only; expected {POSITIONS}, the position of each tooth"
        )
    digits = {kind: _digits(data[kind], kind, file) for kind in _COUNTS}

    def number(entry: Any) -> int:
        if not isinstance(entry, dict):
            raise AnnotationError(
                f"{file}: an entry of annotations is {excerpt(entry)}; expected an object"
            )
        quadrant, position = (_digit(entry, kind, digits[kind], file) for kind in _COUNTS)
        return 10 * quadrant + position

    return number


def check_not_quadrants(names: Iterable[str], file: Path) -> None:
    """Raises `AnnotationError` if categories are called 1, 2, 3 and 4, like DENTEX's quadrants."""
    if sorted(name.strip() for name in names) == ["1", "2", "3", "4"]:
        raise AnnotationError(
            f"{file}: categories 1, 2, 3 and 4 are the quadrants of DENTEX; expected teeth: leave "
            "this file out, or name the folder of the other (if they are teeth, say which with "
            "--numbering)"
        )


def without_repeats(teeth: Teeth) -> Teeth:
    """The teeth, with those of one number and nearly the same mask joined to one.

    Masks are nearly the same if their intersection over union is above `SAME`.
    """
    numbers = teeth.fdi.tolist()
    if len(set(numbers)) == len(numbers):
        return teeth
    kept: list[tuple[int, BoolArray]] = []
    for index, fdi in enumerate(numbers):
        mask = teeth.full_mask(index)
        for at, (other, known) in enumerate(kept):
            if other == fdi and _iou(mask, known) > SAME:
                kept[at] = (fdi, mask | known)
                break
        else:
            kept.append((fdi, mask))
    return Teeth.from_masks(teeth.size, kept)


def _iou(first: BoolArray, second: BoolArray) -> float:
    return float(np.count_nonzero(first & second) / np.count_nonzero(first | second))


def _digits(entries: list[Any], kind: str, file: Path) -> dict[int, int]:
    """Digit of the FDI number by category id: the name, or, without any names, the id plus one."""
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
                f"{file}: an entry of {kind} is {excerpt(entry)}; expected an id and, as its name, "
                f"a number from 1 to {_COUNTS[kind]}"
            )
        if key in listed or digit in listed.values():
            raise AnnotationError(f"{file}: {kind} lists {excerpt(entry)} twice")
        listed[_whole(key)] = _whole(digit)
    return listed


def _digit(entry: Mapping[str, Any], kind: str, digits: Mapping[int, int], file: Path) -> int:
    key = _whole(entry.get(_IDS[kind]))
    if key not in digits:
        raise AnnotationError(
            f"{file}: annotation {excerpt(entry.get('id'))} has {_IDS[kind]} "
            f"{excerpt(entry.get(_IDS[kind]))}, which {kind} does not list"
        )
    return digits[key]


def _whole(value: object) -> int:
    """The value if it is a whole number, else -9, which is neither an id nor a digit."""
    return value if is_whole(value) else -9
