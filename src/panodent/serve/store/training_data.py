"""Saved studies as a data folder, which `panodent train` takes as it is: images and COCO."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from panodent.formats.coco import categories
from panodent.serve.study import Study, Tooth
from panodent.utils.atomic_files import write_whole, writing

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
            with writing(self.folder / "annotations.json") as stream:
                images: list[dict[str, Any]] = []
                count, unnumbered = 0, False
                stream.write('{"annotations": [')
                for study, file in self._saved():
                    name = f"{study.id}{_suffix(study, file)}"
                    if not _linked(file, self.folder / "images" / name):
                        continue  # deleted meanwhile
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
        """Removes a study's image at once; its annotations leave with the next `write`."""
        for place in (self.folder / "images").glob(f"{study}.*"):
            place.unlink(missing_ok=True)


def _suffix(study: Study, file: Path) -> str:
    """A suffix that lets the file count as a radiograph."""
    return file.suffix or (".dcm" if study.kind == "dicom" else ".png")


def _annotation(study: Study, tooth: Tooth) -> dict[str, Any]:
    left, top, right, bottom = tooth["box"]
    return {
        "category_id": tooth["fdi"],
        "segmentation": {"size": [study.height, study.width], "counts": tooth["rle"]},
        "area": tooth["area"],
        "bbox": [left, top, right - left, bottom - top],
        "iscrowd": 0,
    }


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
