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
from panodent.formats.coco_geometry import bbox, run_lengths
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
        self._rows.writerow(tooth_columns(self.numbering, self.findings))
        if self.findings:
            self._found = _Results(self._open(FINDINGS))
            self._found_rows = csv.writer(self._open(FINDINGS_TABLE, newline="").stream)
            self._found_rows.writerow(finding_columns(self.numbering))
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
            self._rows.writerow(tooth_row(file_name, tooth, record, self.numbering, self.findings))
        for finding in record.get("findings", ()) if self.findings else ():
            self._found.add(finding_result(image_id, file_name, finding, size))
            self._found_rows.writerow(finding_row(file_name, finding, self.numbering))

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


def tooth_columns(numbering: Numbering, findings: bool) -> list[str]:
    """The head of the table of teeth.

    >>> tooth_columns("palmer", findings=True)[-3:]
    ['depth', 'palmer', 'findings']
    """
    return [*COLUMNS, *_numbering_column(numbering), *(["findings"] if findings else [])]


def tooth_row(
    file_name: str,
    tooth: dict[str, Any],
    record: dict[str, Any],
    numbering: Numbering,
    findings: bool,
) -> list[Any]:
    """The row of a tooth; `tooth` is one of `record`, see `panodent.outputs.record`."""
    row = [file_name, tooth["fdi"], tooth["name"], *_common(tooth), *_attributes(tooth)]
    row += _number(tooth, numbering)
    return [*row, _carried(tooth, record)] if findings else row


def finding_columns(numbering: Numbering) -> list[str]:
    """The head of the table of findings."""
    return [*FINDING_COLUMNS, *_numbering_column(numbering)]


def finding_row(file_name: str, finding: dict[str, Any], numbering: Numbering) -> list[Any]:
    """The row of a finding of a record."""
    row = [file_name, finding["fdi"], finding["kind"], *_common(finding)]
    return [*row, *_number(finding, numbering)]


def finding_result(
    image_id: int, file_name: str, finding: dict[str, Any], size: tuple[int, int]
) -> dict[str, Any]:
    """A finding of a record as a COCO result, in an image of this (height, width)."""
    return {
        "image_id": image_id,
        "file_name": file_name,
        "category": finding["kind"],
        "fdi": finding["fdi"],
        "segmentation": run_lengths(finding["rle"], size),
        "bbox": bbox(*finding["box"]),
        "score": finding["score"],
    }


def _numbering_column(numbering: Numbering) -> list[str]:
    return [] if numbering == "fdi" else [numbering]


def _number(entry: dict[str, Any], numbering: Numbering) -> list[str]:
    """The column of another numbering, if one is asked for."""
    if numbering == "fdi":
        return []
    return [from_fdi(entry["fdi"], numbering) if entry["fdi"] else ""]


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
