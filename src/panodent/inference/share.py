"""The share of the inputs that one call predicts: all of them, or one part for one machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panodent.outputs.earlier_results import EarlierResults, find_earlier, find_earlier_of_part
from panodent.outputs.parquet_tables import part_files, remove_tables, table_files
from panodent.outputs.parts import PARTS, Part, check_same_count, listing_digest
from panodent.radiograph.discovery import Input
from panodent.utils.output_folder import joined, occupied


@dataclass(frozen=True)
class Share:
    """What one call predicts.

    Parameters
    ----------
    folder : the output folder.
    part : which part of the inputs; None for all.
    inputs : the inputs of the call.
    numbers : the position of each among all inputs, counted from 1.
    listing : the digest of all inputs' names; empty without `part`.
    total : the number of all inputs, also of other parts.
    """

    folder: Path
    part: Part | None
    inputs: Sequence[Input]
    numbers: Sequence[int]
    listing: str
    total: int

    @classmethod
    def of(cls, folder: Path, inputs: Sequence[Input], part: Part | None) -> Share:
        """The share that `part` has in all inputs."""
        if part is None:
            return cls(folder, None, inputs, range(1, len(inputs) + 1), "", len(inputs))
        mine = [(n, x) for n, x in enumerate(inputs, start=1) if part.holds(x.file_name)]
        digest = listing_digest(item.file_name for item in inputs)
        own = [item for _, item in mine]
        return cls(folder, part, own, [number for number, _ in mine], digest, len(inputs))

    @property
    def summary(self) -> Path:
        """The folder of the files about all radiographs of the call."""
        return self.part.folder(self.folder) if self.part else self.folder

    @contextmanager
    def occupied(self) -> Iterator[bool]:
        """Holds the folders for the call; yields whether an earlier one was killed there.

        Raises `OutputError` if another process holds them, or if parts of another count are there.
        """
        if self.part is None:
            with occupied(self.folder, "predict") as interrupted:
                yield interrupted
            return
        with joined(self.folder, self.summary, "predict --part") as interrupted:
            check_same_count(self.folder, self.part)
            if interrupted:
                self._remove_incomplete()
            yield interrupted

    def _remove_incomplete(self) -> None:
        """Deletes incomplete files of the part's own radiographs; other machines are writing."""
        for item in self.inputs:
            for left in (self.folder / item.name).glob(".*.part") if item.name else ():
                with suppress(OSError):
                    left.unlink()

    def earlier(self, interrupted: bool) -> EarlierResults:
        """What an earlier call left in the folders that this one writes to."""
        names = [item.name for item in self.inputs if item.name]
        if self.part is None:
            return find_earlier(self.folder, names, interrupted)
        return find_earlier_of_part(self.folder, self.summary, names)

    def remove_parts(self) -> None:
        """Deletes the files about parts, which a call for all inputs makes obsolete."""
        if self.part is None:
            shutil.rmtree(self.folder / PARTS, ignore_errors=True)

    @property
    def tables(self) -> dict[str, Path]:
        """The files of the Parquet tables by the names of the tables."""
        return part_files(self.summary) if self.part else table_files(self.folder)

    def remove_tables(self, kept: bool) -> None:
        """Deletes the Parquet tables of earlier calls, but those of this one if they are `kept`."""
        if self.part is None:
            remove_tables(self.folder, self.tables.values() if kept else ())
        elif not kept:
            for file in self.tables.values():
                file.unlink(missing_ok=True)

    def in_run(self) -> dict[str, Any]:
        """What run.json says of the part; nothing without one."""
        if self.part is None:
            return {}
        part = {"number": self.part.number, "of": self.part.count}
        return {"part": {**part, "listing": self.listing, "inputs": self.total}}
