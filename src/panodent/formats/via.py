"""VGG Image Annotator (VIA) 2: one file of polygons for all radiographs, a project or its export.

VIA and its documentation are at https://www.robots.ox.ac.uk/~vgg/software/via/. Exports in JSON and
CSV are read as well; projects are written. Polygons have neither holes nor parts, so the outline of
a tooth's largest part is written. VIA does not store the size of an image. Files written here have
it as the file attributes `image_height` and `image_width`; for other files it is taken from the
radiograph.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_polygons((4, 5), [(36, [[[(1, 1), (3, 1), (3, 3), (1, 3)]]])])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)])
...     data = json.loads(Path(folder, "via.json").read_text())
...     FORMAT.read(Path(folder))[0].read() == teeth
True
>>> data["_via_img_metadata"]["opg.png-1"]["regions"]
[{'shape_attributes': {'name': 'polygon', 'all_points_x': [1, 3, 3, 1], \
'all_points_y': [1, 1, 3, 3]}, 'region_attributes': {'tooth': '36'}}]
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.naming import UNNUMBERED_NAME, Naming
from panodent.formats.naming_attributes import ATTRIBUTES, Attributes, class_name
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import target_file
from panodent.formats.parsing.image_entries import (
    LONGEST_NAME,
    checked_names,
    image_size,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.image_names import declared_path
from panodent.formats.parsing.image_search import FoundImage, ImageSearch, Sought
from panodent.formats.parsing.json_record import Record, records, ring
from panodent.formats.parsing.json_stream import item_at, member_kinds
from panodent.formats.parsing.pixel_outlines import filled
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, teeth_of
from panodent.formats.via_files import METADATA, Places, entries, entries_at, find
from panodent.teeth.masks import trimmed
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import writing

FILE = "via.json"
HEIGHT, WIDTH = "image_height", "image_width"
_SETTINGS = "_via_settings"


class Via(Format):
    """One file for all radiographs, or several, such as one for each split."""

    name = "via"

    def recognises(self, path: Path) -> bool:
        """A JSON file or table, or a folder with such files, with images and their regions."""
        return bool(find(path))

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Annotations by image.

        The option `attribute` says which region attribute names the tooth. Without it, see
        `panodent.formats.naming_attributes`.
        """
        files = [path] if path.is_file() else find(path)
        if not files:
            raise AnnotationError(f"{path}: expected a project or an export of VIA 2, JSON or CSV")
        where = files[0] if len(files) == 1 else path
        naming, known = Naming.of(options), Attributes()
        # Files are read twice, image by image, so that no outlines stay in memory: once to find
        # the attribute that names the tooth, and once for the names.
        by_file = {file: [*_listed(file, options, known)] for file in files}
        attribute = known.choice((options or {}).get("attribute"), naming, where)
        labels = dict[str, None]()
        for file, images in by_file.items():
            found = entries_at(file, (image.places for image in images))
            for image, entry in zip(images, found, strict=True):
                labels |= dict.fromkeys(x for _, x, _ in _labelled(entry, attribute, image.report))
        numbers = naming.numbers(labels, where)
        naming.note_findings(labels, FaultReport.of(options, where))
        places = {file: [file.parent, *_default_folder(file)] for file in files}
        listed = [image for images in by_file.values() for image in images]
        search = ImageSearch(path if path.is_dir() else path.parent, deep=path.is_dir())
        sought = search.find(Sought(i.name, places[i.file], i.report.where) for i in listed)
        items = []
        for image, at in _told_apart(zip(listed, sought, strict=True)):
            if at.problem:
                image.report.add(at.problem, cost="radiograph")
            read = partial(_read, image, at.file, attribute, numbers)
            items.append(Annotated(at.key, read, image.size, at.file))
        return in_order(where, items, FaultReport.of(options, where))

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `via.json` or the .json file named; the option `attribute` names the teeth."""
        naming = Naming.of(options)
        attribute = str((options or {}).get("attribute") or ATTRIBUTES[0])
        ids = []
        with writing(target_file(path, FILE)) as stream:
            head = {"_via_settings": _settings(attribute)}
            head |= {"_via_attributes": _declared(attribute, naming)}
            stream.write(f'{json.dumps(head)[:-1]},\n"{METADATA}": {{')
            for name, teeth in checked_names(items, path):
                entry = {
                    "filename": name.as_posix(),
                    "size": -1,  # bytes of the file; VIA writes -1 for an image given by its path
                    "regions": [
                        _region(teeth, index, attribute, naming) for index in range(len(teeth))
                    ],
                    "file_attributes": dict(
                        zip((HEIGHT, WIDTH), map(str, teeth.size), strict=True)
                    ),
                }
                ids.append(f"{name}-1")
                comma = "," if len(ids) > 1 else ""
                stream.write(f"{comma}\n{json.dumps(ids[-1])}: {json.dumps(entry)}")
            stream.write('\n},\n"_via_data_format_version": "2.0.10",\n')
            stream.write(f'"_via_image_id_list": {json.dumps(ids)}\n}}\n')


@dataclass(frozen=True)
class _Image:
    """An image of a file: its places there, name, (height, width) if known, and faults.

    `is_annotated` is whether it has regions.
    """

    file: Path
    places: Places
    name: str
    size: tuple[int, int] | None
    report: FaultReport
    is_annotated: bool


def _listed(file: Path, options: Options | None, known: Attributes) -> Iterator[_Image]:
    """The images of a file that can be used; `known` takes the attributes of their regions."""
    report = FaultReport.of(options, file)
    for key, places, entry in entries(file, report):
        with report.catching(excerpt(key), cost="radiograph"):
            name = _name(entry, key, file)
            about = report.about(name)
            with about.catching(cost="radiograph"):
                size = _size(entry, about.where)
                regions = _regions(entry, about)
                for _, attributes, _ in regions:
                    known.add(attributes)
                yield _Image(file, places, name, size, about, bool(regions))


def _told_apart(
    found: Iterable[tuple[_Image, FoundImage]],
) -> Iterator[tuple[_Image, FoundImage]]:
    """What was found, of radiographs in several files the entry that has regions.

    Two such entries in different files are a fault of both, unless their regions are the same: an
    export often lies beside its project.
    """
    by_key: dict[str, list[tuple[_Image, FoundImage]]] = {}
    for image, at in found:
        by_key.setdefault(at.key, []).append((image, at))
    for same in by_key.values():
        drawn = [(image, at) for image, at in same if image.is_annotated] or same[:1]
        files = list(dict.fromkeys(image.file.name for image, _ in drawn))
        if len({image.file for image, _ in same}) == 1:
            yield from same
        elif len({image.file for image, _ in drawn}) == 1:
            yield from drawn
        elif _are_equal([image for image, _ in drawn]):
            yield drawn[0]
        else:
            for image, _ in drawn:
                image.report.add(
                    f"is annotated in several files ({', '.join(files)}); keep one of them",
                    cost="radiograph",
                )


def _are_equal(images: list[_Image]) -> bool:
    """Whether all entries of a radiograph have the same regions."""
    first, *others = (next(entries_at(i.file, [i.places]))["regions"] for i in images)
    return all(regions == first for regions in others)


def _name(entry: Any, key: str, file: Path) -> str:
    """The name of the radiograph; raises `AnnotationError` for an entry that is not an image."""
    if not isinstance(entry, dict):
        raise AnnotationError(
            f"{file}: {excerpt(key)} is {excerpt(entry)}; expected an image with its regions"
        )
    name = entry.get("filename")
    if not isinstance(name, str):
        raise AnnotationError(
            f"{file}: {excerpt(key)}: filename is {excerpt(name)}; expected the name of an image"
        )
    declared_path(name, str(file))
    return name


def _default_folder(file: Path) -> Iterator[Path]:
    """The folder of radiographs that the settings of a project name."""
    if file.suffix.lower() != ".json":
        return
    for name, kind, place in member_kinds(file):
        if name == _SETTINGS and kind == "{":
            core = item_at(file, place).get("core")
            folder = core.get("default_filepath") if isinstance(core, dict) else None
            if isinstance(folder, str) and folder.isprintable() and len(folder) < LONGEST_NAME:
                yield file.parent / folder.replace("\\", "/").strip("/")


def _regions(entry: Record, report: FaultReport) -> list[tuple[Record, Record, str]]:
    """(region, its attributes, its number); raises `AnnotationError` if there is no list of them.

    A region without attributes is reported.
    """
    regions = entry.get("regions")
    if isinstance(regions, dict):  # VIA 1 writes an object with numbers as names
        regions = list(regions.values())
    listed = []
    found = records({"regions": regions}, "regions", report.where)
    for item, region in ((f"region {number}", item) for number, item in enumerate(found, start=1)):
        attributes = region.get("region_attributes")
        if isinstance(attributes, dict):
            listed.append((region, attributes, item))
        else:
            report.add(f"region_attributes are {excerpt(attributes)}; expected an object", item)
    return listed


def _labelled(
    entry: Record, attribute: str, report: FaultReport
) -> Iterator[tuple[Record, str, str]]:
    """(region, class name, its number); a region without a class name is reported."""
    for region, attributes, item in _regions(entry, report):
        given = attributes.get(attribute)
        label = class_name(given)
        if label is None:
            report.add(
                f"attribute {excerpt(attribute)} is {excerpt(given)}; expected one class name", item
            )
        else:
            yield region, label, f"{item} ({excerpt(label)})"


def _size(entry: Record, where: str) -> tuple[int, int] | None:
    """(height, width) of the image, if the file attributes that `Via.write` makes have it."""
    given = entry.get("file_attributes")
    if not isinstance(given, dict) or HEIGHT not in given or WIDTH not in given:
        return None
    return image_size(given[HEIGHT], given[WIDTH], where)


def _read(
    image: _Image, found: Path | None, attribute: str, numbers: Mapping[str, int | None]
) -> Teeth:
    where = image.report.where
    size = image.size or size_of_file(found, where)
    (entry,) = entries_at(image.file, [image.places])
    if not isinstance(entry, dict):
        raise AnnotationError(f"{image.file}: changed while it was read; read it again")
    shapes = (
        AnnotatedShape(label, f"{where}: {item}", partial(_outline, region, size))
        for region, label, item in _labelled(entry, attribute, image.report)
    )
    return teeth_of(shapes, numbers, size, image.file, image.report)


def _outline(region: Record, size: tuple[int, int]) -> Outline:
    shape = region.get("shape_attributes")
    if not isinstance(shape, dict):
        raise AnnotationError(f"shape_attributes are {excerpt(shape)}; expected an object")
    if shape.get("name") != "polygon":
        raise AnnotationError(f"shape is {excerpt(shape.get('name'))}; expected 'polygon'")
    x, y = shape.get("all_points_x"), shape.get("all_points_y")
    if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y):
        raise AnnotationError(
            f"all_points_x and all_points_y are {excerpt(x)} and {excerpt(y)}; "
            "expected lists of one length"
        )
    points = [list(point) for point in zip(x, y, strict=True)]
    return Outline(trimmed(filled([ring(points)], size)))


def _region(teeth: Teeth, index: int, attribute: str, naming: Naming) -> Record:
    import cv2

    outer = max(
        (part[0] for part in teeth.polygons(index)),
        key=lambda line: float(cv2.contourArea(line.astype("float32"))),
    )
    x, y = outer.T.astype(int).tolist()
    return {
        "shape_attributes": {"name": "polygon", "all_points_x": x, "all_points_y": y},
        "region_attributes": {attribute: naming.name(int(teeth.fdi[index]))},
    }


def _settings(attribute: str) -> Record:
    """Settings of the project; VIA adds its own for all others."""
    return {
        "ui": {"image": {"region_label": attribute, "region_color": attribute}},
        "core": {"default_filepath": "images/"},
        "project": {"name": "panodent"},
    }


def _declared(attribute: str, naming: Naming) -> Record:
    """The attributes of regions and files that VIA shows."""
    options = {naming.name(fdi): tooth.name for fdi, tooth in TEETH.items()}
    options[naming.name(UNNUMBERED)] = UNNUMBERED_NAME
    choice = {"type": "dropdown", "description": "", "options": options, "default_options": {}}
    text = {"type": "text", "description": "", "default_value": ""}
    return {"region": {attribute: choice}, "file": {HEIGHT: text, WIDTH: text}}


FORMAT = Via()
