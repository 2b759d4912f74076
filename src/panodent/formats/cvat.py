"""CVAT for images 1.1: one `annotations.xml` with masks or polygons for all radiographs.

The specification is https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/. The run
lengths of a mask go row by row through its box and start with zeros; they keep every pixel.
Polygons have no holes, so a tooth with a hole is always written as a mask. Shapes of one label and
one group other than 0 are parts of one tooth.
The option `attribute` names one whose values are the teeth. Shapes of the label 'background' cut
out of teeth in lower layers (`z_order`), or before them. Tracks of a video are refused.

A finding is a shape whose label means a finding, see `panodent.formats.finding_names`. Its
attribute 'fdi' is the number of the tooth that carries it, 0 for none. Each shape is one finding,
so a finding of several parts is written as a mask. The attribute 'state' of a tooth says what a
person saw of it, see `panodent.formats.tooth_states`.

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

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, TextIO
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.cvat_labels import CvatLabels
from panodent.formats.cvat_videos import CvatVideos
from panodent.formats.faults import FaultReport
from panodent.formats.naming import CUT_OUT, Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import target_file
from panodent.formats.parsing.image_entries import (
    check_odd_name,
    checked_items,
    image_size,
    in_order,
)
from panodent.formats.parsing.image_names import declared_path
from panodent.formats.parsing.image_search import ImageSearch, Sought
from panodent.formats.parsing.pixel_outlines import filled
from panodent.formats.parsing.shapes import (
    AnnotatedShape,
    Outline,
    findings_of,
    rings_without_holes,
    teeth_of,
)
from panodent.formats.parsing.xml_stream import children, element_at, root_name
from panodent.formats.tooth_states import STATE, UNKNOWN, read_state, written_state
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import NOWHERE
from panodent.teeth.masks import CroppedMask, clipped, trimmed
from panodent.teeth.run_lengths import from_counts, to_counts
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.teeth.validation import STATES
from panodent.utils.atomic_files import writing

FILE = "annotations.xml"
TOOTH = "fdi"
"""The attribute of findings with the number of the tooth."""


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
        report = FaultReport.of(options, file)
        naming = Naming.of(options)
        named = CvatLabels(naming, (options or {}).get("attribute"))
        labels: dict[str, None] = {}
        shared = _Document(file, named, report, {}, {})
        listed: list[_Image] = []
        videos = CvatVideos()
        for place, element in children(file, "annotations", ("meta", "image", "track")):
            if element.tag != "image":
                videos.see(element)
                continue
            with report.about(_named(element)).catching(cost="radiograph"):
                image = _image(element, place, shared)
                labels |= {label: None for _, label, _ in named.shapes(element, image.report)}
                listed.append(image)
        if videos.names:
            if not listed:
                raise AnnotationError(f"{file}: {videos.refusal()}")
            report.add(videos.refusal(), cost="radiograph")
        shared.numbers.update(named.numbers(labels, file, report))
        shared.kinds.update(naming.kinds(labels))
        found = ImageSearch(file.parent).find(Sought(image.name) for image in listed)
        items = []
        for image, there in zip(listed, found, strict=True):
            if there.problem:
                image.report.add(there.problem, cost="radiograph")
                continue
            findings = image.findings if shared.kinds else None
            items.append(Annotated(there.key, image.teeth, image.size, there.path, findings))
        return in_order(file, items, report)

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `annotations.xml` or the .xml file named; `geometry` is 'mask' or 'polygon'."""
        polygons = self.geometry(options) == "polygon"
        naming = Naming.of(options)
        file = target_file(path, FILE)
        with (
            writing(file) as stream,
            # The labels come first, and the last radiograph may be the first with findings.
            tempfile.TemporaryFile("w+", encoding="utf-8", dir=file.parent) as spool,
        ):
            has_findings, has_states = _write_images(spool, items, path, naming, polygons)
            stream.write('<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n')
            stream.write("<version>1.1</version>\n<meta><task><mode>annotation</mode><labels>\n")
            stream.writelines(_declared(naming, has_findings, has_states))
            stream.write("</labels></task></meta>\n")
            spool.seek(0)
            shutil.copyfileobj(spool, stream)
            stream.write("</annotations>\n")


def _find(path: Path) -> Path | None:
    file = path / FILE if path.is_dir() else path
    right = file.suffix.lower() == ".xml" and file.is_file() and root_name(file) == "annotations"
    return file if right else None


class _Document(NamedTuple):
    """A file, where its faults go, and what its labels mean as soon as all are known."""

    file: Path
    labels: CvatLabels
    faults: FaultReport
    numbers: dict[str, int | None]
    kinds: dict[str, str]


class _Image(NamedTuple):
    """An image of the file: name, first byte of its element, (height, width)."""

    name: str
    place: int
    size: tuple[int, int]
    of: _Document

    @property
    def report(self) -> FaultReport:
        return self.of.faults.about(self.name)

    def teeth(self) -> Teeth:
        numbers = self.of.numbers
        layered = CUT_OUT in numbers.values()  # otherwise teeth keep the order of the file
        return teeth_of(_shapes(self, layered), numbers, self.size, self.of.file, self.report)

    def findings(self) -> AnnotatedFindings:
        return findings_of(_shapes(self), self.of.kinds, self.size, self.report)


def _named(element: Element) -> str:
    """The name of an image; two subsets of a project may have images of one name."""
    return "/".join(filter(None, (element.get("subset", "").strip(), element.get("name", ""))))


def _image(element: Element, place: int, document: _Document) -> _Image:
    if not element.get("name", ""):
        raise AnnotationError(f"{document.file}: an image has no name; expected the path of a file")
    name = declared_path(_named(element), str(document.file)).as_posix()
    size = image_size(element.get("height"), element.get("width"), f"{document.file}: {name}")
    return _Image(name, place, size, document)


def _shapes(image: _Image, layered: bool = False) -> Iterator[AnnotatedShape]:
    """The shapes in the order of the file or, if `layered`, from the lowest layer to the top."""
    report = image.report
    listed = image.of.labels.shapes(element_at(image.of.file, image.place, "image"), report)
    for shape, label, item in sorted(listed, key=_layer) if layered else listed:
        found = {a.get("name", ""): a.text for a in shape.iter("attribute")}
        tooth, state = found.get(TOOTH), read_state(found, report, item)
        drawn = partial(_outline, shape, image.size)
        yield AnnotatedShape(label, f"{report.where}: {item}", drawn, tooth, state)


def _layer(item: tuple[Element, str, str]) -> int:
    text = item[0].get("z_order", "0").strip()
    return int(text) if re.fullmatch(r"-?\d{1,9}", text, re.ASCII) else 0


def _outline(shape: Element, size: tuple[int, int]) -> Outline:
    group = shape.get("group_id", "0").strip() or "0"
    return Outline(_mask(shape, size), None if group == "0" else group)


def _mask(shape: Element, size: tuple[int, int]) -> CroppedMask:
    if shape.tag == "polygon":
        return trimmed(filled([_points(shape.get("points", ""))], size))
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


def _declared(naming: Naming, findings: bool, states: bool) -> Iterator[str]:
    """The labels of a project, those of findings with the attribute for the tooth."""
    seen = _choice(STATE, (UNKNOWN, *STATES)) if states else ""
    for label in dict.fromkeys(naming.name(fdi) for fdi in (*TEETH, UNNUMBERED)):
        yield f"<label><name>{escape(label)}</name><type>any</type>{seen}</label>\n"
    numbers = _choice(TOOTH, (NOWHERE, *TEETH))
    for kind in KINDS if findings else ():
        yield (
            f"<label><name>{escape(naming.kind_name(kind))}</name><type>any</type>{numbers}"
            "</label>\n"
        )


def _choice(name: str, values: Sequence[object]) -> str:
    """An attribute of a label with one of these values, the first by default."""
    listed = "\n".join(map(str, values))
    return (
        f"<attributes><attribute><name>{name}</name><mutable>False</mutable><input_type>select"
        f"</input_type><default_value>{values[0]}</default_value><values>{listed}</values>"
        "</attribute></attributes>"
    )


def _write_images(
    stream: TextIO, items: Items, path: Path, naming: Naming, polygons: bool
) -> tuple[bool, bool]:
    """Writes the images with their shapes; returns whether any has findings, and states."""
    found = seen = False
    for number, (name, teeth, findings) in enumerate(checked_items(items, path)):
        check_odd_name(name, FORMAT.limits)
        height, width = teeth.size
        stream.write(_tag("image", id=number, name=name, width=width, height=height))
        for index in range(len(teeth)):
            label = naming.name(int(teeth.fdi[index]))
            state = written_state(teeth, index)
            seen |= state is not None
            told = "" if state is None else f'<attribute name="{STATE}">{state}</attribute>'
            stream.writelines(_written(teeth, index, label, polygons, told))
        if findings is not None and len(findings):
            found = True
            for index, finding in enumerate(findings):
                label = naming.kind_name(finding.kind)
                whole = polygons and len(findings.polygons(index)) == 1
                tooth = f'<attribute name="{TOOTH}">{finding.fdi}</attribute>'
                stream.writelines(_written(findings.marks, index, label, whole, tooth))
        stream.write("</image>\n")
    return found, seen


def _written(
    teeth: Teeth, index: int, label: str, polygons: bool, inside: str = ""
) -> Iterator[str]:
    """The lines of one tooth: a polygon for each part, or a mask, with `inside` as content."""
    rings = rings_without_holes(teeth, index) if polygons else []
    for ring in rings:
        group = index + 1 if len(rings) > 1 else 0
        points = ";".join(f"{x:.0f},{y:.0f}" for x, y in ring.tolist())
        yield _shape("polygon", label, inside, group_id=group, points=points)
    if rings:
        return
    top, left, bottom, right = teeth.boxes[index].tolist()
    yield _shape(
        "mask",
        label,
        inside,
        rle=", ".join(map(str, to_counts(teeth.masks[index].T))),
        left=left,
        top=top,
        width=right - left,
        height=bottom - top,
    )


def _shape(tag: str, label: str, inside: str, **attributes: object) -> str:
    common = {"label": label, "source": "manual", "occluded": 0}
    return _tag(tag, **common, **attributes, z_order=0).replace(">\n", f">{inside}</{tag}>\n")


def _tag(tag: str, **attributes: object) -> str:
    text = " ".join(f"{name}={quoteattr(str(value))}" for name, value in attributes.items())
    return f"<{tag} {text}>\n"


FORMAT = Cvat()
