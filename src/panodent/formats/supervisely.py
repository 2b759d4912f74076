"""Supervisely projects: `ann/NAME.jpg.json` beside `img/NAME.jpg`, with bitmaps or polygons.

The specification is
https://developer.supervisely.com/getting-started/supervisely-annotation-format. Bitmaps are
written; they keep every pixel. A dataset is a folder with `ann` and `img`. It may lie in a project,
in the `datasets` folder of another dataset, or be the project's folder itself, which is how
projects are written here. Polygons are drawn as the Supervisely SDK does: corners are whole pixels
that belong to the polygon, fractions are cut off, and the pixels of a hole's outline belong to the
hole.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_masks((4, 5), [(36, np.ones((2, 2)), (1, 1))])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)])
...     data = json.loads(Path(folder, "ann", "opg.png.json").read_text())
...     FORMAT.read(Path(folder))[0].read() == teeth
True
>>> data["size"], data["objects"][0]["classTitle"], data["objects"][0]["bitmap"]["origin"]
({'height': 4, 'width': 5}, '36', [1, 1])
"""

from __future__ import annotations

import colorsys
import json
import math
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import first_sound
from panodent.formats.parsing.image_entries import checked_names, in_order
from panodent.formats.parsing.image_search import ImageSearch
from panodent.formats.parsing.json_record import Record, declared_size, labelled, load, number, ring
from panodent.formats.parsing.pixel_outlines import check_inside, check_unit
from panodent.formats.parsing.png_mask import from_text, to_text
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, teeth_of
from panodent.radiograph.radiograph import SUFFIXES, key_of
from panodent.teeth.masks import CroppedMask, clipped, trimmed
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import write_whole

ANNOTATIONS, IMAGES, NESTED = "ann", "img", "datasets"
META = "meta.json"
_FARTHEST = 1e6  # pixels; larger coordinates are damage


class Supervisely(Format):
    """A project folder: datasets with a JSON file a radiograph."""

    name = "supervisely"

    def recognises(self, path: Path) -> bool:
        """A folder whose first sound file in an `ann` folder is a JSON with objects and size."""
        data = first_sound((file for _, file in _files(path)), load) or {}
        return isinstance(data.get("objects"), list) and isinstance(data.get("size"), dict)

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Annotations by image. Each file is read once for its classes, and again for its masks."""
        report = FaultReport.of(options, path)
        titles: dict[str, None] = {}
        listed: list[tuple[Path, Path, tuple[int, int]]] = []
        files = list(_files(path))
        for dataset, file in files:
            of_file = FaultReport.of(options, file)
            with of_file.catching(cost="radiograph"):
                data = load(file)
                size = _size(file, data)
                titles |= dict.fromkeys(title for title, _, _ in _objects(file, data, of_file))
                listed.append((dataset, file, size))
        if not files:
            raise AnnotationError(
                f"{path}: expected JSON files in {ANNOTATIONS}/ or <dataset>/{ANNOTATIONS}/"
            )
        naming = Naming.of(options)
        numbers = naming.numbers(titles, path, report=report)
        naming.note_findings(titles, report)
        by_dataset: dict[Path, list[tuple[Path, tuple[int, int]]]] = {}
        for dataset, file, size in listed:
            by_dataset.setdefault(dataset, []).append((file, size))
        items = []
        for dataset, own in by_dataset.items():
            images = [_image(dataset, file) for file, _ in own]
            found = ImageSearch(dataset).find_lacking([(name, image) for _, name, image in images])
            below = PurePosixPath(dataset.relative_to(path).as_posix())
            for (key, _, _), (file, size), place in zip(images, own, found, strict=True):
                of_file = FaultReport.of(options, file)
                if place.problem:
                    of_file.add(place.problem, cost="radiograph")
                nested = place.path is not None and dataset / NESTED in Path(place.path).parents
                read = partial(_read, file, size, numbers, of_file)
                image = None if nested else place.path
                items.append(Annotated((below / key).as_posix(), read, size, image))
        return in_order(path, items, report)

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `ann/<image>.json` with a bitmap a tooth, and `meta.json`."""
        naming = Naming.of(options)
        titles = dict.fromkeys(naming.name(fdi) for fdi in (*TEETH, UNNUMBERED))
        classes = [
            {"title": title, "shape": "bitmap", "color": _colour(index / len(titles))}
            for index, title in enumerate(titles)
        ]
        meta = {"classes": classes, "tags": [], "projectType": "images"}
        write_whole(path / META, json.dumps(meta, indent=1) + "\n")
        for name, teeth in checked_names(items, path):
            height, width = teeth.size
            data = {
                "description": "",
                "tags": [],
                "size": {"height": height, "width": width},
                "objects": [_object(teeth, index, naming) for index in range(len(teeth))],
            }
            file = path / ANNOTATIONS / f"{name}.json"
            write_whole(file, json.dumps(data) + "\n")

    def image_place(self, name: str) -> str:
        """In `img/`, beside `ann/`."""
        return f"{IMAGES}/{name}"


def _datasets(folder: Path) -> Iterator[Path]:
    """The folder, if it is a dataset, and the datasets nested in it."""
    if (folder / ANNOTATIONS).is_dir():
        yield folder
    if (folder / NESTED).is_dir():
        for child in sorted((folder / NESTED).iterdir()):
            yield from _datasets(child)


def _files(path: Path) -> Iterator[tuple[Path, Path]]:
    """(dataset, JSON file) of every annotation."""
    if not path.is_dir():
        return
    others = (child for child in sorted(path.iterdir()) if child.name != NESTED)
    for folder in (path, *others):
        for dataset in _datasets(folder):
            for file in sorted((dataset / ANNOTATIONS).rglob("*.[jJ][sS][oO][nN]")):
                yield dataset, file


def _image(dataset: Path, file: Path) -> tuple[str, str, Path | None]:
    """The key of an annotation, where its radiograph has to be, and the radiograph if it is there.

    The key and the place are paths below the dataset.
    """
    name = PurePosixPath(file.relative_to(dataset / ANNOTATIONS).as_posix()).with_suffix("")
    place = f"{IMAGES}/{name}"
    if (dataset / place).is_file():
        return key_of(name), place, dataset / place
    if name.suffix.lower() in SUFFIXES:
        return key_of(name), place, None
    found = (dataset / f"{place}{suffix}" for suffix in SUFFIXES)
    image = next((image for image in found if image.is_file()), None)
    return str(name), f"{place}{SUFFIXES[0]}", image


def _size(file: Path, data: Record) -> tuple[int, int]:
    size = data.get("size")
    if not isinstance(size, dict):
        raise AnnotationError(f"{file}: size is {excerpt(size)}; expected height and width")
    return declared_size(size, "height", "width", str(file))


def _objects(file: Path, data: Record, report: FaultReport) -> Iterator[tuple[str, Record, str]]:
    return labelled(data, "objects", "classTitle", "object", file, report)


def _read(
    file: Path, size: tuple[int, int], numbers: Mapping[str, int | None], report: FaultReport
) -> Teeth:
    data = load(file)
    if _size(file, data) != size:
        raise AnnotationError(f"{file}: changed while it was read; read it again")
    shapes = (
        AnnotatedShape(title, where, partial(_outline, item, size))
        for title, item, where in _objects(file, data, report)
    )
    return teeth_of(shapes, numbers, size, file, report)


def _outline(item: Record, size: tuple[int, int]) -> Outline:
    return Outline(_mask(item, size))


def _mask(item: Record, size: tuple[int, int]) -> CroppedMask:
    geometry = item.get("geometryType")
    if geometry not in ("bitmap", "polygon"):
        raise AnnotationError(
            f"geometryType is {excerpt(geometry)}; expected 'polygon' or 'bitmap'"
        )
    key = "bitmap" if geometry == "bitmap" else "points"
    shape = item.get(key)
    if not isinstance(shape, dict):
        raise AnnotationError(f"{key} of a {geometry} is {excerpt(shape)}; expected an object")
    return _bitmap(shape, size) if geometry == "bitmap" else _polygon(shape, size)


def _bitmap(shape: Record, size: tuple[int, int]) -> CroppedMask:
    origin = shape.get("origin")
    corner = [number(value) for value in origin] if isinstance(origin, list) else []
    if len(corner) != 2 or not all(abs(value) <= _FARTHEST for value in corner):
        raise AnnotationError(
            f"origin of a bitmap is {excerpt(origin)}; expected [x, y] within {_FARTHEST:g}"
        )
    left, top = (math.floor(value) for value in corner)
    return trimmed(*clipped(from_text(shape.get("data"), size), (top, left), size))


def _polygon(shape: Record, size: tuple[int, int]) -> CroppedMask:
    import cv2

    holes = shape.get("interior", [])
    if not isinstance(holes, list):
        raise AnnotationError(
            f"interior of a polygon is {excerpt(holes)}; expected a list of rings"
        )
    outer = _pixels(shape.get("exterior"), "exterior")
    mask = np.zeros(size, np.uint8)
    check_unit([outer_ring := ring(shape.get("exterior"))])
    check_inside([outer_ring], size)
    cv2.fillPoly(mask, [outer], 1)
    for hole in holes:
        cv2.fillPoly(mask, [_pixels(hole, "interior")], 0)
    return trimmed(mask.astype(bool))


def _pixels(points: object, what: str) -> npt.NDArray[np.int32]:
    corners = np.floor(ring(points, f"{what} points"))
    if len(corners) < 3 or not (np.abs(corners) <= _FARTHEST).all():
        raise AnnotationError(
            f"{what} has {len(corners)} points, the farthest at {np.abs(corners).max(initial=0):g}"
            f"; expected at least three, no farther than {_FARTHEST:g}"
        )
    return corners.astype(np.int32)


def _object(teeth: Teeth, index: int, naming: Naming) -> Record:
    top, left, _, _ = teeth.boxes[index].tolist()
    return {
        "id": index + 1,
        "classTitle": naming.name(int(teeth.fdi[index])),
        "description": "",
        "tags": [],
        "geometryType": "bitmap",
        "bitmap": {"origin": [left, top], "data": to_text(teeth.masks[index], compressed=True)},
    }


def _colour(hue: float) -> str:
    red, green, blue = (round(255 * value) for value in colorsys.hsv_to_rgb(hue, 0.8, 0.9))
    return f"#{red:02X}{green:02X}{blue:02X}"


FORMAT = Supervisely()
