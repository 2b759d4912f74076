"""The files about all radiographs of one call: predictions.json (COCO results) and teeth.csv.

Both are written to temporary files result by result and renamed at the end, so that memory does
not grow with the number of radiographs.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import TracebackType
from typing import Any

from panodent.dentition import Numbering, from_fdi
from panodent.formats.coco_document import bbox, run_lengths
from panodent.utils.atomic_files import PendingFile

PREDICTIONS = "predictions.json"
"""COCO results of all numbered teeth."""
TABLE = "teeth.csv"
"""A row for each tooth."""
COLUMNS = ("file_name", "fdi", "name", "score", "left", "top", "right", "bottom", "area", "flags")


class SummaryFiles:
    """Writes the summary files of one call; a context manager.

    Another `numbering` than 'fdi' adds a column of that name to the table.

    `finish` puts the files in place; without it, nothing is left in the folder. Raises
    `OutputError` on entering when the folder cannot be written.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with SummaryFiles(Path(folder)) as summary:
    ...         summary.finish()
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['predictions.json', 'teeth.csv']
    """

    def __init__(self, folder: Path, numbering: Numbering = "fdi") -> None:
        self.folder = folder
        self.numbering = numbering
        self._results: PendingFile | None = None
        self._table: PendingFile | None = None
        self._first = True

    def __enter__(self) -> SummaryFiles:
        self._results = PendingFile(self.folder / PREDICTIONS)
        self._table = PendingFile(self.folder / TABLE, newline="")
        self._results.stream.write("[")
        self._rows = csv.writer(self._table.stream)
        self._rows.writerow([*COLUMNS, *([self.numbering] if self.numbering != "fdi" else [])])
        return self

    def add(self, image_id: int, file_name: str, record: dict[str, Any]) -> None:
        """Adds the teeth of one radiograph.

        `image_id` is its position among the inputs, `record` that of `panodent.outputs.record`.
        Teeth without a number are in the table only, because a COCO category is a number.
        """
        assert self._results is not None  # noqa: S101 - only within `with`
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
                self._results.stream.write(("\n" if self._first else ",\n") + json.dumps(result))
                self._first = False
            row = [file_name, tooth["fdi"], tooth["name"], tooth["score"], *tooth["box"]]
            row += [tooth["area"], " ".join(tooth["flags"])]
            if self.numbering != "fdi":
                row.append(from_fdi(tooth["fdi"], self.numbering) if tooth["fdi"] else "")
            self._rows.writerow(row)

    def finish(self) -> None:
        """Puts both files in place; call it once, after the last radiograph."""
        assert self._results is not None  # noqa: S101 - only within `with`
        assert self._table is not None  # noqa: S101
        self._results.stream.write("\n]\n")
        self._results.commit()
        self._table.commit()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pending in (self._results, self._table):
            if pending is not None:
                pending.discard()
