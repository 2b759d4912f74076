"""Saved studies as a data folder for `panodent train`: images and a COCO file."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from panodent.formats.coco import categories
from panodent.serve.study import Study, ToothRecord
from panodent.utils.atomic_files import write_whole, writing

SavedStudies = Callable[[], Iterable[tuple[Study, Path]]]
"""Returns the saved studies, each with its original file."""


class TrainingData:
    """The data folder; `saved` returns what it shall contain."""

    def __init__(self, folder: Path, saved: SavedStudies) -> None:
        self.folder, self._saved = folder, saved
        self._lock = threading.Lock()

    def write(self) -> None:
        """Writes images/ID.* and annotations.json; images of other studies are deleted."""
        with self._lock:
            kept = set()
            with writing(self.folder / "annotations.json") as stream:
                images: list[dict[str, Any]] = []
                count, unnumbered = 0, False
                stream.write('{"annotations": [')
                for study, file in self._saved():
                    name = f"{study.id}{_suffix(study, file)}"
                    if not _link_or_copy(file, self.folder / "images" / name):
                        continue  # deleted in the meantime
                    kept.add(name)
                    image = {"id": len(images) + 1, "file_name": name}
                    images.append({**image, "height": study.height, "width": study.width})
                    for tooth in study.teeth:
                        count += 1
                        unnumbered = unnumbered or not tooth["fdi"]
                        entry = {"id": count, "image_id": len(images), **_annotation(study, tooth)}
                        stream.write(("," if count > 1 else "") + json.dumps(entry))
                kinds = categories(unnumbered)
                stream.write(
                    f'], "images": {json.dumps(images)}, "categories": {json.dumps(kinds)}}}\n'
                )
            for place in (self.folder / "images").iterdir():
                if place.name not in kept:
                    place.unlink(missing_ok=True)

    def remove(self, study: str) -> None:
        """Deletes a study's image; its annotations are deleted by the next `write`."""
        for place in (self.folder / "images").glob(f"{study}.*"):
            place.unlink(missing_ok=True)


def _suffix(study: Study, file: Path) -> str:
    """The file's suffix, or one by which the file is recognised as a radiograph."""
    return file.suffix or (".dcm" if study.kind == "dicom" else ".png")


def _annotation(study: Study, tooth: ToothRecord) -> dict[str, Any]:
    left, top, right, bottom = tooth["box"]
    return {
        "category_id": tooth["fdi"],
        "segmentation": {"size": [study.height, study.width], "counts": tooth["rle"]},
        "area": tooth["area"],
        "bbox": [left, top, right - left, bottom - top],
        "iscrowd": 0,
    }


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
