"""Finds the radiographs below given paths, and names the results of each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from panodent.errors import PanodentError
from panodent.radiograph.dicomdir import directory_files, is_directory_file
from panodent.radiograph.folder_search import is_result, search
from panodent.radiograph.radiograph import key_of
from panodent.utils.wording import near_name


@dataclass(frozen=True)
class Input:
    """A file to predict, or a path without a radiograph.

    path : the file or the given path; relative where the given path is.
    name : where its results go below the output folder (forward slashes, no suffix).
    file_name : the same with the file's own suffix.
    problem : why the path has no radiograph, '' otherwise.
    found : whether it was found in a folder or a DICOMDIR; then it need not be a radiograph.
    harmless : whether a path with a problem certainly hides no radiograph.
    stamp : size and time of the file where `path` is only a copy of it; else empty.
    """

    path: Path
    name: str
    file_name: str
    problem: str = ""
    found: bool = False
    harmless: bool = False
    stamp: tuple[int | str, ...] = ()


def collect(paths: Sequence[str | os.PathLike[str]], output: Path | None = None) -> list[Input]:
    """The inputs below `paths`: files in the given order, folders recursively, sorted by name.

    A DICOMDIR is replaced by the files that it lists. A file that is found twice is one input.
    Inputs in sub-folders keep their relative path. If two inputs would have the same name, their
    names keep the suffix, and then get a number; they do so too if `output` has a file of the name.
    Results that `panodent predict` wrote are left out. Paths without a radiograph, and entries of
    folders that may hide one, become inputs with a `problem`.

    >>> collect(["missing.png"])[0].problem
    'no such file or folder'
    """
    found: list[tuple[Path, str, bool]] = []
    problems: list[Input] = []
    seen: set[Path] = set()
    for given in paths:
        path = Path(given)
        if reason := _unreachable(path):
            problems.append(_problem(path, reason))
        elif path.is_file() and is_directory_file(path.name):
            problems += _add_listed(found, seen, path)
        elif path.is_dir():
            problems += _add_folder(found, seen, path, output)
        elif is_result(path):
            problems.append(_problem(path, "a result of an earlier call, not a radiograph", True))
        else:
            _add(found, seen, path, path.name)
    return [*_named(found, output), *problems]


def _problem(path: Path, reason: str, harmless: bool = False) -> Input:
    return Input(path, "", path.name, reason, harmless=harmless)


def _unreachable(path: Path) -> str:
    """Why a given path cannot be followed; empty if it can."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            return f"a link to {os.readlink(path)}, which does not exist"
        return f"no such file or folder{near_name(path)}"
    except OSError as error:
        return f"cannot be opened ({error.strerror})"
    return ""


def _add_folder(
    found: list[tuple[Path, str, bool]], seen: set[Path], folder: Path, output: Path | None
) -> list[Input]:
    """Adds the radiographs below a folder to `found`; returns inputs with a problem."""
    searched = search(folder, output)
    for file in searched.files:
        _add(found, seen, file, file.relative_to(folder).as_posix(), True)
    problems = [_problem(item.path, item.reason, not item.lost) for item in searched.unread]
    if searched.results and not (searched.files or problems):
        reason = "contains only what panodent wrote; name the folder of the radiographs"
        problems = [_problem(folder, reason, True)]
    elif not searched.files and all(item.harmless for item in problems):
        reason = (
            "the folder contains no PNG, JPEG, TIFF, BMP, WebP or DICOM file; "
            "name the folder of the radiographs"
        )
        problems.append(_problem(folder, reason))
    return problems


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
    root = directory.resolve().parent
    given = root if directory.is_symlink() else directory.parent
    problems = []
    for real in listed:
        name = real.relative_to(root)
        file = given / name
        if file.is_file():
            _add(found, seen, file, name.as_posix(), True)
        else:
            problems.append(_problem(file, "the DICOMDIR lists this file, but it does not exist"))
    return problems if listed else [_problem(directory, "the DICOMDIR lists no file")]


def _named(found: Iterable[tuple[Path, str, bool]], output: Path | None) -> list[Input]:
    listed = list(found)
    names = result_names([file_name for _, file_name, _ in listed], output)
    return [
        Input(path, name, file_name, found=in_folder)
        for (path, file_name, in_folder), name in zip(listed, names, strict=True)
    ]


def result_names(file_names: Sequence[str], output: Path | None = None) -> list[str]:
    """The name of the results of each file; no two are equal.

    >>> result_names(["a.png", "b/a.png", "b/a.jpg", "a.png"])
    ['a.png', 'b/a.png', 'b/a.jpg', 'a.png-2']
    """
    stems = Counter(key_of(name).casefold() for name in file_names)
    taken: set[str] = set()
    names = []
    for file_name in file_names:
        stem = key_of(file_name)
        if stems[stem.casefold()] > 1:
            stem = file_name
        name, number = stem, 2
        # A radiograph without suffix has its own name in its own folder.
        while name.casefold() in taken or (output is not None and (output / name).is_file()):
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names
