"""Outlines in pixels, and those in fractions of the image, in the formats that have pixels."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.parsing.pixel_outlines import filled

RING = [[0.1, 0.2], [0.3, 0.2], [0.3, 0.6]]
FLAT = [value for corner in RING for value in corner]


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


def via(folder: Path) -> None:
    shape = {"name": "polygon", "all_points_x": [x for x, _ in RING]}
    shape["all_points_y"] = [y for _, y in RING]
    region = {"shape_attributes": shape, "region_attributes": {"tooth": "36"}}
    size = {"image_height": 9, "image_width": 9}
    data = {"a": {"filename": "a.png", "regions": [region], "file_attributes": size}}
    (folder / "a.json").write_text(json.dumps(data))


def label_studio(folder: Path) -> None:
    value = {"points": RING, "polygonlabels": ["36"]}
    region = {"type": "polygonlabels", "value": value, "original_width": 9, "original_height": 9}
    task = {"data": {"image": "a.png"}, "annotations": [{"result": [region]}]}
    (folder / "a.json").write_text(json.dumps([task]))


WRITERS = (coco, cvat, labelme, supervisely, voc, via, label_studio)


@pytest.mark.parametrize("write", WRITERS)
def test_fractions_are_named(write: Callable[[Path], None], tmp_path: Path) -> None:
    write(tmp_path)
    unit = "percent" if write is label_studio else "pixels"
    with pytest.raises(AnnotationError, match=f"between 0 and 1; expected {unit}"):
        formats.read(tmp_path)[1][0].read()


@pytest.mark.parametrize("write", WRITERS)
def test_what_lies_outside_of_the_image_is_a_fault(
    write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = [[x * 10 + 200, y * 10] for x, y in RING]
    monkeypatch.setattr(sys.modules[__name__], "RING", far)
    monkeypatch.setattr(
        sys.modules[__name__], "FLAT", [value for corner in far for value in corner]
    )
    write(tmp_path)
    with pytest.raises(AnnotationError, match=r"outside of the image: x .* in 9 x 9 pixels"):
        formats.read(tmp_path)[1][0].read()
