"""The files about all radiographs of one call: predictions.json (COCO results) and teeth.csv.

Where findings are looked for, also findings.json (COCO results) and findings.csv. All are written
to temporary files result by result and renamed at the end, so that memory does not grow with the
number of radiographs.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import TracebackType
from typing import Any

from panodent.dentition import Numbering, from_fdi
from panodent.formats.coco_document import bbox, run_lengths
from panodent.teeth.finding_kinds import KINDS
from panodent.utils.atomic_files import PendingFile

PREDICTIONS = "predictions.json"
"""COCO results of all numbered teeth."""
TABLE = "teeth.csv"
"""A row for each tooth."""
COLUMNS = (
    "file_name", "fdi", "name", "score", "left", "top", "right", "bottom", "area", "flags",
    "erupted", "remnant", "impaction", "depth",
)  # fmt: skip
FINDINGS = "findings.json"
"""COCO results of all findings; `category` is the kind."""
FINDINGS_TABLE = "findings.csv"
"""A row for each finding."""
FINDING_COLUMNS = (
    "file_name", "fdi", "kind", "score", "left", "top", "right", "bottom", "area", "flags",
)  # fmt: skip


class SummaryFiles:
    """Writes the summary files of one call; a context manager.

    Another `numbering` than 'fdi' adds a column of that name to the tables.

    `finish` puts the files in place; without it, nothing is left in the folder. With `findings`,
    the files of findings are written as well, and teeth.csv has a column of them; without, those
    of an earlier call are removed. Raises `OutputError` on entering when the folder cannot be
    written.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with SummaryFiles(Path(folder)) as summary:
    ...         summary.finish()
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['predictions.json', 'teeth.csv']
    """

    def __init__(self, folder: Path, numbering: Numbering = "fdi", findings: bool = False) -> None:
        self.folder, self.numbering, self.findings = folder, numbering, findings
        self._files: list[PendingFile] = []

    def __enter__(self) -> SummaryFiles:
        self._results = _Results(self._open(PREDICTIONS))
        self._rows = csv.writer(self._open(TABLE, newline="").stream)
        extra = (self.numbering,) if self.numbering != "fdi" else ()
        self._rows.writerow([*COLUMNS, *extra, *(["findings"] if self.findings else [])])
        if self.findings:
            self._found = _Results(self._open(FINDINGS))
            self._found_rows = csv.writer(self._open(FINDINGS_TABLE, newline="").stream)
            self._found_rows.writerow([*FINDING_COLUMNS, *extra])
        return self

    def _open(self, name: str, newline: str | None = None) -> PendingFile:
        self._files.append(PendingFile(self.folder / name, newline=newline))
        return self._files[-1]

    def add(self, image_id: int, file_name: str, record: dict[str, Any]) -> None:
        """Adds the teeth and findings of one radiograph.

        `image_id` is its position among the inputs, `record` that of `panodent.outputs.record`.
        Teeth without a number are in the table only, because a COCO category is a number.
        """
        size = (record["height"], record["width"])
        for tooth in record["teeth"]:
            result = {
                "image_id": image_id,
                "file_name": file_name,
                "category_id": tooth["fdi"],
                "segmentation": run_lengths(tooth["rle"], size),
                "bbox": bbox(*tooth["box"]),
                "score": tooth["score"],
            }
            if tooth["fdi"]:  # a category is a number; a tooth without one is in teeth.json
                self._results.add(result)
            row = [file_name, tooth["fdi"], tooth["name"], *_common(tooth), *_attributes(tooth)]
            row += self._number(tooth)
            self._rows.writerow([*row, _carried(tooth, record)] if self.findings else row)
        for finding in record.get("findings", ()) if self.findings else ():
            result = {
                "image_id": image_id,
                "file_name": file_name,
                "category": finding["kind"],
                "fdi": finding["fdi"],
                "segmentation": run_lengths(finding["rle"], size),
                "bbox": bbox(*finding["box"]),
                "score": finding["score"],
            }
            self._found.add(result)
            row = [file_name, finding["fdi"], finding["kind"], *_common(finding)]
            self._found_rows.writerow([*row, *self._number(finding)])

    def _number(self, entry: dict[str, Any]) -> list[str]:
        """The column of another numbering, if one is asked for."""
        if self.numbering == "fdi":
            return []
        return [from_fdi(entry["fdi"], self.numbering) if entry["fdi"] else ""]

    def finish(self) -> None:
        """Puts all files in place; call it once, after the last radiograph."""
        self._results.finish()
        if self.findings:
            self._found.finish()
        else:
            for name in (FINDINGS, FINDINGS_TABLE):
                (self.folder / name).unlink(missing_ok=True)
        for pending in self._files:
            pending.commit()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pending in self._files:
            pending.discard()


class _Results:
    """A JSON list that is written entry by entry."""

    def __init__(self, file: PendingFile) -> None:
        self._stream, self._first = file.stream, True
        self._stream.write("[")

    def add(self, entry: dict[str, Any]) -> None:
        self._stream.write(("\n" if self._first else ",\n") + json.dumps(entry))
        self._first = False

    def finish(self) -> None:
        self._stream.write("\n]\n")


def _common(entry: dict[str, Any]) -> list[Any]:
    """The columns that teeth and findings share."""
    return [entry["score"], *entry["box"], entry["area"], " ".join(entry["flags"])]


def _attributes(tooth: dict[str, Any]) -> list[str]:
    """The columns of a tooth's attributes; empty where a record does not tell them."""
    impaction = tooth.get("impaction") or {}
    told = [str(tooth[name]).lower() if name in tooth else "" for name in ("erupted", "remnant")]
    return [*told, impaction.get("angulation", ""), impaction.get("depth", "")]


def _carried(tooth: dict[str, Any], record: dict[str, Any]) -> str:
    """The kinds of findings on a tooth, each once, such as "crown;root_filling"."""
    found = {item["kind"] for item in record.get("findings", ()) if item["fdi"] == tooth["fdi"]}
    return ";".join(kind for kind in KINDS if kind in found) if tooth["fdi"] else ""
