"""Datumaro as a second opinion: it reads what is written here, and what it writes is read.

Datumaro is not a dependency, since it pins others: `make extras` installs it into a folder of its
own, see `tests/oracles.requirements.txt`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.teeth.teeth import Teeth

dm: Any = pytest.importorskip("datumaro", reason="`make extras` installs Datumaro")

SIZE = (40, 60)
HOLE = np.pad(np.zeros((2, 2), bool), 2, constant_values=True)
TEETH = Teeth.from_masks(
    SIZE,
    [(36, np.tri(8, 8, dtype=bool), (3, 4)), (48, np.ones((6, 7)), (20, 40)), (11, HOLE, (14, 2))],
).sorted()
NAMES = ("11", "36", "48")


def masks_of(item: Any, names: list[str]) -> dict[str, np.ndarray]:
    """The masks of a Datumaro item by class name."""
    masks = (a for a in item.annotations if a.type == dm.AnnotationType.mask)
    return {names[mask.label]: np.asarray(mask.image, bool) for mask in masks}


@pytest.mark.parametrize(("name", "theirs"), [("coco", "coco_instances"), ("cvat", "cvat")])
def test_datumaro_reads_what_is_written(tmp_path: Path, name: str, theirs: str) -> None:
    chosen = formats.get(name)
    chosen.write(tmp_path, [("a.png", TEETH)])
    image = tmp_path / chosen.image_place("a.png")
    image.parent.mkdir(exist_ok=True)
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(image)
    if name == "coco":  # Datumaro wants the file in this place
        (tmp_path / "annotations").mkdir()
        place = tmp_path / "annotations" / "instances_default.json"
        shutil.move(tmp_path / "annotations.json", place)
    found = dm.Dataset.import_from(str(tmp_path), theirs)
    names = [label.name for label in found.categories()[dm.AnnotationType.label]]
    (item,) = found
    masks = masks_of(item, names)
    for index, fdi in enumerate(TEETH.fdi.tolist()):
        assert (masks[str(fdi)] == TEETH.full_mask(index)).all()


@pytest.mark.parametrize("subset", ["train", "default"])
@pytest.mark.parametrize("theirs", ["coco_instances", "coco_panoptic", "label_me"])
def test_what_datumaro_writes_is_read(tmp_path: Path, theirs: str, subset: str) -> None:
    annotations = [
        dm.Mask(
            TEETH.full_mask(i).astype(np.uint8), label=NAMES.index(str(fdi)), id=i + 1, group=i + 1
        )
        for i, fdi in enumerate(TEETH.fdi.tolist())
    ]
    if theirs == "label_me":  # it has no masks without files of their own
        square = [40, 20, 47, 20, 47, 26, 40, 26]
        annotations = [dm.Polygon(square, label=NAMES.index("48"), id=1, group=1)]
    media = dm.Image.from_numpy(np.zeros((*SIZE, 3), np.uint8))
    item = dm.DatasetItem(id="sub/a", subset=subset, media=media, annotations=annotations)
    found = dm.Dataset.from_iterable([item], categories=list(NAMES))
    found.export(str(tmp_path / "data"), theirs, save_media=True)
    _, (read,) = formats.read(tmp_path / "data")
    expected = (
        TEETH if theirs != "label_me" else Teeth.from_masks(SIZE, [(48, np.ones((6, 7)), (20, 40))])
    )
    assert read.read().sorted() == expected
    if theirs != "coco_panoptic":
        assert read.image is not None
        assert read.image.name == "a.jpg"
