"""What an annotation format is: a way to list annotated radiographs and to read and write each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Protocol

import numpy as np

from panodent.errors import AnnotationError
from panodent.radiograph.radiograph import key_of
from panodent.teeth.teeth import Teeth


@dataclass(frozen=True)
class Annotated:
    """One radiograph's annotation, not read yet.

    `key` pairs it with its radiograph: the file's path below the data folder without suffix.
    `read` gives the teeth; it needs the radiograph's (height, width) where the format lacks it.
    `size` is the (height, width) that the file declares, or None.
    `image` is the radiograph where the format itself says which file that is, or None: then the
    one of the same key is taken.
    """

    key: str
    read: Callable[[], Teeth]
    size: tuple[int, int] | None = None
    image: Path | None = None


@dataclass(frozen=True)
class Limits:
    """What of a tooth a format can hold; what it cannot is lost in writing, see `losses`.

    `shape` is 'pixels' (every pixel is kept), 'polygons' (outlines) or 'boxes'.
    """

    shape: Literal["pixels", "polygons", "boxes"] = "pixels"
    overlap: bool = True
    holes: bool = True
    parts: bool = True
    scores: bool = False
    flags: bool = False
    unnumbered: bool = True
    repeated: bool = True


def losses(teeth: Teeth, limits: Limits) -> list[str]:
    """What of these teeth a format with these limits cannot hold, in words; empty if nothing."""
    lost = []
    drawn = [flags for flags in teeth.flags if "box" not in flags]
    if limits.shape == "boxes" and drawn:
        lost.append("outlines (boxes only)")
    elif not (limits.holes and limits.parts):
        shapes = [teeth.polygons(index) for index in range(len(teeth))]
        if not limits.holes and any(len(part) > 1 for parts in shapes for part in parts):
            lost.append("holes")
        if not limits.parts and any(len(parts) > 1 for parts in shapes):
            lost.append("several parts of a tooth")
    if not limits.overlap and _overlap(teeth):
        lost.append("overlap")
    if not limits.scores and (teeth.scores < 1).any():
        lost.append("scores")
    if not limits.flags and any(flags - {"box"} for flags in teeth.flags):
        lost.append("flags")
    numbered = teeth.numbered().fdi.tolist()
    if not limits.unnumbered and len(numbered) < len(teeth):
        lost.append("unnumbered teeth")
    if not limits.repeated and len(set(numbered)) < len(numbered):
        lost.append("second teeth of one number")
    return lost


def _overlap(teeth: Teeth) -> bool:
    covered = np.zeros(teeth.size, bool)
    for _, (top, left, bottom, right), mask in teeth:
        window = covered[top:bottom, left:right]
        if (window & mask).any():
            return True
        window |= mask
    return False


def named(items: Iterable[tuple[str, Teeth]]) -> Iterator[tuple[str, Teeth]]:
    """The (image file name, teeth) pairs, for formats that make file names of them.

    Raises `AnnotationError` for two images that would be written to one place (a.png and a.jpg),
    and for a name that would lead out of the folder.
    """
    first: dict[str, str] = {}
    for name, teeth in items:
        path = PurePosixPath(name.replace("\\", "/"))
        if not path.name or path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise AnnotationError(f"{name!r} is no name of a file below the data folder")
        key = key_of(path)
        if key in first:
            raise AnnotationError(
                f"{first[key]} and {name} would both be written as {key}; rename one of them"
            )
        first[key] = name
        yield name, teeth


class Format(Protocol):
    """A module's `FORMAT`: one annotation format."""

    name: str
    limits: Limits

    def recognises(self, path: Path) -> bool:
        """Whether this file or folder looks like the format, cheaply and without guessing."""

    def read(self, path: Path, options: Mapping[str, Any] | None = None) -> list[Annotated]:
        """Lists the annotations below `path`, in order of key. Raises `AnnotationError`."""

    def write(
        self, path: Path, items: Iterable[tuple[str, Teeth]], options: Mapping[str, Any]
    ) -> None:
        """Writes (image file name, teeth) pairs below `path`, one after the other."""

    def image_place(self, name: str) -> str:
        """Where below the data folder the radiograph `name` belongs, in posix form."""
