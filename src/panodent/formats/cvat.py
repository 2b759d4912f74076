"""CVAT for images 1.1: one `annotations.xml` with masks or polygons for all radiographs.

The specification is https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/. The run
lengths of a mask go row by row through its box and start with zeros; they keep every pixel.
Polygons run along pixel edges and have no holes, so a tooth with a hole is written as a mask even
when polygons are asked for. Shapes of one label and one group other than 0 are parts of one tooth.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_label_image([[0, 36, 36], [0, 36, 0]])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)])
...     text = Path(folder, "annotations.xml").read_text()
...     FORMAT.read(Path(folder))[0].read() == teeth
True
>>> print(text[text.index("<image") : text.index("</image>")])
<image id="0" name="opg.png" width="3" height="2">
<mask label="36" source="manual" occluded="0" rle="0, 3, 1" left="1" top="0" width="2" height="2" \
z_order="0"></mask>
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.naming import Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import target_file
from panodent.formats.parsing.image_entries import (
    checked_names,
    existing_image,
    image_path,
    image_size,
    in_order,
)
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, rings_without_holes, teeth_of
from panodent.formats.parsing.xml_stream import children, element_at, root_name
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import CroppedMask, clipped, trimmed
from panodent.teeth.outlines import fill
from panodent.teeth.run_lengths import from_counts, to_counts
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import writing

FILE = "annotations.xml"
_NOT_SHAPES = ("tag", "attribute")  # they describe the whole image


class Cvat(Format):
    """One XML file for all radiographs."""

    name = "cvat"

    def recognises(self, path: Path) -> bool:
        """An XML file, or a folder with `annotations.xml`, whose root is <annotations>."""
        return _find(path) is not None

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Annotations by image. The file is read once for the labels, and again for each image."""
        file = path if path.is_file() else _find(path)
        if file is None:
            raise AnnotationError(f"{path}: expected {FILE}, as CVAT for images 1.1 exports it")
        labels: dict[str, None] = {}
        listed: list[tuple[int, PurePosixPath, tuple[int, int]]] = []
        for place, image in children(file, "annotations", ("image", "track")):
            if image.tag == "track":
                raise AnnotationError(
                    f"{file}: holds tracks of a video; export as 'CVAT for images 1.1'"
                )
            name = image_path(image.get("name"), file)
            size = image_size(image.get("height"), image.get("width"), f"{file}: {name}")
            labels |= dict.fromkeys(_label(shape, f"{file}: {name}") for shape in _elements(image))
            listed.append((place, name, size))
        numbers = Naming.of(options).numbers(labels, file)
        return in_order(
            file,
            (
                Annotated(
                    key_of(name),
                    partial(_read, file, place, name, size, numbers),
                    size,
                    existing_image(file.parent, name),
                )
                for place, name, size in listed
            ),
        )

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `annotations.xml` or the .xml file named; `geometry` is 'mask' or 'polygon'."""
        polygons = self.geometry(options) == "polygon"
        naming = Naming.of(options)
        labels = dict.fromkeys(naming.name(fdi) for fdi in (*TEETH, UNNUMBERED))
        with writing(target_file(path, FILE)) as stream:
            stream.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n')
            stream.write("<version>1.1</version>\n<meta><task><mode>annotation</mode><labels>\n")
            for label in labels:
                stream.write(f"<label><name>{escape(label)}</name><type>any</type></label>\n")
            stream.write("</labels></task></meta>\n")
            for number, (name, teeth) in enumerate(checked_names(items, path)):
                height, width = teeth.size
                stream.write(_tag("image", id=number, name=name, width=width, height=height))
                for index in range(len(teeth)):
                    label = naming.name(int(teeth.fdi[index]))
                    stream.writelines(_written(teeth, index, label, polygons))
                stream.write("</image>\n")
            stream.write("</annotations>\n")


def _find(path: Path) -> Path | None:
    file = path / FILE if path.is_dir() else path
    right = file.suffix.lower() == ".xml" and file.is_file() and root_name(file) == "annotations"
    return file if right else None


def _elements(image: Element) -> Iterator[Element]:
    return (shape for shape in image if shape.tag not in _NOT_SHAPES)


def _label(shape: Element, where: str) -> str:
    label = shape.get("label")
    if label is None:
        raise AnnotationError(f"{where}: a {shape.tag} has no label")
    return label


def _read(
    file: Path,
    place: int,
    name: PurePosixPath,
    size: tuple[int, int],
    numbers: Mapping[str, int | None],
) -> Teeth:
    where = f"{file}: {name}"
    labelled = ((_label(e, where), e) for e in _elements(element_at(file, place, "image")))
    shapes = (
        AnnotatedShape(text, f"{where}: {text}", partial(_outline, e, size)) for text, e in labelled
    )
    return teeth_of(shapes, numbers, size, file)


def _outline(shape: Element, size: tuple[int, int]) -> Outline:
    group = shape.get("group_id", "0").strip() or "0"
    return Outline(_mask(shape, size), None if group == "0" else group)


def _mask(shape: Element, size: tuple[int, int]) -> CroppedMask:
    if shape.tag == "polygon":
        return trimmed(fill([[_points(shape.get("points", ""))]], size))
    if shape.tag != "mask":
        raise AnnotationError(
            f"a {shape.tag} is not an outline of a tooth; expected polygons or masks"
        )
    top, left, height, width = (_whole(shape, side) for side in ("top", "left", "height", "width"))
    if not (1 <= height <= size[0] and 1 <= width <= size[1]):
        raise AnnotationError(
            f"a mask of {height} x {width} pixels in an image of {size[0]} x {size[1]}"
        )
    try:
        counts = [int(count) for count in shape.get("rle", "").split(",")]
    except ValueError:
        raise AnnotationError("rle of a mask is not a list of whole numbers") from None
    if sum(counts) != height * width:
        raise AnnotationError(
            f"rle of a mask adds up to {sum(counts)}; its box of {height} x {width} has "
            f"{height * width} pixels"
        )
    # Row by row is column by column of the transposed mask.
    mask = from_counts(counts, (width, height)).T
    return trimmed(*clipped(mask, (top, left), size))


def _whole(shape: Element, name: str) -> int:
    try:
        number = float(shape.get(name, ""))
    except ValueError:
        number = np.nan
    if not (number.is_integer() and abs(number) < 1e9):
        raise AnnotationError(
            f"{name} of a mask is {excerpt(shape.get(name))}; expected a whole number"
        )
    return int(number)


def _points(text: str) -> list[list[float]]:
    try:
        return [[float(value) for value in point.split(",")] for point in text.split(";")]
    except ValueError:
        raise AnnotationError(
            f"points are {excerpt(text)}; expected x,y;x,y;... of at least three points"
        ) from None


def _written(teeth: Teeth, index: int, label: str, polygons: bool) -> Iterator[str]:
    """The lines of one tooth: a polygon for each part, or a mask."""
    rings = rings_without_holes(teeth, index) if polygons else []
    for ring in rings:
        group = index + 1 if len(rings) > 1 else 0
        points = ";".join(f"{x:.0f},{y:.0f}" for x, y in ring.tolist())
        yield _shape("polygon", label, group_id=group, points=points)
    if rings:
        return
    top, left, bottom, right = teeth.boxes[index].tolist()
    yield _shape(
        "mask",
        label,
        rle=", ".join(map(str, to_counts(teeth.masks[index].T))),
        left=left,
        top=top,
        width=right - left,
        height=bottom - top,
    )


def _shape(tag: str, label: str, **attributes: object) -> str:
    common = {"label": label, "source": "manual", "occluded": 0}
    return _tag(tag, **common, **attributes, z_order=0).replace(">\n", f"></{tag}>\n")


def _tag(tag: str, **attributes: object) -> str:
    text = " ".join(f"{name}={quoteattr(str(value))}" for name, value in attributes.items())
    return f"<{tag} {text}>\n"


FORMAT = Cvat()
