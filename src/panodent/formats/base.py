"""What an annotation format is: a way to list annotated radiographs and to read and write each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from panodent.errors import AnnotationError
from panodent.teeth import Teeth


@dataclass(frozen=True)
class Annotated:
    """One radiograph's annotation, not read yet.

    `key` pairs it with its radiograph: the file's path below the data folder without suffix.
    `read` gives the teeth; it needs the radiograph's (height, width) where the format lacks it.
    `size` is the (height, width) that the file declares, or None.
    """

    key: str
    read: Callable[[], Teeth]
    size: tuple[int, int] | None = None


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
        key = path.with_suffix("").as_posix()
        if first.setdefault(key, name) != name:
            raise AnnotationError(
                f"{first[key]} and {name} would both be written as {key}; rename one of them"
            )
        yield name, teeth


class Format(Protocol):
    """A module's `FORMAT`: one annotation format."""

    name: str

    def recognises(self, path: Path) -> bool:
        """Whether this file or folder looks like the format, cheaply and without guessing."""

    def read(self, path: Path, options: Mapping[str, Any]) -> list[Annotated]:
        """Lists the annotations below `path`, in order of key. Raises `AnnotationError`."""

    def write(
        self, path: Path, items: Iterable[tuple[str, Teeth]], options: Mapping[str, Any]
    ) -> None:
        """Writes (image file name, teeth) pairs below `path`."""
