"""COCO instance annotations: one JSON for all radiographs, with run lengths or polygons.

The specification is https://cocodataset.org/#format-data. The name or the id of a category is the
FDI number; teeth without a number have category 0, 'unnumbered'. Run lengths keep every pixel.
COCO polygons have no holes, so a tooth with a hole is written as run lengths even when polygons
are asked for. A region that is marked to be ignored, with `ignore: 1` or `iscrowd: 1`, is read as a
tooth without a number, see `panodent.formats.coco_entries.Entries`. DENTEX's files, which have
quadrants instead of categories, are read too, see `panodent.formats.dentex`.

A category is one of findings if its name means a finding, see `panodent.formats.finding_names`, or
if its supercategory is 'finding'. The number of the tooth is `fdi` of the annotation, or of its
`attributes`. Findings may also have a file of their own in the same folder, such as findings.json.

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

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats import dentex
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.coco_document import (
    FINDING,
    finding_annotation,
    segmentation_mask,
    tooth_annotation,
    writing_coco,
)
from panodent.formats.coco_entries import Entries, check, entries_by_image
from panodent.formats.finding_names import OTHER
from panodent.formats.naming import Naming, means_no_number
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import only_json, target_file
from panodent.formats.parsing.image_entries import (
    checked_items,
    image_path,
    in_order,
)
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import items_at, members
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, findings_of, teeth_of
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
        """Annotations by image; an image without annotations has no teeth and no findings."""
        found = only_json(path, _loaded)
        if found is None:
            raise AnnotationError(
                f"{path}: expected one COCO file, a JSON with images, annotations and categories"
            )
        file, data = found
        is_dentex = dentex.is_dentex(data)
        number = dentex.numbering(data, file) if is_dentex else None
        for kind in ("images",) if is_dentex else ("images", "categories"):
            check(data[kind], kind, file)
        naming = Naming.of(options)
        numbers: Mapping[Any, int | None]
        kinds: Mapping[Any, str] = {}
        names: Mapping[Any, str] = {}
        if is_dentex:
            by_name = Naming("fdi", naming.table).numbers(map(str, TEETH), file)
            numbers = {fdi: by_name[str(fdi)] for fdi in TEETH}
        else:
            kinds, names = category_kinds(data["categories"], naming), _names(data)
            numbers = category_numbers(data["categories"], file, naming)
        entries = entries_by_image(file, data, number)
        known = _findings_beside(path, naming) if not kinds else {}
        return in_order(
            file,
            (
                replace(item, findings=item.findings or known.get(item.key))
                for image in data["images"]
                for item in [
                    _annotated(file, image, entries[image["id"]], numbers, kinds, names, is_dentex)
                ]
            ),
        )

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `annotations.json` or the .json file named; `geometry` is 'rle' or 'polygon'."""
        polygons = self.geometry(options) == "polygon"
        file = target_file(path, FILE)
        with writing_coco(file) as document:
            for name, teeth, findings in checked_items(items, file):
                entries = [tooth_annotation(teeth, i, polygons) for i in range(len(teeth))]
                if findings is not None:
                    entries += [
                        finding_annotation(findings, i, polygons) for i in range(len(findings))
                    ]
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
    left_out = dict.fromkeys(category_kinds(listed, naming))
    names = {e["id"]: str(e.get("name", "")) for e in listed if e["id"] not in left_out}
    if naming.numbering is None and not naming.table:
        for values in (names, {key: str(key) for key in names}):
            plain = {
                key: value.strip()
                for key, value in values.items()
                if not means_no_number(names[key])
            }
            is_fdi = all(value.isdecimal() and int(value) in TEETH for value in plain.values())
            if is_fdi and not all(int(value) <= 32 for value in plain.values()):
                read = {key: int(plain[key]) if key in plain else UNNUMBERED for key in names}
                return {**left_out, **read}
        dentex.check_not_quadrants(names.values(), file)
    numbers = naming.numbers(names.values(), file)
    return {**left_out, **{key: numbers[name] for key, name in names.items()}}


def category_kinds(entries: Iterable[Mapping[str, Any]], naming: Naming) -> dict[Any, str]:
    """Kind of finding by category id, for the categories of findings.

    >>> category_kinds([{"id": 1, "name": "36"}, {"id": 2, "name": "crown"}], Naming())
    {2: 'crown'}
    """
    found = {}
    for entry in entries:
        name = str(entry.get("name", ""))
        kind = naming.kinds([name]).get(name)
        if kind is None and entry.get("supercategory") == FINDING and name not in naming.table:
            kind = OTHER
        if kind is not None:
            found[entry["id"]] = kind
    return found


def _loaded(file: Path, of_findings: bool = False) -> tuple[Path, Record] | None:
    """The file and its object, if it is COCO's or DENTEX's; of the annotations only the place.

    A file whose categories are all of findings, beside one of teeth, is meant by `of_findings`.
    """
    try:
        data = members(file, ("annotations",))
    except AnnotationError:
        return None
    listed = isinstance(data.get("images"), list) and isinstance(data.get("annotations"), tuple)
    known = isinstance(data.get("categories"), list) or dentex.is_dentex(data)
    return (file, data) if listed and known and _of_findings(data) == of_findings else None


def _findings_beside(
    folder: Path, naming: Naming
) -> dict[str, Callable[[], AnnotatedFindings] | None]:
    """Readers of findings by key, from the only JSON of the folder that has nothing else."""
    found = only_json(folder, partial(_loaded, of_findings=True)) if folder.is_dir() else None
    if found is None:
        return {}
    file, data = found
    for kind in ("images", "categories"):
        check(data[kind], kind, file)
    kinds = category_kinds(data["categories"], naming)
    entries = entries_by_image(file, data, None)
    names = _names(data)
    items = [
        _annotated(file, image, entries[image["id"]], {}, kinds, names) for image in data["images"]
    ]
    return {item.key: item.findings for item in in_order(file, items)}


def _names(data: Record) -> dict[Any, str]:
    """Category names by id."""
    return {entry["id"]: str(entry.get("name", "")) for entry in data["categories"]}


def _of_findings(data: Record) -> bool:
    categories = data.get("categories")
    return (
        isinstance(categories, list)
        and bool(categories)
        and all(
            isinstance(entry, dict) and entry.get("supercategory") == FINDING
            for entry in categories
        )
    )


_IGNORED = ("region to be ignored",)
"""Stands for the category of such a region; the categories of a file are numbers or texts."""
_UNCLEAR = ("finding to be ignored",)
"""The same among findings."""


def _annotated(
    file: Path,
    image: Record,
    entries: Entries,
    numbers: Mapping[Any, int | None],
    kinds: Mapping[Any, str],
    names: Mapping[Any, str],
    is_dentex: bool = False,
) -> Annotated:
    size = (int(image["height"]), int(image["width"]))
    name = image_path(image["file_name"], file)
    shapes = partial(_shapes, file, f"{file}: {name}", entries, numbers, kinds, size)

    def read() -> Teeth:
        known = {**dict.fromkeys(kinds), **numbers, _IGNORED: UNNUMBERED, _UNCLEAR: None}
        teeth = teeth_of(shapes(), known, size, file)
        return dentex.without_repeats(teeth) if is_dentex else teeth

    def read_findings() -> AnnotatedFindings:
        return findings_of(shapes(), {**kinds, _UNCLEAR: OTHER}, size, names)

    return Annotated(key_of(name), read, size, findings=read_findings if kinds else None)


def _shapes(
    file: Path,
    where: str,
    entries: Entries,
    numbers: Mapping[Any, int | None],
    kinds: Mapping[Any, str],
    size: tuple[int, int],
) -> Iterator[AnnotatedShape]:
    places = zip(entries.starts, entries.ends, strict=True)
    marked = zip(entries.categories, entries.ignored, strict=True)
    for (category, ignored), entry in zip(marked, items_at(file, places), strict=True):
        if category not in numbers and category not in kinds:
            raise AnnotationError(
                f"{where}: category_id {excerpt(category)} is not among the categories"
            )
        if not isinstance(entry, dict) or "segmentation" not in entry:
            raise AnnotationError(f"{file}: changed while it was read; read it again")
        label = category
        if ignored and category in kinds:
            label = _UNCLEAR
        elif ignored and numbers[category] is not None:  # what the user leaves out stays out
            label = _IGNORED
        drawn = partial(_outline, entry["segmentation"], size)
        yield AnnotatedShape(label, where, drawn, _tooth(entry))


def _tooth(entry: Record) -> object:
    """The number of a finding's tooth as the annotation has it."""
    attributes = entry.get("attributes")
    beside = attributes.get("fdi") if isinstance(attributes, dict) else None
    return entry.get("fdi", beside)


def _outline(segmentation: object, size: tuple[int, int]) -> Outline:
    return Outline(trimmed(segmentation_mask(segmentation, size)))


FORMAT = Coco()
