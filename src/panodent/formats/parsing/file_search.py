"""Finding the files of a format, and naming the file to write."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from panodent.errors import AnnotationError
from panodent.utils.path_list import PathList

Found = TypeVar("Found")
TRIED = 20
"""How many files of a folder are tried to recognise its format."""


def only_json(path: Path, look: Callable[[Path], Found | None]) -> Found | None:
    """What `look` returns for the only JSON file that it accepts, or None.

    `path` is a JSON file, or a folder in which exactly one JSON file is accepted: `look` returns
    None for a file that is not in the format.
    """
    files = [path] if path.is_file() else PathList(path.glob("*.json")) if path.is_dir() else []
    found = (look(file) for file in files if file.suffix.lower() == ".json")
    accepted = [item for item in found if item is not None]
    return accepted[0] if len(accepted) == 1 else None


def nearest(path: Path, suffixes: Collection[str], accepts: Callable[[Path], object]) -> list[Path]:
    """The files that are accepted, of the level nearest to `path` that has any; sorted.

    Levels are the folder itself, its folders, and the folders in these. `path` may also be a file.
    Only files with these suffixes, in any case, are looked at. Of a folder with many of them, the
    first `TRIED` tell whether the others are looked at; the same holds for the folders of a level.
    """
    if path.is_file():
        return [path] if path.suffix.lower() in suffixes and accepts(path) else []
    level = [path] if path.is_dir() else []
    for _ in range(3):
        found: list[Path] = []
        for number, folder in enumerate(level):
            if number >= TRIED and not found:
                break
            found += _accepted(folder, suffixes, accepts)
        if found:
            return found
        level = [below for folder in level[:TRIED] for below in _visible(folder) if below.is_dir()]
    return []


def _visible(folder: Path) -> Sequence[Path]:
    """What lies in a folder, sorted, without hidden files; nothing if it cannot be read."""
    try:
        return PathList(f for f in folder.iterdir() if not f.name.startswith("."))
    except OSError:
        return []


def _accepted(
    folder: Path, suffixes: Collection[str], accepts: Callable[[Path], object]
) -> list[Path]:
    files = PathList(f for f in _visible(folder) if f.suffix.lower() in suffixes and f.is_file())
    found = [file for file in files[:TRIED] if accepts(file)]
    return found + [file for file in files[TRIED:] if found and accepts(file)]


def first_sound(files: Iterable[Path], read: Callable[[Path], Found]) -> Found | None:
    """What `read` returns for the first of the files that it reads without an `AnnotationError`.

    None if it reads none of the first `TRIED`: one damaged file must not hide a whole folder.
    """
    for file in islice(files, TRIED):
        try:
            return read(file)
        except AnnotationError:
            continue
    return None


def files_below(path: Path, folders: Iterable[str], suffix: str) -> tuple[Path, Sequence[Path]]:
    """(folder, its files with this suffix, sorted), for the first folder that has any.

    The folders are tried in order, then `path` itself. `path` may also be one file. Subfolders
    count; hidden files, such as macOS leaves them, do not.
    """
    if path.is_file():
        return path.parent, [path] if path.suffix.lower() == suffix else []
    for folder in (*(path / name for name in folders), path):
        files = visible_below(folder, suffix)
        if files:
            return folder, files
    return path, []


def visible_below(folder: Path, *suffixes: str) -> PathList:
    """The files below a folder with one of these suffixes, in any case, sorted.

    Hidden files and those in hidden folders do not count: macOS and editors make them.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("a.TXT", "._a.txt", ".copies/b.txt", "c.png"):
    ...         Path(folder, name).parent.mkdir(exist_ok=True)
    ...         Path(folder, name).touch()
    ...     [file.name for file in visible_below(Path(folder), ".txt")]
    ['a.TXT']
    """
    return PathList(_visible_files(folder, suffixes))


def _visible_files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.lower().endswith(suffixes) and not name.startswith("."):
                yield os.path.join(place, name)


def target_file(path: Path, name: str) -> Path:
    """The file to write: `path` if it has the suffix of `name`, else `name` in the folder `path`.

    >>> target_file(Path("data/teeth.JSON"), "annotations.json").as_posix()
    'data/teeth.JSON'
    >>> target_file(Path("data"), "annotations.json").as_posix()
    'data/annotations.json'
    """
    return path if path.suffix.lower() == Path(name).suffix else path / name
