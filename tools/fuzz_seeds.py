"""Small sound data folders in every format, and DICOM files, from which `fuzz.py` starts."""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from panodent import formats
from panodent.formats.registry import BY_NAME
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (48, 64)
NAMES = ("a.png", "sub/b.png", "c.png")
_BLOCK = np.ones((6, 7), bool)
_HOLE = np.array([[1, 1, 1, 1], [1, 0, 0, 1], [1, 1, 1, 1]], bool)
_PARTS = np.array([[1, 1, 0, 1, 1], [1, 1, 0, 1, 1]], bool)


@dataclass(frozen=True)
class Seed:
    """A data folder: contents by path, the format, options for reading.

    `fixed` are files that are not changed: the radiographs.
    """

    name: str
    format: str
    files: dict[str, bytes]
    fixed: dict[str, bytes] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def seeds() -> list[Seed]:
    """One folder for each format and geometry, and for layouts of other tools."""
    made = []
    for name in formats.WRITTEN:
        info = BY_NAME[name]
        for geometry in info.geometries or ("",):
            given = {"geometry": geometry} if geometry else {}
            options = {"values": "fdi"} if name == "labels" else {}
            made.append(_written(f"{name} {geometry}".strip(), name, given, options))
    by_name = {seed.name: seed for seed in made}
    made.append(_cvat_project(by_name["cvat polygon"]))
    made += [_minimal(by_name["label-studio polygon"], kind) for kind in ("json", "csv")]
    made.append(_predictions(by_name["label-studio brush"]))
    made.append(_several(by_name["coco polygon"]))
    made.append(_via_csv(by_name["via"]))
    return made


def _written(title: str, name: str, writing: dict[str, Any], options: dict[str, Any]) -> Seed:
    chosen, limits = formats.get(name), BY_NAME[name].limits
    items = [(36, _BLOCK, (2, 2)), (48, _BLOCK, (12, 30))]
    items += [(11, _HOLE, (30, 2))] if limits.holes else []
    items += [(12, _PARTS, (30, 20))] if limits.parts else []
    items += [(37, _BLOCK, (5, 5))] if limits.overlap else []
    items += [(0, _BLOCK, (40, 40))] if limits.unnumbered else []
    teeth = Teeth.from_masks(SIZE, items)
    found = Findings.from_masks(SIZE, [("crown", 36, [[1, 1], [1, 1]], (3, 3))])
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        listed = [(NAMES[0], teeth), (NAMES[1], teeth), (NAMES[2], Teeth.empty(SIZE))]
        with_findings = limits.findings != "no"
        entries = [(n, t, found if len(t) else Findings.empty(SIZE)) for n, t in listed]
        chosen.write(folder, entries if with_findings else listed, writing)
        files = _content(folder)
    fixed = {chosen.image_place(image): picture() for image in NAMES}
    return Seed(title, name, files, fixed, options)


def _content(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def picture() -> bytes:
    """A grey PNG of the size of all seeds."""
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, SIZE).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    return stream.getvalue()


def _cvat_project(seed: Seed) -> Seed:
    """The export of a project: `images/SUBSET/NAME`, equal names in two subsets."""
    text = seed.files["annotations.xml"].decode()
    text = text.replace('name="a.png"', 'name="a.png" subset="train" task_id="1"')
    text = text.replace('name="sub/b.png"', 'name="a.png" subset="default" task_id="2"')
    text = text.replace('name="c.png"', 'name="c.png" subset="default" task_id="2"')
    places = ("train/a.png", "default/a.png", "default/c.png")
    fixed = {f"images/{place}": picture() for place in places}
    return Seed("cvat project", "cvat", {"annotations.xml": text.encode()}, fixed)


def _tasks(seed: Seed) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(seed.files["tasks.json"])
    return listed


def _minimal(seed: Seed, kind: str) -> Seed:
    """Label Studio's JSON-MIN or CSV."""
    import csv

    entries = [
        {
            "image": task["data"]["image"],
            "id": task["id"],
            "tooth": [
                {**item["value"], "original_width": SIZE[1], "original_height": SIZE[0]}
                for item in task["annotations"][0]["result"]
                if item["type"].endswith("labels")
            ],
            "annotator": 1,
            "annotation_id": 5,
            "updated_at": "2026-01-01T00:00:00Z",
            "lead_time": 2.5,
        }
        for task in _tasks(seed)
    ]
    if kind == "json":
        return Seed(
            "label-studio JSON-MIN", seed.format, {"min.json": _dumped(entries)}, seed.fixed
        )
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(entries[0])
    for entry in entries:
        writer.writerow(json.dumps(v) if isinstance(v, list) else v for v in entry.values())
    return Seed("label-studio CSV", seed.format, {"a.csv": stream.getvalue().encode()}, seed.fixed)


def _via_csv(seed: Seed) -> Seed:
    table = via_table(json.loads(seed.files["via.json"]))
    return Seed("via CSV", seed.format, {"via.csv": table.encode()}, seed.fixed)


def via_table(project: dict[str, Any], separator: str = ",") -> str:
    """The CSV that VIA 2 exports of a project: a row for each region."""
    import csv

    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
    of_image = ("filename", "file_size", "file_attributes", "region_count")
    writer.writerow([*of_image, "region_id", "region_shape_attributes", "region_attributes"])
    for image in project["_via_img_metadata"].values():
        regions = image["regions"]
        about = image["filename"], image["size"], json.dumps(image["file_attributes"]), len(regions)
        nothing = {"shape_attributes": {}, "region_attributes": {}}
        for number, region in enumerate(regions or [nothing]):
            cells = (region["shape_attributes"], region["region_attributes"])
            writer.writerow([*about, number, *map(json.dumps, cells)])
    return stream.getvalue()


def _predictions(seed: Seed) -> Seed:
    """Label Studio's tasks with predictions only."""
    tasks = [{**t, "annotations": [], "predictions": t["annotations"]} for t in _tasks(seed)]
    files = {"tasks.json": _dumped(tasks)}
    name = "label-studio predictions"
    return Seed(name, seed.format, files, seed.fixed, {"predictions": True})


def _several(seed: Seed) -> Seed:
    """COCO in several files, `annotations/instances_SPLIT.json`."""
    (content,) = seed.files.values()
    data = json.loads(content)
    files = {}
    for split, images in {"train": data["images"][:1], "val": data["images"][1:]}.items():
        ids = {image["id"] for image in images}
        own = [entry for entry in data["annotations"] if entry["image_id"] in ids]
        part = {**data, "images": images, "annotations": own}
        files[f"annotations/instances_{split}.json"] = _dumped(part)
    return Seed("coco several", seed.format, files, seed.fixed)


def _dumped(data: object) -> bytes:
    return json.dumps(data).encode()


def dicom_files() -> dict[str, bytes]:
    """DICOM radiographs by name."""
    from panodent.phantom.dicom import to_dicom

    pixels = np.linspace(0, 1, 64 * 96, dtype=np.float32).reshape(64, 96)
    made = {}
    for name in ("plain", "eight"):
        data = to_dicom(Radiograph(pixels), 5)
        if name == "eight":
            values = (data.pixel_array >> 4).astype(np.uint8)
            data.BitsAllocated = data.BitsStored = 8
            data.HighBit = 7
            data.PixelData = values.tobytes()
            data["PixelData"].VR = "OB"
        stream = io.BytesIO()
        data.save_as(stream, enforce_file_format=True)
        made[f"{name}.dcm"] = stream.getvalue()
    return made
