"""Finds the radiographs below given paths, and names the results of each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from panodent.errors import PanodentError
from panodent.radiograph.dicomdir import directory_files, is_directory_file
from panodent.radiograph.radiograph import is_candidate, key_of


@dataclass(frozen=True)
class Input:
    """A file to predict, or a path without a radiograph.

    path : the file or the given path.
    name : where its results go below the output folder (forward slashes, no suffix).
    file_name : the same with the file's own suffix.
    problem : why the path has no radiograph, '' otherwise.
    found : whether it was found in a folder or a DICOMDIR; then it need not be a radiograph.
    """

    path: Path
    name: str
    file_name: str
    problem: str = ""
    found: bool = False


def collect(paths: Sequence[str | os.PathLike[str]], output: Path | None = None) -> list[Input]:
    """The inputs below `paths`: files in the given order, folders recursively, sorted by name.

    A DICOMDIR is replaced by the files that it lists. A file that is found twice is one input.
    Inputs in sub-folders keep their relative path. If two inputs would have the same name, their
    names keep the suffix, and then get a number. Files below `output` are skipped. Paths without a
    radiograph become inputs with a `problem`.

    >>> collect(["missing.png"])[0].problem
    'no such file or folder'
    """
    found: list[tuple[Path, str, bool]] = []
    problems: list[Input] = []
    seen: set[Path] = set()
    skipped = output.resolve() if output is not None else None
    for given in paths:
        path = Path(given)
        if not path.exists():
            problems.append(_problem(path, "no such file or folder"))
        elif path.is_file() and is_directory_file(path.name):
            problems += _add_listed(found, seen, path)
        elif not path.is_dir():
            _add(found, seen, path, path.name)
        else:
            files = [f for f in _walk(path) if skipped is None or skipped not in f.parents]
            if not files:
                problems.append(
                    _problem(
                        path, "the folder contains no PNG, JPEG, TIFF, BMP, WebP or DICOM file"
                    )
                )
            for file in files:
                _add(found, seen, file, file.relative_to(path.resolve()).as_posix(), True)
    return [*_named(found), *problems]


def _problem(path: Path, reason: str) -> Input:
    return Input(path, "", path.name, reason)


def _walk(folder: Path) -> list[Path]:
    return sorted(f for f in folder.resolve().rglob("*") if is_candidate(f) and f.is_file())


def _add(
    found: list[tuple[Path, str, bool]],
    seen: set[Path],
    file: Path,
    name: str,
    in_folder: bool = False,
) -> None:
    real = file.resolve()
    if real not in seen:
        seen.add(real)
        found.append((file, name, in_folder))


def _add_listed(
    found: list[tuple[Path, str, bool]], seen: set[Path], directory: Path
) -> list[Input]:
    """Adds the files of a DICOMDIR to `found`; returns inputs with a problem."""
    try:
        listed = directory_files(directory)
    except PanodentError as error:
        return [_problem(directory, str(error).removeprefix(f"{directory}: "))]
    problems = []
    for file in listed:
        if file.is_file():
            name = file.relative_to(directory.resolve().parent).as_posix()
            _add(found, seen, file, name, True)
        else:
            problems.append(_problem(file, "the DICOMDIR lists this file, but it does not exist"))
    return problems if listed else [_problem(directory, "the DICOMDIR lists no file")]


def _named(found: Iterable[tuple[Path, str, bool]]) -> list[Input]:
    listed = list(found)
    stems = Counter(key_of(name).casefold() for _, name, _ in listed)
    taken: set[str] = set()
    inputs = []
    for path, file_name, in_folder in listed:
        stem = key_of(file_name)
        if stems[stem.casefold()] > 1:
            stem = file_name
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        inputs.append(Input(path, name, file_name, found=in_folder))
    return inputs
