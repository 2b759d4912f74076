"""Saved studies as a data folder, which `panodent train` takes as it is: images and COCO."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from panodent.formats.coco_document import annotation, run_lengths, writing_coco
from panodent.serve.study import Study, Tooth
from panodent.utils.atomic_files import write_whole

Source = Callable[[], Iterable[tuple[Study, Path]]]


class Training:
    """The folder; `saved` gives the saved studies, each with its file."""

    def __init__(self, folder: Path, saved: Source) -> None:
        self.folder, self._saved = folder, saved
        self._turn = threading.Lock()

    def write(self) -> None:
        """Writes images/ID.* and annotations.json; what is no longer saved leaves both."""
        with self._turn:
            kept = set()
            with writing_coco(self.folder / "annotations.json") as document:
                for study, file in self._saved():
                    name = f"{study.id}{_suffix(study, file)}"
                    if not _linked(file, self.folder / "images" / name):
                        continue  # deleted meanwhile
                    kept.add(name)
                    size = (study.height, study.width)
                    document.add(name, size, (_annotation(tooth, size) for tooth in study.teeth))
            for place in (self.folder / "images").iterdir():
                if place.name not in kept:
                    place.unlink(missing_ok=True)

    def remove(self, study: str) -> None:
        """Removes a study's image at once; its annotations leave with the next `write`."""
        for place in (self.folder / "images").glob(f"{study}.*"):
            place.unlink(missing_ok=True)


def _suffix(study: Study, file: Path) -> str:
    """A suffix that lets the file count as a radiograph."""
    return file.suffix or (".dcm" if study.kind == "dicom" else ".png")


def _annotation(tooth: Tooth, size: tuple[int, int]) -> dict[str, Any]:
    segmentation = run_lengths(tooth["rle"], size)
    return annotation(tooth["fdi"], segmentation, tooth["area"], tooth["box"])


def _linked(source: Path, place: Path) -> bool:
    """`place` shows what `source` holds: a second name, or a copy where there can be none."""
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
