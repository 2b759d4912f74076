"""JSON files of unknown origin, read as a whole, and the fields of their objects.

Every fault is an `AnnotationError`. `panodent.formats.parsing.json_stream` reads large files item
by item.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.faults import RAISING, FaultReport
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import image_size
from panodent.formats.parsing.json_stream import cut_off
from panodent.formats.parsing.text_encoding import read_text
from panodent.teeth.outlines import Ring

Record = dict[str, Any]
"""A JSON object."""


def load(file: Path) -> Record:
    """The object that a JSON file holds; raises `AnnotationError` naming the file."""
    try:
        data = json.loads(read_text(file))
    except RecursionError:
        raise AnnotationError(f"{file}: is nested too deep for JSON of annotations") from None
    except ValueError as error:
        reason = cut_off(file) or f"is not JSON in UTF-8 ({error})"
        raise AnnotationError(f"{file}: {reason}") from None
    if not isinstance(data, dict):
        raise AnnotationError(f"{file}: holds {excerpt(data)}; expected a JSON object")
    return data


def records(owner: Record, name: str, where: str) -> list[Record]:
    """The list of objects that `owner` has under this name.

    Raises `AnnotationError`, which starts with `where`, for anything else.

    >>> records({"shapes": [{"label": "36"}]}, "shapes", "opg.json")
    [{'label': '36'}]
    >>> records({}, "shapes", "opg.json")
    Traceback (most recent call last):
        ...
    panodent.errors.AnnotationError: opg.json: shapes is None; expected a list of objects
    """
    listed = owner.get(name)
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise AnnotationError(f"{where}: {name} is {excerpt(listed)}; expected a list of objects")
    return listed


def labelled(
    owner: Record, name: str, label: str, what: str, file: Path, report: FaultReport | None = None
) -> Iterator[tuple[str, Record, str]]:
    """(class name, object, how errors name it) of each object in the list `name` of `owner`.

    `label` is the field that holds the class name, `what` the word for such an object; a number
    there is a class name too. An object without a class name is reported; without a report it
    raises `AnnotationError`, which starts with `file`.

    >>> list(labelled({"shapes": [{"label": "36"}]}, "shapes", "label", "shape", Path("a.json")))
    [('36', {'label': '36'}, "a.json: shape 1 ('36')")]
    """
    report = report or FaultReport(RAISING, str(file))
    for index, item in enumerate(records(owner, name, str(file)), start=1):
        text = item.get(label)
        text = str(text) if is_whole(text) else text
        if isinstance(text, str) and text.strip():
            yield text, item, f"{file}: {what} {index} ({excerpt(text)})"
        else:
            report.add(f"{label} is {excerpt(text)}; expected a class name", f"{what} {index}")


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number and not true or false, which Python takes for 1 and 0.

    >>> is_whole(3), is_whole(True), is_whole(3.0)
    (True, False, False)
    """
    return isinstance(value, int) and not isinstance(value, bool)


def number(value: object) -> float:
    """A finite JSON number, or NaN for anything else.

    >>> number(3), number("3"), number(True)
    (3.0, nan, nan)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return np.nan
    try:
        found = float(value)
    except OverflowError:
        return np.nan
    return found if np.isfinite(found) else np.nan


def ring(points: object, what: str = "points") -> Ring:
    """(k, 2) float of a list of [x, y]; raises `AnnotationError`, which calls the list `what`.

    >>> ring([[0, 0], [2, 0], [2, 1.5]]).tolist()
    [[0.0, 0.0], [2.0, 0.0], [2.0, 1.5]]
    """
    listed = points if isinstance(points, list) else [None]
    pairs = [
        [number(value) for value in point] if isinstance(point, list) else [] for point in listed
    ]
    if any(len(pair) != 2 for pair in pairs) or np.isnan(pairs).any():
        raise AnnotationError(f"{what} are {excerpt(points)}; expected a list of finite [x, y]")
    return np.array(pairs, np.float64).reshape(-1, 2)


def declared_size(owner: Record, height: str, width: str, where: str) -> tuple[int, int]:
    """(height, width) of an image, which `owner` has under these two names.

    Raises `AnnotationError` as `image_size` does.

    >>> declared_size({"h": 1000, "w": 2000}, "h", "w", "opg.json")
    (1000, 2000)
    """
    return image_size(owner.get(height), owner.get(width), where)
