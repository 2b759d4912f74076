"""COCO instance annotations: one JSON for all radiographs, with run lengths or polygons.

The specification is https://cocodataset.org/#format-data. The name or the id of a category is the
FDI number; teeth without a number have category 0, 'unnumbered'. Run lengths keep every pixel.
COCO polygons have no holes, so a tooth with a hole is written as run lengths even when polygons
are asked for. A region that is marked to be ignored, with `ignore: 1` or `iscrowd: 1`, is read as a
tooth without a number, see `_Entries`. DENTEX's files, which have quadrants instead of categories,
are read too, see `panodent.formats.dentex`.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_label_image([[0, 36, 36], [0, 36, 0]])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)])
...     text = Path(folder, "annotations.json").read_text()
...     (item,) = FORMAT.read(Path(folder))
...     text[:80], item.key, item.read() == teeth
('{"images": [{"id": 1, "file_name": "opg.png", "height": 2, "width": 3}], "annota', 'opg', True)
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats import dentex
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.coco_document import segmentation_mask, tooth_annotation, writing_coco
from panodent.formats.naming import Naming, means_no_number
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import only_json, target_file
from panodent.formats.parsing.image_entries import (
    checked_names,
    image_path,
    image_size,
    in_order,
)
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import items_at, list_items, members
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, teeth_of
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.teeth import UNNUMBERED, Teeth

FILE = "annotations.json"


class Coco(Format):
    """One JSON file for all radiographs."""

    name = "coco"

    def recognises(self, path: Path) -> bool:
        """A JSON file, or a folder with only one, with images, annotations and categories."""
        return only_json(path, _loaded) is not None

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Annotations by image; an image without annotations has no teeth."""
        found = only_json(path, _loaded)
        if found is None:
            raise AnnotationError(
                f"{path}: expected one COCO file, a JSON with images, annotations and categories"
            )
        file, data = found
        is_dentex = dentex.is_dentex(data)
        number = dentex.numbering(data, file) if is_dentex else None
        for kind in ("images",) if is_dentex else ("images", "categories"):
            _check(data[kind], kind, file)
        naming = Naming.of(options)
        numbers: Mapping[Any, int | None]
        if is_dentex:
            by_name = Naming("fdi", naming.table).numbers(map(str, TEETH), file)
            numbers = {fdi: by_name[str(fdi)] for fdi in TEETH}
        else:
            numbers = category_numbers(data["categories"], file, naming)
        entries = _entries_by_image(file, data, number)
        return in_order(
            file,
            (
                _annotated(file, image, entries[image["id"]], numbers, is_dentex)
                for image in data["images"]
            ),
        )

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `annotations.json` or the .json file named; `geometry` is 'rle' or 'polygon'."""
        polygons = self.geometry(options) == "polygon"
        file = target_file(path, FILE)
        with writing_coco(file) as document:
            for name, teeth in checked_names(items, file):
                entries = (tooth_annotation(teeth, i, polygons) for i in range(len(teeth)))
                document.add(name.as_posix(), teeth.size, entries)


def category_numbers(
    entries: Iterable[Mapping[str, Any]], file: Path, naming: Naming | None = None
) -> dict[Any, int | None]:
    """FDI number by category id; 0 for 'unnumbered', None for what the naming leaves out.

    Without a declared numbering or a map, these are tried in turn: all names are FDI numbers, and
    one is above 32, so that they are not Universal numbers; all ids are, under the same condition;
    the names prove their numbering, see `Naming.numbers`. Raises `AnnotationError`.

    >>> category_numbers([{"id": 1, "name": "36"}, {"id": 2, "name": "unnumbered"}], Path("a.json"))
    {1: 36, 2: 0}
    """
    listed = list(entries)
    naming = naming or Naming()
    names = {entry["id"]: str(entry.get("name", "")) for entry in listed}
    if naming.numbering is None and not naming.table:
        for values in (names, {key: str(key) for key in names}):
            plain = {
                key: value.strip()
                for key, value in values.items()
                if not means_no_number(names[key])
            }
            is_fdi = all(value.isdecimal() and int(value) in TEETH for value in plain.values())
            if is_fdi and not all(int(value) <= 32 for value in plain.values()):
                return {key: int(plain[key]) if key in plain else UNNUMBERED for key in names}
        dentex.check_not_quadrants(names.values(), file)
    numbers = naming.numbers(names.values(), file)
    return {key: numbers[name] for key, name in names.items()}


def _loaded(file: Path) -> tuple[Path, Record] | None:
    """The file and its object, if it is COCO's or DENTEX's; of the annotations only the place.

    A file whose categories are all kinds of findings beside teeth is not meant.
    """
    try:
        data = members(file, ("annotations",))
    except AnnotationError:
        return None
    listed = isinstance(data.get("images"), list) and isinstance(data.get("annotations"), tuple)
    known = isinstance(data.get("categories"), list) or dentex.is_dentex(data)
    return (file, data) if listed and known and not _of_findings(data) else None


def _of_findings(data: Record) -> bool:
    categories = data.get("categories")
    return (
        isinstance(categories, list)
        and bool(categories)
        and all(
            isinstance(entry, dict) and entry.get("supercategory") == "finding"
            for entry in categories
        )
    )


_IGNORED = ("region to be ignored",)
"""Stands for the category of such a region; the categories of a file are numbers or texts."""


@dataclass
class _Entries:
    """The annotations of an image: their places in the file, their categories, which to ignore.

    A region to be ignored has `ignore: 1` or `iscrowd: 1`. CVAT and some scripts set `iscrowd: 1`
    for every tooth that is stored as run lengths, so it does not count where the annotation has
    CVAT's `attributes`, nor in a file in which every annotation has it.
    """

    starts: array[int] = field(default_factory=lambda: array("Q"))
    ends: array[int] = field(default_factory=lambda: array("Q"))
    categories: list[Any] = field(default_factory=list)
    ignored: list[bool] = field(default_factory=list)
    crowds: list[bool] = field(default_factory=list)


def _entries_by_image(
    file: Path, data: Record, number: Callable[[Any], int] | None
) -> dict[Any, _Entries]:
    """The annotations by image id, each checked; segmentations are not kept.

    `number` gives the category of an annotation that has none of its own (DENTEX).
    """
    entries = {image["id"]: _Entries() for image in data["images"]}
    stray = set()
    every_crowd = True
    for (start, end), entry in list_items(file, data["annotations"]):
        if number is not None:
            entry["category_id"] = number(entry)
        _check([entry], "annotations", file)
        found = entries.get(entry["image_id"])
        if found is None:
            stray.add(str(entry["image_id"]))
            continue
        found.starts.append(start)
        found.ends.append(end)
        found.categories.append(entry["category_id"])
        found.ignored.append(_is_set(entry, "ignore", file))
        crowd = _is_set(entry, "iscrowd", file)
        found.crowds.append(crowd and not isinstance(entry.get("attributes"), dict))
        every_crowd &= crowd
    if not every_crowd:
        for found in entries.values():
            found.ignored = [a or b for a, b in zip(found.ignored, found.crowds, strict=True)]
    if stray:
        raise AnnotationError(
            f"{file}: annotations refer to image_id {sorted(stray)[:3]}, which images does not list"
        )
    return entries


def _is_set(entry: Mapping[str, Any], name: str, file: Path) -> bool:
    """Whether a flag of an annotation is 1; raises `AnnotationError` for anything but 0 and 1."""
    value = entry.get(name)
    if value in (None, 0, "0", ""):
        return False
    if value in (1, "1"):
        return True
    raise AnnotationError(
        f"{file}: {name} of annotations is {excerpt(value)}; expected 0 or 1: {excerpt(entry)}"
    )


_FIELDS = {
    "images": ("id", "file_name", "height", "width"),
    "annotations": ("image_id", "category_id", "segmentation"),
    "categories": ("id",),
}
"""The fields that entries must have."""


def _check(entries: list[Any], kind: str, file: Path) -> None:
    """Raises `AnnotationError` for entries that lack a field or have an unusable one."""
    wanted, seen = _FIELDS[kind], set()
    for entry in entries:
        lacking = [f for f in wanted if not isinstance(entry, dict) or f not in entry]
        if lacking:
            raise AnnotationError(
                f"{file}: an entry of {kind} lacks {', '.join(lacking)}: {excerpt(entry)}"
            )
        for name in wanted:
            if name.endswith("id") and not isinstance(entry[name], int | float | str):
                raise AnnotationError(
                    f"{file}: {name} of {kind} is {excerpt(entry[name])}; expected a number or text"
                )
        if kind == "annotations":
            continue
        if entry["id"] in seen:
            raise AnnotationError(f"{file}: id {excerpt(entry['id'])} of {kind} is used twice")
        seen.add(entry["id"])
        if kind == "images":
            _check_image(entry, file)
        elif isinstance(entry.get("name"), list | dict):
            raise AnnotationError(
                f"{file}: name of categories is {excerpt(entry['name'])}; expected a text"
            )


def _check_image(image: Record, file: Path) -> None:
    if not isinstance(image["file_name"], str):
        raise AnnotationError(
            f"{file}: an image's file_name is {excerpt(image['file_name'])}; expected a text"
        )
    path = image_path(image["file_name"], file)
    image_size(image["height"], image["width"], f"{file}: {path}", texts=False)


def _annotated(
    file: Path, image: Record, entries: _Entries, numbers: Mapping[Any, int | None], is_dentex: bool
) -> Annotated:
    size = (int(image["height"]), int(image["width"]))
    name = image_path(image["file_name"], file)

    def read() -> Teeth:
        shapes = _shapes(file, f"{file}: {name}", entries, numbers, size)
        teeth = teeth_of(shapes, {**numbers, _IGNORED: UNNUMBERED}, size, file)
        return dentex.without_repeats(teeth) if is_dentex else teeth

    return Annotated(key_of(name), read, size)


def _shapes(
    file: Path,
    where: str,
    entries: _Entries,
    numbers: Mapping[Any, int | None],
    size: tuple[int, int],
) -> Iterator[AnnotatedShape]:
    places = zip(entries.starts, entries.ends, strict=True)
    marked = zip(entries.categories, entries.ignored, strict=True)
    for (category, ignored), entry in zip(marked, items_at(file, places), strict=True):
        if category not in numbers:
            raise AnnotationError(
                f"{where}: category_id {excerpt(category)} is not among the categories"
            )
        if not isinstance(entry, dict) or "segmentation" not in entry:
            raise AnnotationError(f"{file}: changed while it was read; read it again")
        # A category that the user leaves out stays out.
        label = _IGNORED if ignored and numbers[category] is not None else category
        yield AnnotatedShape(label, where, partial(_outline, entry["segmentation"], size))


def _outline(segmentation: object, size: tuple[int, int]) -> Outline:
    return Outline(trimmed(segmentation_mask(segmentation, size)))


FORMAT = Coco()
