"""Pascal VOC: one XML a radiograph, with the bounding boxes of teeth.

The specification is http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html. The
pixels xmin, ymin, xmax and ymax are counted from 1 and belong to the box: columns 0 to 9 are xmin 1
and xmax 10. Files of tools that count from 0 are read in the same way, and their boxes lie one
pixel off. Masks are filled boxes; every tooth has the flag 'box', which says so.

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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.naming import Naming
from panodent.formats.parsing.file_search import files_below
from panodent.formats.parsing.image_entries import (
    IMAGE_FOLDERS,
    check_odd_name,
    checked_names,
    existing_image,
    image_path,
    image_size,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.xml_stream import children, root_name
from panodent.radiograph.radiograph import SUFFIXES, key_of
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

FOLDERS = ("Annotations", "annotations")
_PLACES = (*FOLDERS, *IMAGE_FOLDERS)
_SIDES = ("xmin", "ymin", "xmax", "ymax")
Box = tuple[int, int, int, int]
"""(xmin, ymin, xmax, ymax) as in the file."""


@dataclass
class _Entry:
    """The content of one XML file.

    `below` is the path of the file below its folder, `name` that of its radiograph.
    """

    file: Path
    below: PurePosixPath
    name: PurePosixPath | None = None
    size: tuple[int, int] | None = None
    boxes: list[tuple[str, Box]] = field(default_factory=list)


class Voc(Format):
    """A folder `Annotations/` beside `JPEGImages/`, or XML files beside their radiographs."""

    name = "voc"

    def recognises(self, path: Path) -> bool:
        """An XML file whose root is <annotation>, or a folder whose first XML file is one."""
        _, files = files_below(path, _PLACES, ".xml")
        return bool(files) and root_name(files[0]) == "annotation"

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Boxes by image; an XML without a size takes it from the radiograph."""
        root, files = files_below(path, _PLACES, ".xml")
        if not files:
            raise AnnotationError(f"{path}: expected XML files in {FOLDERS[0]} or beside images")
        entries = [_entry(file, root) for file in files]
        labels = dict.fromkeys(label for entry in entries for label, _ in entry.boxes)
        numbers = Naming.of(options).numbers(labels, path)
        return in_order(path, (_annotated(entry, root, numbers) for entry in entries))

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


def _entry(file: Path, root: Path) -> _Entry:
    entry = _Entry(file, PurePosixPath(file.relative_to(root).as_posix()))
    for _, element in children(file, "annotation", ("filename", "size", "object")):
        if element.tag == "filename":
            # A path is that of another computer; only the file name counts.
            text = (element.text or "").strip().replace("\\", "/").rpartition("/")[2]
            entry.name = image_path(str(entry.below.parent / text), file) if text else None
        elif element.tag == "size":
            sides = element.findtext("height"), element.findtext("width")
            unknown = all((side or "").strip() in ("", "0") for side in sides)
            entry.size = None if unknown else image_size(*sides, str(file))
        else:
            entry.boxes.append(_box(element, file))
    return entry


def _box(element: Element, file: Path) -> tuple[str, Box]:
    label = (element.findtext("name") or "").strip()
    if not label:
        raise AnnotationError(f"{file}: an object has no name")
    texts = [element.findtext(f"bndbox/{side}") for side in _SIDES]
    try:
        left, top, right, bottom = (math.floor(float(text or "") + 0.5) for text in texts)
        fits = left <= right and top <= bottom
    except (ValueError, OverflowError):  # not a number, or infinite
        fits = False
    if not fits:
        given = ", ".join(f"{side} {text}" for side, text in zip(_SIDES, texts, strict=True))
        raise AnnotationError(
            f"{file}: {label}: bndbox is {given}; expected pixels with xmin <= xmax, ymin <= ymax"
        )
    return label, (left, top, right, bottom)


def _annotated(entry: _Entry, root: Path, numbers: Mapping[str, int | None]) -> Annotated:
    """Paired with the image that the file names, or else with the image of the file's own name."""
    folder = root.parent if root.name in FOLDERS else root
    stem = entry.below.with_suffix("")
    names = [PurePosixPath(f"{stem}{suffix}") for suffix in SUFFIXES]
    key, image = key_of(entry.name or entry.below), None
    for name in [entry.name, *names] if entry.name else names:
        image = existing_image(folder, name)
        if image is not None:
            key = key_of(name)
            break
    return Annotated(key, partial(_read, entry, image, numbers), entry.size, image)


def _read(entry: _Entry, image: Path | None, numbers: Mapping[str, int | None]) -> Teeth:
    height, width = size = entry.size or size_of_file(image, str(entry.file))
    items = []
    for label, (left, top, right, bottom) in entry.boxes:
        fdi = numbers[label]
        if fdi is None:
            continue
        top, left = min(max(top - 1, 0), height), min(max(left - 1, 0), width)
        sides = max(min(bottom, height) - top, 0), max(min(right, width) - left, 0)
        items.append((fdi, np.ones(sides, bool), (top, left)))
    return Teeth.from_masks(size, items, flags=[{"box"}] * len(items))


def _object(label: str, box: Iterable[int]) -> str:
    top, left, bottom, right = box
    values = zip(_SIDES, (left + 1, top + 1, right, bottom), strict=True)
    sides = "".join(f"<{side}>{value}</{side}>" for side, value in values)
    return (
        f"\t<object><name>{escape(label)}</name><pose>Unspecified</pose><truncated>0</truncated>"
        f"<difficult>0</difficult><bndbox>{sides}</bndbox></object>\n"
    )


FORMAT = Voc()
