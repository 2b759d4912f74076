"""COCO panoptic: a JSON with segments, and PNGs whose colours are the ids of segments.

The specification is https://cocodataset.org/#format-data, panoptic segmentation. The segment of a
pixel is R + 256 G + 65536 B; 0 is background. The PNGs lie in the folder with the name of the
JSON, in `panoptic/`, or beside the JSON. A segment with `iscrowd: 1` is read as a tooth without a
number. Segments cannot overlap (the smaller tooth is on top) and have no scores.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_label_image([[0, 36, 36], [0, 36, 37]])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)])
...     data = load(Path(folder, "panoptic.json"))
...     FORMAT.read(Path(folder))[0].read() == teeth
True
>>> [segment["category_id"] for segment in data["annotations"][0]["segments_info"]]
[36, 37]
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.coco_categories import Category, category_numbers, plain_id
from panodent.formats.coco_document import categories, image
from panodent.formats.coco_entries import check, declared_size_of, usable_images
from panodent.formats.coco_files import has_segments
from panodent.formats.coco_geometry import bbox
from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import only_json, target_file
from panodent.formats.parsing.image_entries import checked_names, in_order
from panodent.formats.parsing.image_names import declared_path
from panodent.formats.parsing.image_search import ImageSearch, Sought
from panodent.formats.parsing.json_record import Record, is_whole, load, records
from panodent.formats.parsing.json_stream import Place, item_at, list_items, member_kinds, members
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, teeth_of
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import write_whole, writing

FILE = "panoptic.json"
FOLDER = "panoptic"
_CROWD = ("segment of a crowd",)
"""Stands for the category of such a segment; the categories of a file are numbers or texts."""


class CocoPanoptic(Format):
    """One JSON file for all radiographs, and a PNG for each."""

    name = "coco-panoptic"

    def recognises(self, path: Path) -> bool:
        """A JSON file, or a folder with only one, whose first annotation has segments."""
        return _find(path) is not None

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Segments by image; an image without an annotation is not annotated."""
        file = path if path.is_file() else _find(path)
        if file is None:
            raise AnnotationError(f"{path}: expected one JSON with segments_info, as COCO panoptic")
        report = FaultReport.of(options, file)
        data = members(file, ("annotations",))
        check(records(data, "categories", str(file)), "categories", file)
        records(data, "images", str(file))
        known = {entry["id"]: Category.of(entry) for entry in data["categories"]}
        listed, used = _annotated_images(file, data, known.keys(), report)
        classes = {known[key] for key in used}
        naming = Naming.of(options)
        by_category = category_numbers(known.values(), file, naming, classes, report)
        naming.note_findings((category.name for category in classes), report)
        numbers = {key: by_category[category] for key, category in known.items()}
        places = ImageSearch(file.parent).find(Sought(found.name) for found in listed)
        items = []
        for found, place in zip(listed, places, strict=True):
            if place.problem:
                report.about(found.name).add(place.problem, cost="radiograph")
            read = partial(_read, file, found, numbers, report)
            key, radiograph = place.key, place.file
            if radiograph is not None and _folders(file)[0] in radiograph.parents:
                # A PNG of segments is not a radiograph, though its name is like one.
                key, radiograph = key_of(declared_path(found.name, str(file))), None
            items.append(Annotated(key, read, found.size, radiograph))
        return in_order(file, items, report)

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `panoptic/<key>.png`, and `panoptic.json` or the .json file named."""
        file = target_file(path, FILE)
        things = [{**entry, "isthing": 1} for entry in categories(unnumbered=True)]
        with (
            writing(file) as stream,
            tempfile.TemporaryFile("w+", encoding="utf-8", dir=file.parent) as spool,
        ):
            stream.write('{"images": [')
            for number, (name, teeth) in enumerate(checked_names(items, path), start=1):
                place = f"{key_of(name)}.png"
                ids = _ids(teeth)
                write_whole(file.parent / FOLDER / place, _png(ids))
                listed = [*_segments(teeth, ids)]
                made = {"image_id": number, "file_name": place, "segments_info": listed}
                comma = ", " if number > 1 else ""
                stream.write(comma + json.dumps(image(number, name.as_posix(), teeth.size)))
                spool.write(comma + json.dumps(made))
            spool.seek(0)
            stream.write('], "annotations": [')
            shutil.copyfileobj(spool, stream)
            stream.write(f'], "categories": {json.dumps(things)}}}\n')


@dataclass(frozen=True, slots=True)
class _Image:
    """An annotated image: name, (height, width), its PNG, and its annotation's place in the file.

    Segments are read when they are needed, since there may be a million of them.
    """

    name: str
    size: tuple[int, int]
    png: str
    place: Place


def is_panoptic(file: Path) -> bool:
    """Whether a JSON file has annotations, the first of which has segments."""
    try:
        lists = {name: place for name, kind, place in member_kinds(file) if kind == "["}
    except AnnotationError:
        return False
    return "annotations" in lists and has_segments(file, lists["annotations"])


def _find(path: Path) -> Path | None:
    found = only_json(path, lambda file: file if is_panoptic(file) else None)
    if found is None and path.is_dir():
        found = only_json(path / "annotations", lambda file: file if is_panoptic(file) else None)
    return found


def _folders(file: Path) -> tuple[Path, ...]:
    """Where the PNGs may lie; radiographs are never in the first."""
    return file.with_suffix(""), file.parent / FOLDER, file.parent


def _annotated_images(
    file: Path, data: Record, known: Collection[Any], report: FaultReport
) -> tuple[list[_Image], set[Any]]:
    """The images with an annotation, and the ids of the categories that their segments have."""
    usable, lost = usable_images(data, file, report)
    images = {entry["id"]: entry for entry in usable}
    found: list[_Image] = []
    used: set[Any] = set()
    for place, entry in _annotations(file, data):
        with report.catching(f"image {excerpt(entry.get('image_id'))}", "radiograph"):
            key = entry.get("image_id")
            key = plain_id(key) if isinstance(key, int | float | str) else None
            if key in lost:
                continue
            if key not in images:
                raise AnnotationError("is not among the images; expected the id of one")
            about = report.about(images[key]["file_name"])
            png = declared_path(entry.get("file_name"), about.where).as_posix()
            for segment in records(entry, "segments_info", about.where):
                if problem := _problem(segment, known):
                    about.add(problem, f"segment {excerpt(segment.get('id'))}")
                else:
                    used.add(segment["category_id"])
            size = declared_size_of(images[key], str(file))
            if size is None:
                raise AnnotationError("the entry of images has no height and width; give it both")
            found.append(_Image(images[key]["file_name"], size, png, place))
    return found, used


def _annotations(file: Path, data: Record) -> Iterator[tuple[Place, Record]]:
    """(place, entry) of each; raises `AnnotationError` if they are not a list of objects."""
    if not isinstance(data.get("annotations"), tuple):
        records(data, "annotations", str(file))
    try:
        for place, entry in list_items(file, data["annotations"]):
            (record,) = records({"annotations": [entry]}, "annotations", str(file))
            yield place, record
    except AnnotationError:
        records(load(file), "annotations", str(file))  # says more of what is wrong
        raise


def _problem(segment: Record, known: Container[Any]) -> str:
    """Why a segment cannot be used; empty if it can."""
    key, category = segment.get("id"), segment.get("category_id")
    if not is_whole(key) or not 0 < key < 1 << 24:
        return "expected a whole number of at least 1 as id"
    if not isinstance(category, int | float | str):
        return f"category_id is {excerpt(category)}"
    return (
        "" if category in known else f"category_id {excerpt(category)} is not among the categories"
    )


def _read(
    file: Path, found: _Image, numbers: Mapping[Any, int | None], report: FaultReport
) -> Teeth:
    about = report.about(found.name)
    ids = _read_ids(file, found, about)
    entry = item_at(file, found.place)
    if not isinstance(entry, dict) or "segments_info" not in entry:
        raise AnnotationError(f"{file}: changed while it was read; read it again")
    listed = records(entry, "segments_info", about.where)
    segments = [segment for segment in listed if not _problem(segment, numbers)]
    known = {segment["id"] for segment in segments}
    if stray := [key for key in np.unique(ids).tolist() if key and key not in known]:
        shown_ids = ", ".join(map(str, stray[:3])) + (", ..." if len(stray) > 3 else "")
        about.add(f"{found.png} has pixels of segments {shown_ids}, which are not listed")
    labels = {**numbers, _CROWD: UNNUMBERED}
    return teeth_of(_shapes(ids, segments, about), labels, found.size, file, about)


def _shapes(
    ids: npt.NDArray[np.int32], segments: Iterable[Record], about: FaultReport
) -> Iterator[AnnotatedShape]:
    for segment in segments:
        label = _CROWD if segment.get("iscrowd") == 1 else segment["category_id"]
        where = f"{about.where}: segment {segment['id']}"
        yield AnnotatedShape(label, where, partial(_outline, ids, segment["id"]))


def _outline(ids: npt.NDArray[np.int32], key: int) -> Outline:
    return Outline(trimmed(ids == key))


def _read_ids(file: Path, found: _Image, about: FaultReport) -> npt.NDArray[np.int32]:
    """The segment id of each pixel (height, width)."""
    from PIL import Image

    place = next((p for f in _folders(file) if (p := f / found.png).is_file()), None)
    if place is None:
        raise AnnotationError(f"{about.where}: {found.png} was not found beside the JSON")
    try:
        with Image.open(place, formats=("PNG",)) as picture:
            if picture.size != found.size[::-1]:
                raise AnnotationError(
                    f"{place}: is {picture.height} x {picture.width}; the image is "
                    f"{found.size[0]} x {found.size[1]}"
                )
            colours = np.asarray(picture.convert("RGB"), np.int32)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise AnnotationError(f"{place}: cannot be read as PNG ({error})") from None
    return colours[..., 0] + 256 * colours[..., 1] + 65536 * colours[..., 2]


def _ids(teeth: Teeth) -> npt.NDArray[np.int32]:
    """The position of the tooth at each pixel, counted from 1; the smaller tooth is on top."""
    ids = np.zeros(teeth.size, np.int32)
    for index in np.argsort(-teeth.areas, kind="stable").tolist():
        top, left, bottom, right = teeth.boxes[index].tolist()
        ids[top:bottom, left:right][teeth.masks[index]] = index + 1
    return ids


def _segments(teeth: Teeth, ids: npt.NDArray[np.int32]) -> Iterator[Record]:
    areas = np.bincount(ids.ravel(), minlength=len(teeth) + 1)
    for index, fdi in enumerate(teeth.fdi.tolist()):
        top, left, bottom, right = teeth.boxes[index].tolist()
        yield {
            "id": index + 1,
            "category_id": fdi,
            "area": int(areas[index + 1]),
            "bbox": bbox(left, top, right, bottom),
            "iscrowd": 0,
        }


def _png(ids: npt.NDArray[np.int32]) -> bytes:
    from PIL import Image

    colours = np.stack([ids & 255, ids >> 8 & 255, ids >> 16], axis=-1).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(colours).save(stream, "PNG", compress_level=3)
    return stream.getvalue()


FORMAT = CocoPanoptic()
