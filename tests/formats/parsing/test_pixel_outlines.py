"""Outlines in pixels, and those in fractions of the image, in the formats that have pixels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.parsing.pixel_outlines import filled

RING = [[0.1, 0.2], [0.3, 0.2], [0.3, 0.6]]
FLAT = [value for corner in RING for value in corner]
WORDS = "all corners lie between 0 and 1; expected pixels"


@pytest.mark.parametrize(
    ("rings", "pixels"),
    [
        ([[[0, 0], [1, 0], [1, 1], [0, 1]]], 1),  # whole numbers are the first pixel
        ([RING, [[1, 1], [3, 1], [3, 3], [1, 3]]], 4),
        ([[[0.2, 0.2], [1.8, 0.2], [1.8, 0.8], [0.2, 0.8]]], 2),
    ],
)
def test_pixels(rings: list[list[list[float]]], pixels: int) -> None:
    assert filled(rings, (4, 5)).sum() == pixels


def coco(folder: Path) -> None:
    image = {"id": 1, "file_name": "a.png", "height": 9, "width": 9}
    entry = {"id": 1, "image_id": 1, "category_id": 36, "segmentation": [FLAT]}
    data = {"images": [image], "annotations": [entry], "categories": [{"id": 36}]}
    (folder / "a.json").write_text(json.dumps(data))


def cvat(folder: Path) -> None:
    points = ";".join(f"{x},{y}" for x, y in RING)
    (folder / "annotations.xml").write_text(
        '<annotations><image name="a.png" width="9" height="9">'
        f'<polygon label="36" points="{points}"/></image></annotations>'
    )


def labelme(folder: Path) -> None:
    data = {"shapes": [{"label": "36", "points": RING}], "imageHeight": 9, "imageWidth": 9}
    (folder / "a.json").write_text(json.dumps(data))


def supervisely(folder: Path) -> None:
    shape = {"classTitle": "36", "geometryType": "polygon"}
    shape |= {"points": {"exterior": RING, "interior": []}}
    (folder / "ann").mkdir()
    data = {"size": {"height": 9, "width": 9}, "objects": [shape]}
    (folder / "ann" / "a.png.json").write_text(json.dumps(data))


def voc(folder: Path) -> None:
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in RING)
    (folder / "a.xml").write_text(
        "<annotation><filename>a.png</filename><size><height>9</height><width>9</width></size>"
        f"<object><name>36</name><polygon>{points}</polygon></object></annotation>"
    )


@pytest.mark.parametrize("write", [coco, cvat, labelme, supervisely, voc])
def test_fractions_are_named(write: object, tmp_path: Path) -> None:
    assert callable(write)
    write(tmp_path)
    with pytest.raises(AnnotationError, match=WORDS):
        formats.read(tmp_path)[1][0].read()
