"""The files that join a folder of results: predictions.json (COCO results) and teeth.csv.

They are written as results come, beside their places, and put there at the end: memory does not
grow with the number of radiographs.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from panodent.errors import OutputError

PREDICTIONS, TABLE = "predictions.json", "teeth.csv"
COLUMNS = ("file_name", "fdi", "name", "score", "left", "top", "right", "bottom", "area", "flags")


class Collection:
    """Gathers the records of one call; a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._results: IO[str] | None = None
        self._table: IO[str] | None = None
        self._first = True

    def __enter__(self) -> Collection:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._results = self._beside(PREDICTIONS).open("w", encoding="utf-8")
            self._table = self._beside(TABLE).open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise OutputError(
                f"{self.folder}: cannot be written ({error.strerror}); choose another --output"
            ) from None
        self._results.write("[")
        self._rows = csv.writer(self._table)
        self._rows.writerow(COLUMNS)
        return self

    def add(self, image_id: int, file_name: str, record: dict[str, Any]) -> None:
        """Takes up the teeth of one radiograph; `image_id` is its place among the inputs."""
        assert self._results is not None  # noqa: S101 - only within `with`
        size = [record["height"], record["width"]]
        for tooth in record["teeth"]:
            left, top, right, bottom = tooth["box"]
            result = {
                "image_id": image_id,
                "file_name": file_name,
                "category_id": tooth["fdi"],
                "segmentation": {"size": size, "counts": tooth["rle"]},
                "bbox": [left, top, right - left, bottom - top],
                "score": tooth["score"],
            }
            if tooth["fdi"]:  # a category is a number; a tooth without one is in teeth.json
                self._results.write(("\n" if self._first else ",\n") + json.dumps(result))
                self._first = False
            self._rows.writerow(
                [
                    file_name,
                    tooth["fdi"],
                    tooth["name"],
                    tooth["score"],
                    *tooth["box"],
                    tooth["area"],
                    " ".join(tooth["flags"]),
                ]
            )

    def finish(self) -> None:
        """Puts both files in their places."""
        assert self._results is not None  # noqa: S101 - only within `with`
        assert self._table is not None  # noqa: S101
        self._results.write("\n]\n")
        for name, stream in ((PREDICTIONS, self._results), (TABLE, self._table)):
            stream.close()
            os.replace(self._beside(name), self.folder / name)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name, stream in ((PREDICTIONS, self._results), (TABLE, self._table)):
            if stream is not None:
                stream.close()
            self._beside(name).unlink(missing_ok=True)

    def _beside(self, name: str) -> Path:
        return self.folder / f".{name}.{os.getpid()}.part"
