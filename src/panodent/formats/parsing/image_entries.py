"""What formats share that declare the name and the size of each image: both checked, and ordered.

Names and sizes come from files of unknown origin: a name stays below the data folder, and a size
is checked before anything of that size is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from panodent.errors import AnnotationError, RadiographError
from panodent.formats.base import Annotated
from panodent.radiograph.radiograph import DEFAULT_MAX_PIXELS, read_size

LARGEST_SIDE = 100_000
LARGEST_AREA = DEFAULT_MAX_PIXELS
IMAGE_FOLDERS = ("images", "JPEGImages", "img", "image", "radiographs", "xrays")
LONGEST_NAME = 255  # bytes, of a file or a folder, on the disks in use


def image_path(name: object, file: Path) -> PurePosixPath:
    """An image's declared name as a path; raises `AnnotationError` if it leads out of the folder.

    >>> image_path("sub\\\\opg.png", Path("t.xml"))
    PurePosixPath('sub/opg.png')
    """
    text = str(name if name is not None else "").replace("\\", "/")
    path = PurePosixPath(text)
    odd = any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in text)
    odd = odd or len(text) > 2048 or any(len(p.encode()) > LONGEST_NAME for p in path.parts)
    if odd or not path.name or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise AnnotationError(
            f"{file}: an image is named {text[:80]!r}; expected a file below the data folder"
        )
    return path


def image_size(height: Any, width: Any, where: str) -> tuple[int, int]:
    """(height, width) of numbers or their texts; raises `AnnotationError` starting with `where`."""
    sides = []
    for side in (height, width):
        try:
            number = np.nan if isinstance(side, bool) else float(side)
        except (TypeError, ValueError, OverflowError):
            number = np.nan
        if not (number.is_integer() and 1 <= number <= LARGEST_SIDE):
            raise AnnotationError(
                f"{where}: height and width are {str(height)[:40]!r} and {str(width)[:40]!r}; "
                f"expected whole numbers from 1 to {LARGEST_SIDE}"
            )
        sides.append(int(number))
    if sides[0] * sides[1] > LARGEST_AREA:
        raise AnnotationError(
            f"{where}: {sides[0]} x {sides[1]} pixels; expected at most {LARGEST_AREA} in all"
        )
    return sides[0], sides[1]


def shown(value: object, most: int = 60) -> str:
    """A value of a file as messages cite it: short and printable, however deep or long it is.

    >>> shown("opg\\ud800.png"), shown([1, 2, 3], most=4)
    ("'opg\\\\ud800.png'", '[1, ')
    """
    try:
        return repr(value)[:most]
    except (RecursionError, ValueError):
        return f"a {type(value).__name__}"


def existing_image(folder: Path, path: PurePosixPath) -> Path | None:
    """The file of this checked path below an image folder of `folder`, or below `folder` itself."""
    places = [*(folder / name / path for name in IMAGE_FOLDERS), folder / path]
    return next((place for place in places if place.is_file()), None)


def size_of_file(image: Path | None, where: str) -> tuple[int, int]:
    """(height, width) of the radiograph, for annotations that do not tell it."""
    if image is None:
        raise AnnotationError(f"{where}: tells no size, and its radiograph is not there to tell it")
    try:
        return read_size(image)
    except RadiographError as error:
        raise AnnotationError(f"{where}: tells no size, and {error}") from None


def in_order(file: Path, items: Iterable[Annotated]) -> list[Annotated]:
    """By key; raises `AnnotationError` for two images that one radiograph would be paired with."""
    by_key: dict[str, Annotated] = {}
    for item in items:
        if item.key in by_key:
            raise AnnotationError(
                f"{file}: two images share the name {item.key!r} (without suffix); "
                "rename one of them"
            )
        by_key[item.key] = item
    return [by_key[key] for key in sorted(by_key)]
