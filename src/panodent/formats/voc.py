"""Pascal VOC: one XML a radiograph, with the bounding boxes or polygons of teeth.

The specification is http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html. The
pixels xmin, ymin, xmax and ymax are counted from 1 and belong to the box: columns 0 to 9 are xmin 1
and xmax 10. Files of tools that count from 0 are read in the same way, and their boxes lie one
pixel off. Masks are filled boxes; such a tooth has the flag 'box', which says so, and reading
warns of it. An object with a `<polygon>`, as some tools write it, is read as that outline: its
corners are `<x1>`, `<y1>`, `<x2>` and so on, or `<pt>` or `<point>` elements with `<x>` and `<y>`,
in pixels from the upper left corner of the image. Boxes are written.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_masks((4, 5), [(36, [[1, 1], [1, 0]], (1, 1))])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)])
...     text = Path(folder, "Annotations", "opg.xml").read_text()
...     found = FORMAT.read(Path(folder))[0].read()
>>> text[text.index("<bndbox>") : text.index("</object>")]
'<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>3</xmax><ymax>3</ymax></bndbox>'
>>> found.areas.tolist(), found.flags
([4], (frozenset({'box'}),))
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import TRIED, files_below
from panodent.formats.parsing.image_entries import (
    IMAGE_FOLDERS,
    check_odd_name,
    checked_names,
    image_size,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.image_names import declared_path
from panodent.formats.parsing.image_search import ImageSearch
from panodent.formats.parsing.pixel_outlines import check_inside, filled
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, teeth_of
from panodent.formats.parsing.xml_stream import children, root_name
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole
from panodent.utils.wording import counted

FOLDERS = ("Annotations", "annotations")
_PLACES = (*FOLDERS, *IMAGE_FOLDERS)
_ROOT = "annotation"
_CORNER = re.compile(r"[xy]\d*")
_SIDES = ("xmin", "ymin", "xmax", "ymax")
Box = tuple[int, int, int, int]
"""(xmin, ymin, xmax, ymax) as in the file."""
Rings = list[list[list[float]]]
"""The corners [x, y] of each polygon of an object."""


@dataclass
class _Entry:
    """The content of one XML file; `name` is that of its radiograph."""

    file: Path
    report: FaultReport
    name: str | None = None
    size: tuple[int, int] | None = None
    shapes: list[tuple[str, str, Box | Rings]] = field(default_factory=list)
    """(class name, how errors name the object, what was drawn)."""


class Voc(Format):
    """A folder `Annotations/` beside `JPEGImages/`, or XML files beside their radiographs."""

    name = "voc"

    def recognises(self, path: Path) -> bool:
        """An XML file whose root is <annotation>, or a folder with one among its first."""
        _, files = files_below(path, _PLACES, ".xml")
        return any(root_name(file) == _ROOT for file in files[:TRIED])

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Boxes by image; an XML without a size takes it from the radiograph."""
        _, files = files_below(path, _PLACES, ".xml")
        if not files:
            raise AnnotationError(f"{path}: expected XML files in {FOLDERS[0]} or beside images")
        entries = []
        for file in files:
            report = FaultReport.of(options, file)
            if len(files) > 1 and (root := root_name(file)) not in (None, _ROOT):
                report.note(f"has the root <{excerpt(root)[1:-1]}>, not <{_ROOT}>; passed over")
                continue
            with report.catching(cost="radiograph"):
                entries.append(_entry(file, report))
        labels = dict.fromkeys(label for entry in entries for label, _, _ in entry.shapes)
        naming = Naming.of(options)
        numbers = naming.numbers(labels, path)
        folder = path if path.is_dir() else path.parent
        folder = folder.parent if folder.name in FOLDERS else folder
        found = ImageSearch(folder, deep=path.is_dir()).find_own(
            [(entry.file, entry.name) for entry in entries], FOLDERS
        )
        report = FaultReport.of(options, path)
        naming.note_findings(labels, report)
        _warn_of_boxes(entries, numbers, report)
        items = []
        for entry, place in zip(entries, found, strict=True):
            if place.problem and place.file is None:
                entry.report.add(place.problem, cost="radiograph")
                continue
            read = partial(_read, entry, place.file, numbers)
            items.append(Annotated(place.key, read, entry.size, place.file))
        return in_order(path, items, report)

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `Annotations/<key>.xml` with the box of every tooth."""
        naming = Naming.of(options)
        for image, teeth in checked_names(items, path):
            check_odd_name(image, self.limits)
            folder = (PurePosixPath("JPEGImages") / image).parent.as_posix()
            height, width = teeth.size
            objects = "".join(
                _object(naming.name(int(fdi)), box)
                for fdi, box in zip(teeth.fdi, teeth.boxes.tolist(), strict=True)
            )
            text = (
                f"<annotation>\n\t<folder>{escape(folder)}</folder>\n"
                f"\t<filename>{escape(image.name)}</filename>\n"
                f"\t<size><width>{width}</width><height>{height}</height><depth>1</depth></size>\n"
                f"\t<segmented>0</segmented>\n{objects}</annotation>\n"
            )
            write_whole(path / FOLDERS[0] / f"{key_of(image)}.xml", text)

    def image_place(self, name: str) -> str:
        """In `JPEGImages/`, beside `Annotations/`."""
        return f"JPEGImages/{name}"


def _entry(file: Path, report: FaultReport) -> _Entry:
    entry = _Entry(file, report)
    objects = 0
    for _, element in children(file, _ROOT, ("filename", "size", "object")):
        if element.tag == "filename":
            # A path is that of another computer; only the file name counts.
            text = (element.text or "").strip().replace("\\", "/").rpartition("/")[2]
            entry.name = declared_path(text, str(file)).name if text else None
        elif element.tag == "size":
            sides = element.findtext("height"), element.findtext("width")
            unknown = all((side or "").strip() in ("", "0") for side in sides)
            entry.size = None if unknown else image_size(*sides, str(file))
        else:
            objects += 1
            if (element.findtext("deleted") or "").strip() == "1":
                continue  # LabelMe of MIT keeps what was deleted
            label = (element.findtext("name") or "").strip()
            item = f"object {objects} ({excerpt(label)})"
            if not label:
                report.add("an object has no name", f"object {objects}")
                continue
            with report.catching(item):
                entry.shapes.append((label, item, _polygons(element) or _box(element)))
    return entry


def _box(element: Element) -> Box:
    texts = [element.findtext(f"bndbox/{side}") for side in _SIDES]
    try:
        left, top, right, bottom = (math.floor(float(text or "") + 0.5) for text in texts)
        fits = left <= right and top <= bottom
    except (ValueError, OverflowError):  # not a number, or infinite
        fits = False
    if not fits:
        given = ", ".join(f"{side} {text}" for side, text in zip(_SIDES, texts, strict=True))
        raise AnnotationError(f"bndbox is {given}; expected pixels with xmin <= xmax, ymin <= ymax")
    return left, top, right, bottom


def _polygons(element: Element) -> Rings:
    """The polygons of an object; empty if it has none."""
    rings = []
    for polygon in element.iterfind("polygon"):
        texts: dict[str, list[str]] = {"x": [], "y": []}
        for corner in polygon.iter():
            if _CORNER.fullmatch(corner.tag):
                texts[corner.tag[0]].append(corner.text or "")
        try:
            points = [[float(x), float(y)] for x, y in zip(*texts.values(), strict=True)]
        except ValueError:
            points = []
        if len(points) < 3:
            raise AnnotationError(
                f"a polygon has the corners {excerpt(list(zip(*texts.values(), strict=False)))}; "
                "expected at least three, x1, y1, x2, ... or pt with x and y, in pixels"
            )
        rings.append(points)
    return rings


def _warn_of_boxes(
    entries: Iterable[_Entry], numbers: Mapping[str, int | None], report: FaultReport
) -> None:
    """Warns of teeth that are boxes and no outlines."""
    drawn = [
        shape for entry in entries for label, _, shape in entry.shapes if numbers[label] is not None
    ]
    if boxes := sum(isinstance(shape, tuple) for shape in drawn):
        report.warn(
            f"{boxes} of {counted(len(drawn), 'tooth is a box', 'teeth are boxes')} and no "
            "outline: masks are filled rectangles, and a network that is trained on them draws "
            "rectangles; draw outlines, for example from those of `panodent predict`"
        )


def _read(entry: _Entry, image: Path | None, numbers: Mapping[str, int | None]) -> Teeth:
    size = entry.size or size_of_file(image, str(entry.file))
    shapes = [
        AnnotatedShape(label, item, partial(_outline, drawn, size))
        for label, item, drawn in entry.shapes
    ]
    return teeth_of(shapes, numbers, size, entry.file, entry.report)


def _outline(drawn: Box | Rings, size: tuple[int, int]) -> Outline:
    if isinstance(drawn, list):
        return Outline(trimmed(filled(drawn, size)))
    left, top, right, bottom = drawn
    check_inside([[[left - 1, top - 1], [right, bottom]]], size)
    top, left = min(max(top - 1, 0), size[0]), min(max(left - 1, 0), size[1])
    sides = max(min(bottom, size[0]) - top, 0), max(min(right, size[1]) - left, 0)
    return Outline((np.ones(sides, bool), (top, left)), is_box=True)


def _object(label: str, box: Iterable[int]) -> str:
    top, left, bottom, right = box
    values = zip(_SIDES, (left + 1, top + 1, right, bottom), strict=True)
    sides = "".join(f"<{side}>{value}</{side}>" for side, value in values)
    return (
        f"\t<object><name>{escape(label)}</name><pose>Unspecified</pose><truncated>0</truncated>"
        f"<difficult>0</difficult><bndbox>{sides}</bndbox></object>\n"
    )


FORMAT = Voc()
