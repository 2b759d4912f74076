"""labelme: a JSON file beside each radiograph, with polygons or masks.

There is no specification; the reference is labelme/label_file.py of
https://github.com/wkentaro/labelme. Coordinates are (x, y) from the upper left corner of the image.
Polygons have no holes, so a tooth with a hole is written as a shape of type 'mask', which labelme
has since version 5.3. Shapes of one label and one `group_id` other than null are parts of one
tooth. The image inside the JSON, `imageData`, is ignored.

A finding is a shape whose label means a finding, see `panodent.formats.finding_names`. Its
`group_id` is that of the tooth that carries it. Where that tooth is not drawn, as for an implant,
the finding's `description` names it, for example 'FDI 36'. Each shape is one finding, so a finding
of several parts is written as a mask.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_masks((4, 5), [(36, np.ones((2, 2)), (1, 1))])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)])
...     data = json.loads(Path(folder, "images", "opg.json").read_text())
...     FORMAT.read(Path(folder))[0].read() == teeth
True
>>> data["imagePath"], data["imageHeight"], data["imageWidth"]
('opg.png', 4, 5)
>>> data["shapes"][0]["label"], data["shapes"][0]["points"]
('36', [[1, 1], [3, 1], [3, 3], [1, 3]])
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import files_below
from panodent.formats.parsing.image_entries import (
    IMAGE_FOLDERS,
    checked_items,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.image_names import declared_path
from panodent.formats.parsing.image_search import ImageSearch
from panodent.formats.parsing.json_record import (
    Record,
    declared_size,
    is_whole,
    labelled,
    load,
    ring,
)
from panodent.formats.parsing.json_stream import member_kinds
from panodent.formats.parsing.pixel_outlines import filled
from panodent.formats.parsing.png_mask import from_text, to_text
from panodent.formats.parsing.shapes import (
    AnnotatedShape,
    Outline,
    findings_of,
    rings_without_holes,
    teeth_of,
)
from panodent.radiograph.radiograph import key_of
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.masks import CroppedMask, clipped, trimmed
from panodent.teeth.outlines import Ring
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

FOLDERS = (*IMAGE_FOLDERS, "annotations", "labels")
VERSION = "5.5.0"
_SAMPLE = 20
_NAMED_TOOTH = re.compile(r"\s*FDI\s*(\d{2})\s*", re.IGNORECASE | re.ASCII)


class Labelme(Format):
    """JSON files in `images/` beside the radiographs, or anywhere else below a folder."""

    name = "labelme"

    def recognises(self, path: Path) -> bool:
        """A JSON with shapes and imagePath, or a folder with one among its first JSON files."""
        _, files = files_below(path, FOLDERS, ".json")
        return any(map(_looks_right, files[:_SAMPLE]))

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Annotations by image. Each file is read once for its labels, and again for its masks."""
        _, files = files_below(path, FOLDERS, ".json")
        if not files:
            raise AnnotationError(f"{path}: expected JSON files, as labelme writes them")
        labels: dict[str, None] = {}
        listed: list[tuple[str, object]] = []
        sizes: list[tuple[int, int] | None] = []
        for file in files:
            report = FaultReport.of(options, file)
            with report.catching(cost="radiograph"):
                data = load(file)
                if "imagePath" not in data and "shapes" not in data:
                    report.note("is not a file of labelme; passed over")
                    continue
                name, size = data.get("imagePath"), _size(file, data)
                if not isinstance(name, str | None):
                    raise AnnotationError(
                        f"{file}: imagePath is {excerpt(name)}; expected the name of a file"
                    )
                if name is not None:  # without it, the radiograph has the name of the file
                    declared_path(name, str(file))
                labels |= dict.fromkeys(label for label, _, _ in _shapes(file, data, report))
                listed.append((str(file), name))
                sizes.append(size)
        del files
        naming = Naming.of(options)
        meant = _Labels(naming.numbers(labels, path), naming.kinds(labels), options)
        search = ImageSearch(path.parent if path.is_file() else path, deep=path.is_dir())
        found = search.find_own(listed, FOLDERS)
        items = []
        for (text, _), size, place in zip(listed, sizes, found, strict=True):
            if place.problem and place.path is None:
                FaultReport.of(options, text).add(place.problem, cost="radiograph")
                continue
            read = _Drawing(text, place.path, meant)
            findings = read.findings if meant.kinds else None
            items.append(Annotated(place.key, read, size, place.path, findings))
        return in_order(path, items, FaultReport.of(options, path))

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `images/<key>.json`, beside the radiographs."""
        naming = Naming.of(options)
        for image, teeth, findings in checked_items(items, path):
            height, width = teeth.size
            data: Record = {
                "version": VERSION,
                "flags": {},
                "shapes": [*_written(teeth, findings, naming)],
                "imagePath": image.name,
                "imageData": None,
                "imageHeight": height,
                "imageWidth": width,
            }
            file = path / IMAGE_FOLDERS[0] / f"{key_of(image)}.json"
            write_whole(file, json.dumps(data) + "\n")


def _looks_right(file: Path) -> bool:
    try:
        kinds = {name: kind for name, kind, _ in member_kinds(file)}
    except AnnotationError:
        return False
    return kinds.get("shapes") == "[" and bool({"imagePath", "imageHeight"} & kinds.keys())


def _size(file: Path, data: Record) -> tuple[int, int] | None:
    """(height, width) of the image, or None if the file has neither."""
    if data.get("imageHeight") is None and data.get("imageWidth") is None:
        return None
    return declared_size(data, "imageHeight", "imageWidth", str(file))


def _shapes(file: Path, data: Record, report: FaultReport) -> Iterator[tuple[str, Record, str]]:
    return labelled(data, "shapes", "label", "shape", file, report)


class _Labels(NamedTuple):
    """What labels mean, and the options of reading."""

    numbers: Mapping[str, int | None]
    kinds: Mapping[str, str]
    options: Options | None


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A file and its radiograph, kept as short as can be: there is one for each radiograph."""

    file: str
    image: str | None
    labels: _Labels

    def __call__(self) -> Teeth:
        data, size, report = self._loaded()
        shapes = (
            AnnotatedShape(label, where, partial(_outline, shape, size))
            for label, shape, where in _shapes(Path(self.file), data, report)
        )
        return teeth_of(shapes, self.labels.numbers, size, Path(self.file), report)

    def findings(self) -> AnnotatedFindings:
        data, size, report = self._loaded()
        carriers: dict[int | str, int] = {}
        for label, shape, _ in _shapes(Path(self.file), data, report):
            group, fdi = shape.get("group_id"), self.labels.numbers.get(label)
            if isinstance(group, int | str) and fdi is not None and fdi in TEETH:
                carriers.setdefault(group, fdi)
        shapes = (
            AnnotatedShape(label, where, partial(_outline, shape, size), _carrier(shape, carriers))
            for label, shape, where in _shapes(Path(self.file), data, report)
        )
        return findings_of(shapes, self.labels.kinds, size, report)

    def _loaded(self) -> tuple[Record, tuple[int, int], FaultReport]:
        data = load(Path(self.file))
        image = None if self.image is None else Path(self.image)
        size = _size(Path(self.file), data) or size_of_file(image, self.file)
        return data, size, FaultReport.of(self.labels.options, self.file)


def _carrier(shape: Record, carriers: Mapping[int | str, int]) -> int | str | None:
    """The number of the tooth in the group of a finding, or else in its description."""
    group = shape.get("group_id")
    if isinstance(group, int | str) and group in carriers:
        return carriers[group]
    named = _NAMED_TOOTH.fullmatch(str(shape.get("description") or ""))
    return named[1] if named else None


def _outline(shape: Record, size: tuple[int, int]) -> Outline:
    return Outline(_mask(shape, size), _group(shape))


def _group(shape: Record) -> int | str | None:
    group = shape.get("group_id")
    if group is not None and not is_whole(group) and not isinstance(group, str):
        raise AnnotationError(f"group_id is {excerpt(group)}; expected a whole number or null")
    return group


def _mask(shape: Record, size: tuple[int, int]) -> CroppedMask:
    kind = shape.get("shape_type")
    if kind is None or kind == "polygon":  # older versions leave it out for polygons
        return trimmed(filled([ring(shape.get("points"))], size))
    if kind != "mask":
        raise AnnotationError(f"shape_type is {excerpt(kind)}; expected 'polygon' or 'mask'")
    corners = ring(shape.get("points"))
    if len(corners) != 2 or not (np.abs(corners) < 1e6).all():
        raise AnnotationError(
            f"points of a mask are {excerpt(shape.get('points'))}; expected two corners [x, y]"
        )
    mask = from_text(shape.get("mask"), size)
    left, top = np.floor(corners[0]).astype(int).tolist()
    width, height = (np.rint(corners[1] - corners[0]).astype(int) + 1).tolist()
    # labelme lets the second corner lie one pixel outside the image; its mask ends at the edge.
    whole = (height, width), (min(height, size[0] - top), min(width, size[1] - left))
    if any(side not in sides for side, *sides in zip(mask.shape, *whole, strict=True)):
        raise AnnotationError(
            f"a mask of {mask.shape[0]} x {mask.shape[1]} pixels between corners "
            f"{height} x {width} pixels apart; expected equal sizes"
        )
    return trimmed(*clipped(mask, (top, left), size))


def _written(teeth: Teeth, findings: Findings | None, naming: Naming) -> Iterator[Record]:
    """The shapes of the teeth, then those of the findings."""
    found = Findings.empty(teeth.size) if findings is None else findings
    groups: dict[int, int] = {}
    for index, fdi in enumerate(teeth.fdi.tolist()):
        rings = rings_without_holes(teeth, index)
        carries = fdi != NOWHERE and fdi not in groups and fdi in found.fdi
        if carries:
            groups[fdi] = index + 1
        group = index + 1 if carries or len(rings) > 1 else None
        yield from _drawn(teeth, index, rings, _shape(naming.name(fdi), group))
    for index, finding in enumerate(found):
        group = groups.get(finding.fdi)
        named = f"FDI {finding.fdi}" if finding.fdi != NOWHERE and group is None else ""
        shape = _shape(naming.kind_name(finding.kind), group, named)
        rings = rings_without_holes(found.marks, index)
        yield from _drawn(found.marks, index, rings if len(rings) == 1 else [], shape)


def _shape(label: str, group: int | None, description: str = "") -> Record:
    return {"label": label, "group_id": group, "description": description, "flags": {}}


def _drawn(teeth: Teeth, index: int, rings: list[Ring], shape: Record) -> Iterator[Record]:
    """The shape with each of these rings as a polygon, or with a mask if there are none."""
    if not rings:
        top, left, bottom, right = teeth.boxes[index].tolist()
        corners = [[left, top], [right - 1, bottom - 1]]
        mask = to_text(teeth.masks[index])
        yield {**shape, "points": corners, "shape_type": "mask", "mask": mask}
    for line in rings:
        points = line.astype(int).tolist()
        yield {**shape, "points": points, "shape_type": "polygon", "mask": None}


FORMAT = Labelme()
