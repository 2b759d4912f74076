"""Saved studies as a data folder: images, and COCO files of their teeth and findings.

`panodent train` reads the teeth, `panodent findings` both.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from panodent.formats.coco_document import FINDING_IDS, annotation, writing_coco
from panodent.formats.coco_geometry import run_lengths
from panodent.serve.study import FindingRecord, Study, ToothRecord
from panodent.utils.atomic_files import write_whole

TEETH, FINDINGS = "annotations.json", "findings.json"
"""Names of the COCO files."""
SavedStudies = Callable[[], Iterable[tuple[Study, Path]]]
"""Returns the saved studies, each with its original file."""


class TrainingData:
    """The data folder; `saved` returns what it shall contain."""

    def __init__(self, folder: Path, saved: SavedStudies) -> None:
        self.folder, self._saved = folder, saved
        self._lock = threading.Lock()

    def write(self) -> None:
        """Writes images/ID.*, annotations.json and findings.json; other images are deleted.

        findings.json lists the studies whose findings a user has saved: of the others, nobody has
        said what they show. It is left out if there are none.
        """
        with self._lock:
            kept, listed = set(), 0
            with (
                writing_coco(self.folder / TEETH) as document,
                writing_coco(self.folder / FINDINGS, findings_only=True) as found,
            ):
                for study, file in self._saved():
                    name = f"{study.id}{_suffix(study, file)}"
                    if not _link_or_copy(file, self.folder / "images" / name):
                        continue  # deleted in the meantime
                    kept.add(name)
                    size = (study.height, study.width)
                    document.add(name, size, (_annotation(tooth, size) for tooth in study.teeth))
                    if study.findings_saved and study.findings is not None:
                        listed += 1
                        found.add(name, size, (_finding(one, size) for one in study.findings))
            if not listed:
                (self.folder / FINDINGS).unlink()
            for place in (self.folder / "images").iterdir():
                if place.name not in kept:
                    place.unlink(missing_ok=True)

    def clear(self) -> None:
        """Deletes the annotations of all studies, where there is no room to write them without one.

        They are written again by the next `write`.
        """
        with self._lock:
            for name in (TEETH, FINDINGS):
                (self.folder / name).unlink(missing_ok=True)

    def remove(self, study: str) -> None:
        """Deletes a study's image; its annotations are deleted by the next `write`."""
        for place in (self.folder / "images").glob(f"{study}.*"):
            place.unlink(missing_ok=True)


def _suffix(study: Study, file: Path) -> str:
    """The file's suffix, or one by which the file is recognised as a radiograph."""
    return file.suffix or (".dcm" if study.kind == "dicom" else ".png")


def _annotation(tooth: ToothRecord, size: tuple[int, int]) -> dict[str, Any]:
    segmentation = run_lengths(tooth["rle"], size)
    return annotation(tooth["fdi"], segmentation, tooth["area"], tooth["box"])


def _finding(finding: FindingRecord, size: tuple[int, int]) -> dict[str, Any]:
    segmentation = run_lengths(finding["rle"], size)
    category = FINDING_IDS[finding["kind"]]
    entry = annotation(category, segmentation, finding["area"], finding["box"])
    return {**entry, "fdi": finding["fdi"]}


def _link_or_copy(source: Path, place: Path) -> bool:
    """Makes `place` a hard link to `source`, or a copy; returns False if `source` is missing."""
    if place.exists():
        return True
    try:
        os.link(source, place)
    except FileNotFoundError:
        return False
    except OSError:
        try:
            write_whole(place, source.read_bytes())
        except FileNotFoundError:
            return False
    return True
