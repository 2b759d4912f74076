"""COCO instance annotations: RLE (lossless) or polygons; a category's name or id is the FDI number.

Written in the form of https://cocodataset.org/#format-data. COCO polygons have no holes: a tooth
with holes is written as RLE even when polygons are asked for. Teeth without a number are of
category 0, 'unnumbered', which is listed where it is needed. DENTEX's files are read too, see
`panodent.formats.dentex`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats import dentex
from panodent.formats.base import Annotated, Limits
from panodent.formats.coco_document import segmentation_mask, tooth_annotation, writing_coco
from panodent.formats.naming import UNNUMBERED_NAME, Naming
from panodent.formats.parsing.image_entries import image_path, image_size, shown
from panodent.formats.parsing.json_stream import items_at, list_items, members
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray

FILE = "annotations.json"
GEOMETRIES = ("rle", "polygon")
Record = dict[str, Any]


class Coco:
    """One JSON file for all radiographs."""

    name = "coco"
    limits = Limits()

    def recognises(self, path: Path) -> bool:
        """A JSON file, or a folder with exactly one, that holds images, annotations, categories."""
        return _find(path) is not None

    def read(self, path: Path, options: Mapping[str, Any] | None = None) -> list[Annotated]:
        """Annotations by image; images without any annotation are read as having no teeth."""
        found = _find(path)
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
        if is_dentex:
            named_fdi = Naming("fdi", naming.table).numbers(map(str, TEETH), file)
            numbers: Mapping[Any, int | None] = {fdi: named_fdi[str(fdi)] for fdi in TEETH}
        else:
            numbers = category_numbers(data["categories"], file, naming)
        marks = _marks(file, data, number)
        return _in_order(
            file,
            [
                (image, _annotated(file, image, marks[image["id"]], numbers, is_dentex))
                for image in data["images"]
            ],
        )

    def write(
        self,
        path: Path,
        items: Iterable[tuple[str, Teeth]],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes `annotations.json` or the .json file named; `geometry` is 'rle' or 'polygon'."""
        geometry = (options or {}).get("geometry", "rle")
        if geometry not in GEOMETRIES:
            raise UnknownNameError("geometry", geometry, GEOMETRIES)
        file = path if path.suffix.lower() == ".json" else path / FILE
        with writing_coco(file) as document:
            for name, teeth in items:
                image_path(name, file)
                entries = (
                    tooth_annotation(teeth, index, geometry == "polygon")
                    for index in range(len(teeth))
                )
                document.add(name, teeth.size, entries)

    def image_place(self, name: str) -> str:
        """Below `images/`."""
        return f"images/{name}"


def category_numbers(
    entries: Iterable[Mapping[str, Any]], file: Path, naming: Naming | None = None
) -> dict[Any, int | None]:
    """Category id -> FDI number; None for a category that the map leaves out.

    Where nothing is declared, names are FDI numbers if all can be and they cannot all be Universal
    (1 to 32), else ids are on the same terms, else the names must prove their numbering.
    'unnumbered' is 0. Raises `AnnotationError`.
    """
    listed = list(entries)
    naming = naming or Naming()
    names = {entry["id"]: str(entry.get("name", "")) for entry in listed}
    if naming.numbering is None and not naming.table:
        for values in (names, {key: str(key) for key in names}):
            plain = {
                key: value.strip()
                for key, value in values.items()
                if names[key].strip() != UNNUMBERED_NAME
            }
            is_fdi = all(value.isdecimal() and int(value) in TEETH for value in plain.values())
            if is_fdi and not all(int(value) <= 32 for value in plain.values()):
                return {key: int(plain[key]) if key in plain else UNNUMBERED for key in names}
        dentex.check_not_quadrants(names.values(), file)
    numbers = naming.numbers(names.values(), file)
    return {key: numbers[name] for key, name in names.items()}


def _find(path: Path) -> tuple[Path, Record] | None:
    """The one file that looks like COCO or DENTEX, and what it holds."""
    files = [path] if path.is_file() else sorted(path.glob("*.json")) if path.is_dir() else []
    found = None
    for file in files:
        data = _loaded(file) if file.suffix.lower() == ".json" else None
        if data is not None:
            if found is not None:
                return None
            found = (file, data)
    return found


def _loaded(file: Path) -> Record | None:
    """The file's object if it is COCO's or DENTEX's, with the place of its annotations."""
    try:
        data = members(file, ("annotations",))
    except AnnotationError:
        return None
    listed = isinstance(data.get("images"), list) and isinstance(data.get("annotations"), tuple)
    known = isinstance(data.get("categories"), list) or dentex.is_dentex(data)
    return data if listed and known else None


@dataclass
class _Marks:
    """An image's annotations: where in the file each is, and of which category."""

    starts: array[int] = field(default_factory=lambda: array("Q"))
    ends: array[int] = field(default_factory=lambda: array("Q"))
    categories: list[Any] = field(default_factory=list)


def _marks(file: Path, data: Record, number: Callable[[Any], int] | None) -> dict[Any, _Marks]:
    """Annotations by image id, checked one by one; what they outline is read when it is wanted.

    `number` tells the category where an annotation does not.
    """
    marks = {image["id"]: _Marks() for image in data["images"]}
    stray = set()
    for (start, end), entry in list_items(file, data["annotations"]):
        if number is not None:
            entry["category_id"] = number(entry)
        _check([entry], "annotations", file)
        found = marks.get(entry["image_id"])
        if found is None:
            stray.add(str(entry["image_id"]))
            continue
        found.starts.append(start)
        found.ends.append(end)
        found.categories.append(entry["category_id"])
    if stray:
        raise AnnotationError(
            f"{file}: annotations refer to image_id {sorted(stray)[:3]}, which images does not list"
        )
    return marks


def _check(entries: list[Any], kind: str, file: Path) -> None:
    """Raises `AnnotationError` for entries that lack what is needed of them."""
    wanted, seen = _FIELDS[kind], set()
    for entry in entries:
        lacking = [f for f in wanted if not isinstance(entry, dict) or f not in entry]
        if lacking:
            raise AnnotationError(
                f"{file}: an entry of {kind} lacks {', '.join(lacking)}: {shown(entry, 80)}"
            )
        for name in wanted:
            if name.endswith("id") and not isinstance(entry[name], int | float | str):
                raise AnnotationError(f"{file}: {name} of {kind} is {shown(entry[name])}")
        if kind == "annotations":
            continue
        if entry["id"] in seen:
            raise AnnotationError(f"{file}: id {shown(entry['id'])} of {kind} is used twice")
        seen.add(entry["id"])
        if kind == "images":
            _check_image(entry, file)
        elif isinstance(entry.get("name"), list | dict):
            raise AnnotationError(f"{file}: name of categories is {shown(entry['name'])}")


def _check_image(image: Record, file: Path) -> None:
    if not isinstance(image["file_name"], str):
        raise AnnotationError(f"{file}: an image's file_name is {shown(image['file_name'])}")
    path = image_path(image["file_name"], file)
    height, width = (
        side if isinstance(side, int | float) else shown(side, 40)
        for side in (image["height"], image["width"])
    )
    image_size(height, width, f"{file}: {path}")


_FIELDS = {
    "images": ("id", "file_name", "height", "width"),
    "annotations": ("image_id", "category_id", "segmentation"),
    "categories": ("id",),
}


def _in_order(file: Path, listed: list[tuple[Mapping[str, Any], Annotated]]) -> list[Annotated]:
    """By key; two images of one key would be paired with one radiograph."""
    names: dict[str, str] = {}
    for image, item in listed:
        name = str(image["file_name"])
        if item.key in names:
            raise AnnotationError(
                f"{file}: images {names[item.key]!r} and {name!r} share the name {item.key!r}; "
                "rename one of them"
            )
        names[item.key] = name
    return sorted((item for _, item in listed), key=lambda item: item.key)


def _annotated(
    file: Path,
    image: Mapping[str, Any],
    marks: _Marks,
    numbers: Mapping[Any, int | None],
    is_dentex: bool,
) -> Annotated:
    size = (int(image["height"]), int(image["width"]))
    name = image_path(image["file_name"], file)

    def read() -> Teeth:
        items: list[tuple[int, BoolArray, tuple[int, int]]] = []
        entries = items_at(file, zip(marks.starts, marks.ends, strict=True))
        for category, entry in zip(marks.categories, entries, strict=True):
            if category not in numbers:
                raise AnnotationError(
                    f"{file}: {name}: category_id {shown(category)} is not among the categories"
                )
            fdi = numbers[category]
            if fdi is None:
                continue
            if not isinstance(entry, dict) or "segmentation" not in entry:
                raise AnnotationError(f"{file}: changed while it was read; read it again")
            try:
                mask = segmentation_mask(entry["segmentation"], size)
            except AnnotationError as error:
                raise AnnotationError(f"{file}: {name}: {error}") from None
            items.append((fdi, *trimmed(mask)))
        teeth = Teeth.from_masks(size, items)
        return dentex.without_repeats(teeth) if is_dentex else teeth

    return Annotated(key_of(name), read, size)


FORMAT = Coco()
