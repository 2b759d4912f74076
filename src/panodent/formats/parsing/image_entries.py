"""Names and sizes of images, as annotation files declare them.

Both come from files of unknown origin. A name must stay below the data folder, and a size is
checked before an array of that size is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from panodent.errors import AnnotationError, RadiographError
from panodent.formats.base import Annotated, Items
from panodent.formats.faults import RAISING, FaultReport
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.registry import Limits
from panodent.radiograph.radiograph import DEFAULT_MAX_PIXELS, key_of, read_size
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

LARGEST_SIDE = 100_000
LARGEST_AREA = DEFAULT_MAX_PIXELS
IMAGE_FOLDERS = ("images", "JPEGImages", "img", "image", "radiographs", "xrays")
"""Folders below a data folder that hold its radiographs, in the order in which they are tried."""
LONGEST_NAME = 255  # bytes of a file or folder name, the limit of common file systems


def image_path(name: object, file: Path) -> PurePosixPath:
    """The declared name of an image as a path below the data folder.

    Backslashes become slashes. Raises `AnnotationError`, which names `file`, if the name is not a
    text, is empty or too long, has control characters, or leads out of the folder.

    >>> image_path("sub\\\\opg.png", Path("t.xml"))
    PurePosixPath('sub/opg.png')
    >>> image_path("../opg.png", Path("t.xml"))
    Traceback (most recent call last):
        ...
    panodent.errors.AnnotationError: t.xml: an image is named '../opg.png'; expected a file below \
the data folder
    """
    text = str(name if name is not None else "").replace("\\", "/")
    path = PurePosixPath(text)
    if is_no_name(text, path.parts):
        raise AnnotationError(
            f"{file}: an image is named {excerpt(text)}; expected a file name without control "
            f"characters, of at most {LONGEST_NAME} bytes for each part; rename the image"
        )
    if not path.name or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise AnnotationError(
            f"{file}: an image is named {excerpt(text)}; expected a file below the data folder"
        )
    return path


def is_no_name(text: str, parts: Iterable[str]) -> bool:
    """Whether a path, and its parts, cannot be of a file: too long, or with control characters.

    >>> is_no_name("a\\x1b.png", ["a.png"]), is_no_name("Mu\\udcf1oz.png", ["Mu\\udcf1oz.png"])
    (True, False)
    """
    # Python keeps the bytes of a file's name that are not UTF-8 as U+DC80 to U+DCFF.
    odd = any(ord(c) < 32 or "\ud800" <= c < "\udc80" or "\udcff" < c < "\ue000" for c in text)
    odd = odd or len(text) > 2048
    return odd or any(len(p.encode("utf-8", "surrogateescape")) > LONGEST_NAME for p in parts)


def check_odd_name(name: PurePosixPath | str, limits: Limits) -> None:
    """Raises `AnnotationError` for a name that a format with these limits cannot hold.

    >>> check_odd_name("Mu\\udcf1oz.png", Limits())
    """
    if not limits.odd_names and any("\ud800" <= char < "\ue000" for char in str(name)):
        raise AnnotationError(
            f"{name}: the name is not UTF-8, which this format cannot hold; rename the radiograph"
        )


def image_size(height: Any, width: Any, where: str) -> tuple[int, int]:
    """The declared (height, width) of an image, given as numbers or as texts of them.

    Raises `AnnotationError`, which starts with `where`, if they are not whole numbers from 1 to
    `LARGEST_SIDE`, or make more than `LARGEST_AREA` pixels.

    >>> image_size("1000", 2000.0, "t.xml")
    (1000, 2000)
    """
    sides = []
    for side in (height, width):
        try:
            number = np.nan if isinstance(side, bool) else float(side)
        except (TypeError, ValueError, OverflowError):
            number = np.nan
        if not (number.is_integer() and 1 <= number <= LARGEST_SIDE):
            raise AnnotationError(
                f"{where}: height and width are {excerpt(height)} and {excerpt(width)}; "
                f"expected whole numbers from 1 to {LARGEST_SIDE}"
            )
        sides.append(int(number))
    if sides[0] * sides[1] > LARGEST_AREA:
        raise AnnotationError(
            f"{where}: {sides[0]} x {sides[1]} pixels; expected at most {LARGEST_AREA} in all"
        )
    return _kept(sides[0], sides[1])


@lru_cache(maxsize=256)
def _kept(height: int, width: int) -> tuple[int, int]:
    """A size that is kept once however many images have it."""
    return height, width


def size_of_file(image: Path | None, where: str) -> tuple[int, int]:
    """(height, width) of the radiograph, for annotations that do not declare a size.

    Raises `AnnotationError`, which starts with `where`, if there is no radiograph or it cannot be
    read.
    """
    if image is None:
        raise AnnotationError(
            f"{where}: does not say the size of the image, and its radiograph was not found"
        )
    try:
        return read_size(image)
    except RadiographError as error:
        raise AnnotationError(f"{where}: does not say the size of the image; {error}") from None


def in_order(
    file: Path, items: Iterable[Annotated], report: FaultReport | None = None
) -> list[Annotated]:
    """The items sorted by key.

    Two of one key would be paired with one radiograph: `report` takes them as faults, and both are
    left out. Without a report they raise `AnnotationError`, which names `file`.
    """
    by_key: dict[str, Annotated] = {}
    shared: set[str] = set()
    for item in items:
        if item.key in by_key:
            shared.add(item.key)
        by_key[item.key] = item
    report = report or FaultReport(RAISING, str(file))
    for key in sorted(shared):
        report.about("").add(
            f"two images share the name {key!r} (without suffix), or one is listed twice; rename "
            "or remove one of them",
            cost="radiograph",
        )
    return [by_key[key] for key in sorted(by_key) if key not in shared]


def checked_names(items: Items, target: Path) -> Iterator[tuple[PurePosixPath, Teeth]]:
    """(path below the data folder, teeth) of what is to be written to `target`, one by one.

    Raises `AnnotationError` for a name that leads out of the folder, and for two names that differ
    in their suffixes only: reading could not distinguish them.

    >>> none = Teeth.empty((8, 8))
    >>> [str(name) for name, _ in checked_names([("a\\\\1.png", none)], Path("out"))]
    ['a/1.png']
    >>> list(checked_names([("1.png", none), ("1.jpg", none)], Path("out")))
    Traceback (most recent call last):
        ...
    panodent.errors.AnnotationError: 1.png and 1.jpg would both be written as 1; rename one of them
    """
    for name, teeth, _ in checked_items(items, target):
        yield name, teeth


def checked_items(
    items: Items, target: Path
) -> Iterator[tuple[PurePosixPath, Teeth, Findings | None]]:
    """(path below the data folder, teeth, findings or None), as `checked_names`.

    Raises `AnnotationError` also for findings of another size than the teeth.
    """
    first: dict[str, str] = {}
    for given, teeth, *rest in items:
        findings = rest[0] if rest else None
        name = image_path(given, target)
        key = key_of(name)
        if key in first:
            raise AnnotationError(
                f"{first[key]} and {name} would both be written as {key}; rename one of them"
            )
        first[key] = str(name)
        if findings is not None and findings.size != teeth.size:
            raise AnnotationError(
                f"{name}: findings of {findings.size} and teeth of {teeth.size}; expected the same "
                "(height, width)"
            )
        yield name, teeth, findings
