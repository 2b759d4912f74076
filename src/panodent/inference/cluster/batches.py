"""Inputs of a run in batches, and which batches are done.

A batch is done when its table of statuses exists. The table's name has a digest of everything that
the results depend on, so that a batch whose radiographs, bundle or options have changed is another
batch, and a run that was killed goes on where it was.

>>> sources = [Source(Input(Path(name), name, name)) for name in ("a", "b", "c")]
>>> [len(batch.sources) for batch in batches_of(sources, "origin", 2)]
[2, 1]
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from panodent.errors import RadiographError
from panodent.inference.cluster.store import is_url, open_store
from panodent.outputs.record import RECORD
from panodent.radiograph.discovery import Input, collect, result_names
from panodent.radiograph.folder_search import is_result_name
from panodent.radiograph.radiograph import SUFFIXES, suffix_of

FAILED = "-failed"
"""End of the name of the tables of a batch in which an input failed; it is tried again."""
_TABLE = re.compile(rf"(\d{{6,}}-[0-9a-f]{{12}})({FAILED})?\.parquet")


@dataclass(frozen=True)
class Source:
    """An input, and its URL where it is on a store; its path is then the name below the folder."""

    item: Input
    url: str = ""

    @property
    def shown(self) -> str:
        """The path or URL, for a person."""
        return self.url or str(self.item.path)


@dataclass(frozen=True)
class Batch:
    """Inputs that one worker predicts in turn; `name` is that of its tables, without suffix."""

    number: int
    sources: tuple[Source, ...]
    name: str


@dataclass(frozen=True)
class Plan:
    """What a run has to do.

    Parameters
    ----------
    todo : batches that are not done, or in which an input failed.
    done : names of the tables of finished batches.
    stale : names of tables that belong to none of the batches.
    """

    todo: tuple[Batch, ...]
    done: tuple[str, ...]
    stale: tuple[str, ...]


def collected(paths: Sequence[str], output: str) -> list[Source]:
    """All inputs below paths and URLs, each with a name of its own for the results.

    Raises `RadiographError` if a store cannot be listed or has nothing that may be a radiograph.
    """
    folder = None if is_url(output) else Path(output)
    local = collect([path for path in paths if not is_url(path)], folder)
    sources = [Source(_stamped(item)) for item in local]
    for path in paths:
        if is_url(path):
            found = list(_on_store(path, output))
            if not found:
                raise RadiographError(f"{path}: contains no file that may be a radiograph")
            sources += found
    good = [source.item.file_name for source in sources if not source.item.problem]
    names = iter(result_names(good, folder))
    return [
        x if x.item.problem else replace(x, item=replace(x.item, name=next(names))) for x in sources
    ]


def batches_of(sources: Sequence[Source], origin: str, size: int) -> list[Batch]:
    """Batches of `size` inputs in their order; `origin` tells of bundle and options."""
    found = []
    for number, start in enumerate(range(0, len(sources), size)):
        part = tuple(sources[start : start + size])
        told = [[x.shown, x.item.name, x.item.problem, *x.item.stamp] for x in part]
        text = json.dumps([origin, told])
        found.append(Batch(number, part, f"{number:06d}-{_digest(text)[:12]}"))
    return found


def plan_of(batches: Iterable[Batch], tables: Iterable[str]) -> Plan:
    """What is left to do; `tables` are the names of the files in the table of statuses."""
    batches = list(batches)
    current = {batch.name for batch in batches}
    done, stale = {}, []
    for name in tables:
        match = _TABLE.fullmatch(name)
        if match is None or match[1] not in current:
            stale.append(name)
        elif not match[2]:
            done[match[1]] = name
    todo = [batch for batch in batches if batch.name not in done]
    return Plan(tuple(todo), tuple(done.values()), tuple(stale))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _stamped(item: Input) -> Input:
    """The input with size and time of its file, so that a batch changes with it."""
    if not item.problem:
        with suppress(OSError):
            stat = os.stat(item.path)
            return replace(item, stamp=(stat.st_size, stat.st_mtime_ns))
    return item


def _on_store(url: str, output: str) -> Iterator[Source]:
    """The files of a store that may be radiographs, without results of panodent.

    Files without suffix may be DICOM files; only the worker that fetches one can tell.
    """
    listed = list(open_store(url).listed())
    results = {file.name.rpartition("/")[0] for file in listed if file.name.endswith(RECORD)}
    for file in listed:
        folder, _, base = file.name.rpartition("/")
        beside = {RECORD} if folder in results else set()
        below = f"{file.url}/".startswith(f"{output.rstrip('/')}/")
        if base.startswith(".") or below or is_result_name(base, False, beside):
            continue
        if (suffix := suffix_of(base).lower()) in SUFFIXES or not suffix:
            item = Input(Path(file.name), "", file.name, found=True, stamp=file.stamp)
            yield Source(item, file.url)
