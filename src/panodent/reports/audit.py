"""An audit of annotations as files: audit.csv, corrections.json and pictures for the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from panodent.analysis.annotation_audit import KINDS, Mistake
from panodent.datasets.correction import Corrections, to_json
from panodent.drawing.canvas import RGBImage
from panodent.drawing.panel import panel
from panodent.evaluation.pairing import CaseLoader
from panodent.radiograph.radiograph import Radiograph
from panodent.radiograph.resampling import resized
from panodent.reports.pictures import CasePicture, write_picture
from panodent.utils.atomic_files import write_whole
from panodent.utils.wording import counted

COLUMNS = ("key", "kind", "annotated", "suggested", "confidence", "reason", "trained_on")
SHOWN = 40
"""At most this many mistakes have a picture."""
LISTED = 200
"""At most this many mistakes are in the table of the page."""
MARGIN = 0.75
"""Margin around the teeth concerned, as a share of the larger side of their box."""
TILE_WIDTH = 420
"""Width of each of the three tiles of a picture, in pixels."""
TRAINED_ON = {
    "no": "predicted by a network that did not learn from it",
    "unknown": "whether the network learnt from it cannot be known",
    "yes": "every network given learnt from it and may repeat the mistakes of its annotation",
}
"""What the values of the column `trained_on` mean, said of a radiograph."""


@dataclass(frozen=True)
class Entry:
    """A likely mistake of the radiograph `key`.

    annotated : FDI numbers of the teeth concerned, 0 without a number.
    trained_on : a key of `TRAINED_ON`.
    """

    key: str
    mistake: Mistake
    annotated: tuple[int, ...]
    trained_on: str

    @property
    def kind(self) -> str:
        """In words."""
        return KINDS[self.mistake.kind]


@dataclass(frozen=True)
class Audit:
    """The mistakes of a data folder, the most confident first.

    trained_on : how many radiographs have this key of `TRAINED_ON`.
    gaps : why it cannot be known what a network learnt from.
    skipped : radiographs that were not compared, with the reason.
    corrections : proposals for `panodent correct`.
    cases : what a picture of a radiograph needs, by key.
    """

    entries: tuple[Entry, ...]
    trained_on: Mapping[str, int]
    corrections: Corrections
    gaps: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[str, CaseLoader] = field(default_factory=dict)

    def provenance(self) -> list[str]:
        """Sentences on what the networks learnt from."""
        counts = [
            f"{counted(count, 'radiograph', 'radiographs')}: {TRAINED_ON[state]}"
            for state, count in self.trained_on.items()
            if count
        ]
        return [*counts, *self.gaps]

    def to_csv(self) -> str:
        """All mistakes, a row each; several numbers are separated by spaces."""
        stream = io.StringIO()
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(COLUMNS)
        for entry in self.entries:
            mistake = entry.mistake
            rows.writerow(
                (
                    entry.key,
                    mistake.kind,
                    " ".join(map(str, entry.annotated)),
                    " ".join(map(str, mistake.suggested)),
                    f"{mistake.confidence:.4f}",
                    mistake.reason,
                    entry.trained_on,
                )
            )
        return stream.getvalue()


def write(audit: Audit, folder: Path) -> list[CasePicture]:
    """Writes audit.csv, corrections.json and pictures/audit-*.jpg; returns the pictures.

    Raises `OutputError` when a file cannot be written.
    """
    write_whole(folder / "audit.csv", audit.to_csv())
    write_whole(folder / "corrections.json", to_json(audit.corrections))
    shown = [entry for entry in audit.entries if entry.key in audit.cases][:SHOWN]
    return [
        write_picture(
            partial(_drawn, audit.cases[entry.key], entry.mistake),
            folder,
            f"pictures/audit-{place}.jpg",
            f"{entry.key}: {entry.mistake.reason} (confidence {entry.mistake.confidence:.2f})",
            f"Radiograph, prediction and annotation of {entry.key} around the teeth concerned",
        )
        for place, entry in enumerate(shown, start=1)
    ]


def _drawn(load: CaseLoader, mistake: Mistake) -> RGBImage:
    """Radiograph, prediction and annotation around the teeth concerned, enlarged."""
    radiograph, annotation, prediction = load()
    boxes = [annotation.boxes[i].tolist() for i in mistake.annotated]
    boxes += [prediction.boxes[j].tolist() for j in mistake.predicted]
    window = _window(boxes, radiograph.size)
    top, left, bottom, right = window
    height = max(round((bottom - top) * TILE_WIDTH / (right - left)), 1)
    size = (height, TILE_WIDTH)
    enlarged = Radiograph(resized(radiograph.pixels[top:bottom, left:right], size))
    tiles = [teeth.cropped(*window).resized(size) for teeth in (prediction, annotation)]
    return panel(enlarged, *tiles, width=TILE_WIDTH, truth_name="Annotation")


def _window(boxes: Sequence[Any], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of a part of the image around these boxes.

    It is twice as wide as high where the image allows it, as a panoramic radiograph is.

    >>> _window([(40, 40, 60, 60)], (100, 200)), _window([(0, 0, 100, 200)], (100, 200))
    ((25, 0, 75, 100), (0, 0, 100, 200))
    """
    top, left, bottom, right = (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
    margin = MARGIN * max(bottom - top, right - left)
    high = max(bottom - top + 2 * margin, (right - left + 2 * margin) / 2)
    sides = []
    for start, stop, wanted, most in (
        (top, bottom, high, size[0]),
        (left, right, 2 * high, size[1]),
    ):
        length = min(round(wanted), most)
        first = min(max((start + stop - length) // 2, 0), most - length)
        sides.append((first, first + length))
    (first_row, last_row), (first_column, last_column) = sides
    return first_row, first_column, last_row, last_column
