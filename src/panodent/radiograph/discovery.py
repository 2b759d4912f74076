"""Which files a call names, and what each one's results are called."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from panodent.errors import PanodentError
from panodent.radiograph.dicom_file import directory_files
from panodent.radiograph.radiograph import DICOMDIR, is_candidate, key_of


@dataclass(frozen=True)
class Input:
    """A file to predict, or a path that yields none, with the reason.

    `name` is where its results go below the output folder (forward slashes, no suffix);
    `file_name` the same with the file's own suffix. `met` is true for what was found in a folder
    or a DICOMDIR and not named: then it need not be a radiograph.
    """

    path: Path
    name: str
    file_name: str
    problem: str = ""
    met: bool = False


def collect(paths: Sequence[str | os.PathLike[str]], output: Path | None = None) -> list[Input]:
    """Files in the order given, folders walked recursively in order of name.

    A DICOMDIR stands for the files that it lists. A file met twice counts once; inputs in
    sub-folders keep their relative path; two files that would write to one place keep their suffix
    in the name, then get a number. What lies in `output` is not an input. Paths without a
    radiograph become inputs with a `problem`.
    """
    found: list[tuple[Path, str, bool]] = []
    problems: list[Input] = []
    seen: set[Path] = set()
    skipped = output.resolve() if output is not None else None
    for given in paths:
        path = Path(given)
        if not path.exists():
            problems.append(_problem(path, "no such file or folder"))
        elif path.is_file() and path.name.upper() == DICOMDIR:
            problems += _take_listed(found, seen, path)
        elif not path.is_dir():
            _take(found, seen, path, path.name)
        else:
            files = [f for f in _walk(path) if skipped is None or skipped not in f.parents]
            if not files:
                problems.append(
                    _problem(path, "the folder holds no PNG, JPEG, TIFF, BMP, WebP or DICOM file")
                )
            for file in files:
                _take(found, seen, file, file.relative_to(path.resolve()).as_posix(), True)
    return [*_named(found), *problems]


def _problem(path: Path, reason: str) -> Input:
    return Input(path, "", path.name, reason)


def _walk(folder: Path) -> list[Path]:
    return sorted(f for f in folder.resolve().rglob("*") if is_candidate(f) and f.is_file())


def _take(
    found: list[tuple[Path, str, bool]], seen: set[Path], file: Path, name: str, met: bool = False
) -> None:
    real = file.resolve()
    if real not in seen:
        seen.add(real)
        found.append((file, name, met))


def _take_listed(
    found: list[tuple[Path, str, bool]], seen: set[Path], directory: Path
) -> list[Input]:
    """Takes the files of a DICOMDIR; returns what is wrong with it."""
    try:
        listed = directory_files(directory)
    except PanodentError as error:
        return [_problem(directory, str(error).removeprefix(f"{directory}: "))]
    problems = []
    for file in listed:
        if file.is_file():
            name = file.relative_to(directory.resolve().parent).as_posix()
            _take(found, seen, file, name, True)
        else:
            problems.append(_problem(file, "the DICOMDIR lists it, and it is not there"))
    return problems if listed else [_problem(directory, "the DICOMDIR lists no file")]


def _named(found: Iterable[tuple[Path, str, bool]]) -> list[Input]:
    listed = list(found)
    stems = Counter(key_of(name).casefold() for _, name, _ in listed)
    taken: set[str] = set()
    inputs = []
    for path, file_name, met in listed:
        stem = key_of(file_name)
        if stems[stem.casefold()] > 1:
            stem = file_name
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        inputs.append(Input(path, name, file_name, met=met))
    return inputs


__all__ = ["Input", "collect"]
