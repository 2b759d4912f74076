"""The target folder of a conversion: its journal, and the list of what a conversion wrote.

The journal exists while a conversion is unfinished. The list stays, so that a later conversion may
replace exactly these files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from panodent.errors import ConfigError, OutputError
from panodent.utils.atomic_files import write_whole
from panodent.utils.output_folder import LOCK

JOURNAL = ".convert.jsonl"
"""The journal's file name, below the new folder. It is deleted when the conversion is complete."""
WRITTEN = ".convert.written"
"""The list's file name: JSON, the paths below the folder."""


def begin(target: Path, task: Mapping[str, Any], resume: bool, overwrite: bool) -> set[str]:
    """Starts the journal or continues it, and returns the keys that it already holds.

    Its first line is `task`, so that a conversion of something else is not continued. With
    `overwrite`, what an earlier conversion wrote is removed. Raises `ConfigError` if the journal is
    of another task, `OutputError` if the folder holds anything else.
    """
    journal = target / JOURNAL
    if resume and journal.exists():
        return _continued(journal, task)
    there = _files_below(target)
    if overwrite:
        _remove(target, there)
    elif journal.exists():
        resuming = "" if task.get("changed") else "continue it with --resume, or "
        raise OutputError(
            f"{target}: holds an unfinished conversion; {resuming}replace it with --overwrite"
        )
    elif there:
        again = "replace it with --overwrite, or " if WRITTEN in there else ""
        raise OutputError(
            f"{target}: is not empty; {again}choose a new folder, so that old and new files are "
            "not mixed"
        )
    write_whole(journal, json.dumps(task) + "\n")
    return set()


def finish(target: Path) -> None:
    """Deletes the journal and lists what is in the folder, which was empty at the start."""
    (target / JOURNAL).unlink()
    write_whole(target / WRITTEN, json.dumps(_files_below(target), indent=0) + "\n")


def _continued(journal: Path, task: Mapping[str, Any]) -> set[str]:
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    if not lines or json.loads(lines[0]) != task:
        raise ConfigError(
            f"{journal.parent}: holds an unfinished conversion of something else; "
            "give the same source and options, or leave out --resume"
        )
    whole = [line for line in lines if line.endswith("\n")]  # the last may be incomplete
    write_whole(journal, "".join(whole))
    return {json.loads(line)["key"] for line in whole[1:]}


def _files_below(folder: Path) -> list[str]:
    """The files of a folder by their path, sorted, except for the lock."""
    files = (
        Path(place, name).relative_to(folder).as_posix()
        for place, _, names in os.walk(folder)
        for name in names
    )
    return sorted(name for name in files if name != LOCK)


def _remove(target: Path, there: Collection[str]) -> None:
    """Removes what a conversion wrote; raises `OutputError` if there is anything else."""
    known = _known(target)
    if other := [name for name in there if name not in known]:
        raise OutputError(
            f"{target}: has {other[0]}, which no conversion wrote; choose a new folder, so that "
            "nothing is lost"
        )
    for name in there:
        file = target / name
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(f"{file}: cannot be replaced ({error.strerror})") from None
        for place in file.parents:
            if place == target:
                break
            with suppress(OSError):  # not empty
                place.rmdir()


def _known(target: Path) -> set[str]:
    """The files that a finished or an unfinished conversion wrote."""
    known = {JOURNAL, WRITTEN}
    with suppress(FileNotFoundError, ValueError, TypeError):
        known |= set(json.loads((target / WRITTEN).read_text(encoding="utf-8")))
    with suppress(FileNotFoundError):
        lines = (target / JOURNAL).read_text(encoding="utf-8").splitlines()[1:]
        places = (json.loads(line).get("place") for line in lines if line.endswith("}"))
        known |= {place for place in places if place}
    return known
