"""COCO instance annotations: one JSON for all radiographs, with run lengths or polygons.

The specification is https://cocodataset.org/#format-data. The name or the id of a category is the
FDI number; teeth without a number have category 0, 'unnumbered'. Run lengths keep every pixel.
COCO polygons have no holes, so a tooth with a hole is written as run lengths even when polygons
are asked for. A region that is marked to be ignored, with `ignore: 1` or `iscrowd: 1`, is read as a
tooth without a number, see `panodent.formats.coco_entries`. DENTEX's files, which have
quadrants instead of categories, are read too, see `panodent.formats.dentex`. Where the files may
lie is said in `panodent.formats.coco_files`, how `file_name` finds the radiograph in
`panodent.formats.parsing.image_search`.

A category is one of findings if its name means a finding, see `panodent.formats.finding_names`, or
if its supercategory is 'finding'. The number of the tooth is `fdi` of the annotation, or of its
`attributes`, which may also say what a person saw of a tooth, see `panodent.formats.tooth_states`.
Where all teeth have one category, the option `attribute` names the one of `attributes` whose values
are the teeth. Findings may also have a file of their own in the same folder, such as findings.json.

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

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats import coco_results, dentex
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.coco_categories import Category, category_kinds, category_numbers
from panodent.formats.coco_document import (
    finding_annotation,
    segmentation_mask,
    tooth_annotation,
    writing_coco,
)
from panodent.formats.coco_entries import (
    Attributed,
    AttributeName,
    annotation_name,
    check,
    declared_size_of,
    entries_by_image,
    usable_images,
)
from panodent.formats.coco_files import CocoFile, coco_files, data_folder
from panodent.formats.faults import FaultReport
from panodent.formats.finding_names import OTHER
from panodent.formats.naming import Naming
from panodent.formats.naming_attributes import Attributes, naming_attribute
from panodent.formats.parsing.file_search import target_file
from panodent.formats.parsing.image_entries import checked_items, in_order, size_of_file
from panodent.formats.parsing.image_search import FoundImage, ImageSearch, Sought
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import cut_off
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, findings_of, teeth_of
from panodent.formats.tooth_states import read_state
from panodent.teeth.masks import trimmed
from panodent.teeth.teeth import UNNUMBERED, Teeth

FILE = "annotations.json"


class Coco(Format):
    """One JSON file for all radiographs, or several."""

    name = "coco"

    def recognises(self, path: Path) -> bool:
        """A JSON file with images, annotations and categories, or a folder with such files.

        A file may also hold results, as `panodent predict` writes predictions.json.
        """
        return any(not found.of_findings for found in coco_files(path)) or (
            path.is_file() and coco_results.begins_with_tooth(path)
        )

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Annotations by image; an image without annotations has no teeth and no findings."""
        cut: list[Path] = []
        files = coco_files(path, cut)
        for file in cut:
            FaultReport.of(options, file).add(cut_off(file), cost="radiograph")
        if not files and path.is_file() and coco_results.begins_with_tooth(path):
            return coco_results.annotated_results(path, options)
        if all(found.of_findings for found in files):
            raise AnnotationError(
                f"{path}: expected a COCO file, a JSON with images, annotations and categories, in "
                "this folder, annotations/ or the folders of the splits"
            )
        naming = Naming.of(options)
        attribute, known = (options or {}).get("attribute"), Attributes()
        contents = [
            _Content(found, FaultReport.of(options, found.file), naming, attribute, known)
            for found in files
        ]
        del files  # with their lists of images
        of_teeth = [content for content in contents if not content.of_findings]
        of_findings = [content for content in contents if content.of_findings]
        with naming_attribute(attribute, known, naming, FaultReport.of(options, path)):
            _name_categories(of_teeth, naming, path)
        _name_categories(of_findings, naming, path)
        report = FaultReport.of(options, of_teeth[0].file if len(of_teeth) == 1 else path)
        beside = {}
        if not any(content.kinds for content in of_teeth):
            alone = in_order(path, _items(of_findings, path), report)
            beside = {item.key: item.findings for item in alone}
        else:
            for content in of_findings:
                content.report.warn(
                    "was not read, because the annotations of the teeth have classes of findings "
                    "too; keep all findings in one file"
                )
        items = _items(of_teeth, path)
        joined = (replace(i, findings=i.findings or beside.get(i.key)) for i in items)
        return in_order(of_teeth[0].file if len(of_teeth) == 1 else path, joined, report)

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


class _Content:
    """What was read of one file: images, places of annotations, meaning of categories."""

    def __init__(
        self,
        found: CocoFile,
        report: FaultReport,
        naming: Naming,
        attribute: str | None,
        known: Attributes,
    ) -> None:
        self.file, self.report, self.places = found.file, report, found.places
        self.of_findings, self.is_dentex = found.of_findings, found.is_dentex
        data = dict(found.data)
        number = dentex.numbering(data, self.file) if self.is_dentex else None
        if not self.is_dentex:
            check(data["categories"], "categories", self.file)
        data["images"], lost = usable_images(data, self.file, report)
        listed = [] if self.is_dentex else [Category.of(entry) for entry in data["categories"]]
        findings = {category.id for category in category_kinds(listed, naming)}
        attributed = Attributed(attribute, known, findings)
        self.entries = entries_by_image(self.file, data, number, report, lost, attributed)
        named = (key for key in self.entries.categories if isinstance(key, AttributeName))
        self.names = [image["file_name"] for image in data["images"]]
        self.sizes = [declared_size_of(image, str(self.file)) for image in data["images"]]
        listed += [Category(key, key.name) for key in named]
        self.categories = {category.id: category for category in listed}
        self.numbers: Mapping[Any, int | None] = {}
        self.kinds: Mapping[Any, str] = {}

    @property
    def used(self) -> set[Category]:
        """The categories that annotations use."""
        ids = self.entries.categories
        return {category for key, category in self.categories.items() if key in ids}


class _Reader:
    """Reads the annotations of one image; small, since there is one for each radiograph."""

    __slots__ = ("content", "file", "index")

    def __init__(self, content: _Content, index: int) -> None:
        self.content, self.index = content, index
        self.file: Path | None = None  # the radiograph, if its size is not declared

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) as declared, or else that of the radiograph."""
        return self.declared_size or size_of_file(self.file, self.report.where)

    @property
    def declared_size(self) -> tuple[int, int] | None:
        return self.content.sizes[self.index]

    @property
    def name(self) -> str:
        """The name of the image in the file."""
        return self.content.names[self.index]

    @property
    def report(self) -> FaultReport:
        """Where faults of the image are reported."""
        return self.content.report.about(self.name)

    @property
    def is_annotated(self) -> bool:
        return self.content.entries.has(self.index)

    def __call__(self) -> Teeth:
        content = self.content
        known = {
            **dict.fromkeys(content.kinds),
            **content.numbers,
            _IGNORED: UNNUMBERED,
            _UNCLEAR: None,
        }
        teeth = teeth_of(self._shapes(), known, self.size, content.file, self.report)
        return dentex.without_repeats(teeth) if content.is_dentex else teeth

    def annotated(self, place: FoundImage) -> Annotated:
        """The annotation of the image that was found as `place`."""
        self.file = None if self.declared_size else place.file
        findings = self.findings if self.content.kinds else None
        return Annotated(place.key, self, self.declared_size, place.path, findings)

    def findings(self) -> AnnotatedFindings:
        names = {key: category.name for key, category in self.content.categories.items()}
        kinds = {**self.content.kinds, _UNCLEAR: OTHER}
        return findings_of(self._shapes(), kinds, self.size, self.report, names)

    def _shapes(self) -> Iterator[AnnotatedShape]:
        content, report, size = self.content, self.report, self.size
        for category, ignored, entry in content.entries.of_image(self.index):
            label = category
            if ignored and category in content.kinds:
                label = _UNCLEAR
            elif ignored and content.numbers[category] is not None:
                label = _IGNORED  # what the user leaves out stays out
            drawn = partial(_outline, entry["segmentation"], size)
            where = f"{report.where}: {annotation_name(entry)}"
            state = read_state(entry.get("attributes"), report, annotation_name(entry))
            yield AnnotatedShape(label, where, drawn, _tooth(entry), state)


def _name_categories(contents: Sequence[_Content], naming: Naming, path: Path) -> None:
    """Sets the meaning of the categories of all files; the files prove their numbering together."""
    listed = [category for content in contents for category in content.categories.values()]
    used = {category for content in contents for category in content.used}
    kinds = category_kinds(listed, naming)
    files = [content.file for content in contents if content.categories or len(contents) == 1]
    file = files[0] if len(files) == 1 else path
    report = replace(contents[0].report, file=str(file)) if contents else None
    numbers: Mapping[Category, int | None] = {}
    if contents and not contents[0].of_findings:
        numbers = category_numbers(listed, file, naming, used, report)
    for content in contents:
        items = content.categories.items()
        content.kinds = {key: kinds[category] for key, category in items if category in kinds}
        content.numbers = {key: numbers[category] for key, category in items if category in numbers}
        if content.is_dentex:
            by_name = Naming("fdi", naming.table).numbers(map(str, TEETH), content.file)
            content.numbers = {fdi: by_name[str(fdi)] for fdi in TEETH}


def _items(contents: Sequence[_Content], path: Path) -> Iterator[Annotated]:
    """The annotated radiographs of some files, each with its radiograph if that is found."""
    listed = [
        _Reader(content, index) for content in contents for index in range(len(content.names))
    ]
    search = ImageSearch(data_folder(path), deep=path.is_dir())
    found = search.find(
        Sought(item.name, item.content.places, str(item.content.file)) for item in listed
    )
    count = Counter(place.key for place in found)
    several: dict[str, list[tuple[_Reader, FoundImage]]] = {}
    for item, place in zip(listed, found, strict=True):
        if place.problem:
            item.report.add(place.problem, cost="radiograph")
        if count[place.key] > 1:
            several.setdefault(place.key, []).append((item, place))
        else:
            yield item.annotated(place)
    for same in several.values():
        yield from (item.annotated(place) for item, place in _that_count(same))


def _that_count(same: list[tuple[_Reader, FoundImage]]) -> list[tuple[_Reader, FoundImage]]:
    """Those of the entries of one radiograph that count, where it is listed several times.

    An entry without annotations does not count. Two files that have some are a fault of both. Two
    names in one file are two images, one of which has to be renamed.
    """
    if len({(item.content.file, item.name) for item, _ in same}) > len(
        {item.content.file for item, _ in same}
    ):
        return same
    annotated = [(item, place) for item, place in same if item.is_annotated]
    if len({item.content.file for item, _ in annotated}) > 1:
        files = list(dict.fromkeys(item.content.file for item, _ in annotated))
        top = Path(os.path.commonpath([file.parent for file in files]))
        names = ", ".join(file.relative_to(top).as_posix() for file in files)
        for item, _ in annotated:
            item.report.add(
                f"is annotated in several files ({names}); keep one of them", cost="radiograph"
            )
        return []
    return annotated or same[:1]


_IGNORED = ("region to be ignored",)
"""Stands for the category of such a region; the categories of a file are numbers or texts."""
_UNCLEAR = ("finding to be ignored",)
"""The same among findings."""


def _tooth(entry: Record) -> object:
    """The number of a finding's tooth as the annotation has it."""
    attributes = entry.get("attributes")
    beside = attributes.get("fdi") if isinstance(attributes, dict) else None
    return entry.get("fdi", beside)


def _outline(segmentation: object, size: tuple[int, int]) -> Outline:
    return Outline(trimmed(segmentation_mask(segmentation, size)))


FORMAT = Coco()
