"""JSON files of unknown origin: whatever is wrong with one is said in an `AnnotationError`."""

from __future__ import annotations

import json
from pathlib import Path
from reprlib import repr as shown
from typing import Any

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.parsing.image_entries import image_size
from panodent.teeth.outlines import Ring

Record = dict[str, Any]


def load(file: Path) -> Record:
    """The object that a JSON file holds; raises `AnnotationError` naming the file."""
    try:
        data = json.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None
    except RecursionError:
        raise AnnotationError(f"{file}: is nested too deep for JSON of annotations") from None
    except ValueError as error:
        raise AnnotationError(f"{file}: is no JSON in UTF-8 ({error})") from None
    if not isinstance(data, dict):
        raise AnnotationError(f"{file}: holds {shown(data)}; expected a JSON object")
    return data


def records(owner: Record, name: str, where: str) -> list[Record]:
    """The list of objects that `owner` has under this name."""
    listed = owner.get(name)
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise AnnotationError(f"{where}: {name} is {shown(listed)}; expected a list of objects")
    return listed


def number(value: object) -> float:
    """A finite JSON number, or NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return np.nan
    try:
        found = float(value)
    except OverflowError:
        return np.nan
    return found if np.isfinite(found) else np.nan


def ring(points: object, what: str = "points") -> Ring:
    """(k, 2) numbers of a list of [x, y]; raises `AnnotationError` for anything else."""
    listed = points if isinstance(points, list) else [None]
    pairs = [
        [number(value) for value in point] if isinstance(point, list) else [] for point in listed
    ]
    if any(len(pair) != 2 for pair in pairs) or np.isnan(pairs).any():
        raise AnnotationError(f"{what} are {shown(points)}; expected a list of finite [x, y]")
    return np.array(pairs, np.float64).reshape(-1, 2)


def declared_size(owner: Record, height: str, width: str, where: str) -> tuple[int, int]:
    """(height, width) that `owner` has under these names; raises `AnnotationError`."""
    sides = owner.get(height), owner.get(width)
    plain = [side if isinstance(side, int | float) else shown(side) for side in sides]
    return image_size(plain[0], plain[1], where)
