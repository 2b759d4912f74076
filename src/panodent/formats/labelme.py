"""labelme: a JSON beside each radiograph, with polygons, or masks where a tooth has holes.

Written in the form of https://github.com/wkentaro/labelme (labelme/label_file.py). Coordinates are
(x, y) from the upper left edge of the picture. Polygons have no holes: a tooth with holes is
written as a shape 'mask', which labelme knows since 5.3. Shapes of one label and one group_id other
than null are parts of one tooth. The picture that a JSON may hold itself, imageData, is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from posixpath import normpath
from reprlib import repr as shown
from typing import Any

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Limits, named
from panodent.formats.naming import Naming
from panodent.formats.parsing.image_entries import (
    IMAGE_FOLDERS,
    existing_image,
    image_path,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.json_record import Record, declared_size, load, records, ring
from panodent.formats.parsing.json_stream import member_kinds
from panodent.formats.parsing.png_mask import from_text, to_text
from panodent.radiograph.radiograph import SUFFIXES, key_of
from panodent.teeth.masks import CroppedMask, clipped, joined, trimmed
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

FOLDERS = (*IMAGE_FOLDERS, "annotations", "labels")
VERSION = "5.5.0"


class Labelme:
    """JSON files in `images/` beside the radiographs, or anywhere else below a folder."""

    name = "labelme"
    limits = Limits()

    def recognises(self, path: Path) -> bool:
        """A JSON file, or a folder whose first JSON file is one, with shapes and imagePath."""
        files = _files(path)[1]
        try:
            kinds = {name: kind for name, kind, _ in member_kinds(files[0])} if files else {}
        except AnnotationError:
            return False
        return kinds.get("shapes") == "[" and "imagePath" in kinds

    def read(self, path: Path, options: Mapping[str, Any] | None = None) -> list[Annotated]:
        """Annotations by image; a JSON is gone through once now, and again for its masks."""
        root, files = _files(path)
        if not files:
            raise AnnotationError(f"{path}: expected JSON files, as labelme writes them")
        labels: dict[str, None] = {}
        listed: list[tuple[Path, str, Path | None, tuple[int, int] | None]] = []
        for file in files:
            data = load(file)
            labels |= dict.fromkeys(label for label, _, _ in _shapes(file, data))
            listed.append((file, *_image(root, file, data), _size(file, data)))
        numbers = Naming.of(options).numbers(labels, path)
        return in_order(
            path,
            (
                Annotated(key, partial(_read, file, image, numbers), size, image)
                for file, key, image, size in listed
            ),
        )

    def write(
        self,
        path: Path,
        items: Iterable[tuple[str, Teeth]],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes `images/<key>.json`, to lie beside the radiographs."""
        naming = Naming.of(options)
        for name, teeth in named(items):
            image = image_path(name, path)
            height, width = teeth.size
            data: Record = {
                "version": VERSION,
                "flags": {},
                "shapes": [
                    shape for index in range(len(teeth)) for shape in _written(teeth, index, naming)
                ],
                "imagePath": image.name,
                "imageData": None,
                "imageHeight": height,
                "imageWidth": width,
            }
            file = path / IMAGE_FOLDERS[0] / f"{key_of(image)}.json"
            write_whole(file, json.dumps(data) + "\n")

    def image_place(self, name: str) -> str:
        """Below `images/`."""
        return f"{IMAGE_FOLDERS[0]}/{name}"


def _files(path: Path) -> tuple[Path, list[Path]]:
    """The data folder, and the JSON files below the first of its folders that has any."""
    if path.is_file():
        return path.parent, [path] if path.suffix.lower() == ".json" else []
    for name in (*FOLDERS, ""):
        found = sorted((path / name).rglob("*.[jJ][sS][oO][nN]"))
        files = [file for file in found if not file.name.startswith(".")]
        if files:
            return path, files
    return path, []


def _image(root: Path, file: Path, data: Record) -> tuple[str, Path | None]:
    """The key of an annotation, and its radiograph if that is there.

    That is the file that imagePath names from the JSON's folder on, or else the one beside the
    JSON, or in an image folder, that has the JSON's name.
    """
    text = data.get("imagePath")
    if not isinstance(text, str):
        raise AnnotationError(f"{file}: imagePath is {shown(text)}; expected the name of a file")
    text = text.replace("\\", "/")
    below = PurePosixPath(file.relative_to(root).as_posix())
    no_way = text.startswith("/") or ":" in text.partition("/")[0]
    no_way = no_way or PurePosixPath(text).name in ("", "..")
    path = image_path(text if no_way else normpath(below.parent / text), file)
    own = [below.with_suffix(suffix) for suffix in SUFFIXES]
    for candidate in (path, *own):
        inside = _inside(candidate)
        image = root / candidate
        found = image if image.is_file() else existing_image(root, inside)
        if found is not None:
            return key_of(inside), found
    return key_of(_inside(path)), None


def _inside(path: PurePosixPath) -> PurePosixPath:
    """The path without the folder that radiographs or annotations lie in."""
    nested = len(path.parts) > 1 and path.parts[0] in FOLDERS
    return PurePosixPath(*path.parts[1:]) if nested else path


def _size(file: Path, data: Record) -> tuple[int, int] | None:
    """(height, width), or None where the file leaves both open."""
    if data.get("imageHeight") is None and data.get("imageWidth") is None:
        return None
    return declared_size(data, "imageHeight", "imageWidth", str(file))


def _shapes(file: Path, data: Record) -> Iterator[tuple[str, Record, str]]:
    """(label, shape, how errors name it)."""
    for index, shape in enumerate(records(data, "shapes", str(file)), start=1):
        label = shape.get("label")
        if not isinstance(label, str):
            raise AnnotationError(
                f"{file}: shape {index}: label is {shown(label)}; expected a class name"
            )
        yield label, shape, f"{file}: shape {index} ({shown(label)})"


def _read(file: Path, image: Path | None, numbers: Mapping[str, int | None]) -> Teeth:
    data = load(file)
    size = _size(file, data) or size_of_file(image, str(file))
    teeth: list[tuple[int, list[CroppedMask]]] = []
    groups: dict[tuple[str, int | str], list[CroppedMask]] = {}
    for label, shape, where in _shapes(file, data):
        if label not in numbers:
            raise AnnotationError(f"{file}: changed while it was read; read it again")
        fdi = numbers[label]
        if fdi is None:
            continue
        try:
            piece, group = _mask(shape, size), _group(shape)
        except AnnotationError as error:
            raise AnnotationError(f"{where}: {error}") from None
        if group is None:
            teeth.append((fdi, [piece]))
        elif (label, group) in groups:
            groups[label, group].append(piece)
        else:
            groups[label, group] = [piece]
            teeth.append((fdi, groups[label, group]))
    return Teeth.from_masks(size, [(fdi, *joined(pieces, size)) for fdi, pieces in teeth])


def _group(shape: Record) -> int | str | None:
    group = shape.get("group_id")
    if group is not None and (isinstance(group, bool) or not isinstance(group, int | str)):
        raise AnnotationError(f"group_id is {shown(group)}; expected a whole number or null")
    return group


def _mask(shape: Record, size: tuple[int, int]) -> CroppedMask:
    kind = shape.get("shape_type")
    if kind is None or kind == "polygon":  # files of old say nothing for polygons
        return trimmed(fill([[ring(shape.get("points"))]], size))
    if kind != "mask":
        raise AnnotationError(f"shape_type is {shown(kind)}; expected 'polygon' or 'mask'")
    corners = ring(shape.get("points"))
    if len(corners) != 2 or not (np.abs(corners) < 1e6).all():
        raise AnnotationError(
            f"points of a mask are {shown(shape.get('points'))}; expected two corners [x, y]"
        )
    mask = from_text(shape.get("mask"), size)
    left, top = np.floor(corners[0]).astype(int).tolist()
    width, height = (np.rint(corners[1] - corners[0]).astype(int) + 1).tolist()
    # A corner may lie one pixel beyond the picture, where labelme has nothing to cut out.
    whole = (height, width), (min(height, size[0] - top), min(width, size[1] - left))
    if any(side not in sides for side, *sides in zip(mask.shape, *whole, strict=True)):
        raise AnnotationError(
            f"a mask of {mask.shape[0]} x {mask.shape[1]} pixels between corners "
            f"{height} x {width} pixels apart"
        )
    return trimmed(*clipped(mask, (top, left), size))


def _written(teeth: Teeth, index: int, naming: Naming) -> Iterator[Record]:
    """The shapes of one tooth."""
    shape: Record = {
        "label": naming.name(int(teeth.fdi[index])),
        "group_id": None,
        "description": "",
        "flags": {},
    }
    parts = teeth.polygons(index)
    if any(len(part) > 1 for part in parts):
        top, left, bottom, right = teeth.boxes[index].tolist()
        corners = [[left, top], [right - 1, bottom - 1]]
        mask = to_text(teeth.masks[index])
        yield {**shape, "points": corners, "shape_type": "mask", "mask": mask}
        return
    group = index + 1 if len(parts) > 1 else None
    for part in parts:
        points = part[0].astype(int).tolist()
        yield {**shape, "group_id": group, "points": points, "shape_type": "polygon", "mask": None}


FORMAT = Labelme()
