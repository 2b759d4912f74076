"""VGG Image Annotator (VIA) 2: one JSON of polygons for all radiographs, a project or its export.

VIA and its documentation are at https://www.robots.ox.ac.uk/~vgg/software/via/. Projects are
written. Polygons have neither holes nor parts, so the outline of a tooth's largest part is written.
VIA does not store the size of an image. Files written here have it as the file attributes
`image_height` and `image_width`; for other files it is taken from the radiograph.

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
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.naming import UNNUMBERED_NAME, Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import only_json, target_file
from panodent.formats.parsing.image_entries import (
    checked_names,
    existing_image,
    image_path,
    image_size,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.json_record import Record, is_whole, records, ring
from panodent.formats.parsing.json_stream import Place, item_at, items_at, member_kinds
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, teeth_of
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import writing

FILE = "via.json"
ATTRIBUTES = ("tooth", "fdi", "label", "class", "name")
"""Region attributes that usually name the tooth, in the order in which they are tried."""
HEIGHT, WIDTH = "image_height", "image_width"
_METADATA = "_via_img_metadata"


class Via(Format):
    """One JSON file for all radiographs."""

    name = "via"

    def recognises(self, path: Path) -> bool:
        """A JSON file, or a folder with only one, with images by name and their regions."""
        return only_json(path, _looks_right) is not None

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Annotations by image.

        The option `attribute` says which region attribute names the tooth. Without it, the only
        attribute that all regions have is taken, or else the first of `ATTRIBUTES`.
        """
        file = path if path.is_file() else only_json(path, _looks_right)
        if file is None:
            raise AnnotationError(f"{path}: expected one project or JSON export of VIA 2")
        # The file is read twice, image by image, so that no outlines stay in memory: once to find
        # the attribute that names the tooth, and once for the names.
        listed, known = [], _Attributes()
        for place, entry in _entries(file):
            name = image_path(entry.get("filename"), file)
            for _, attributes, _ in _regions(entry, f"{file}: {name}"):
                known.add(attributes)
            listed.append((name, place))
        attribute = known.choice((options or {}).get("attribute"), file)
        sizes, labels = [], dict[str, None]()
        for (name, _), entry in zip(listed, items_at(file, [p for _, p in listed]), strict=True):
            where = f"{file}: {name}"
            sizes.append(_size(entry, where))
            labels |= dict.fromkeys(
                _label(attributes, attribute, region_name)
                for _, attributes, region_name in _regions(entry, where)
            )
        numbers = Naming.of(options).numbers(labels, file)
        items = []
        for (name, place), size in zip(listed, sizes, strict=True):
            image = existing_image(file.parent, name)
            read = partial(_read, file, place, name, size, image, attribute, numbers)
            items.append(Annotated(key_of(name), read, size, image))
        return in_order(file, items)

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `via.json` or the .json file named; the option `attribute` names the teeth."""
        naming = Naming.of(options)
        attribute = str((options or {}).get("attribute") or ATTRIBUTES[0])
        ids = []
        with writing(target_file(path, FILE)) as stream:
            head = {"_via_settings": _settings(attribute)}
            head |= {"_via_attributes": _declared(attribute, naming)}
            stream.write(f'{json.dumps(head)[:-1]},\n"{_METADATA}": {{')
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


def _looks_right(file: Path) -> Path | None:
    """The file, if it is a project, or its first member is an image with regions."""
    first: Any = None
    try:
        for number, (name, kind, place) in enumerate(member_kinds(file)):
            if name == _METADATA:
                return file
            if number == 0 and kind == "{":
                first = item_at(file, place)
    except AnnotationError:
        return None
    known = isinstance(first, dict) and "filename" in first and "regions" in first
    return file if known else None


def _entries(file: Path) -> Iterator[tuple[Place, Record]]:
    """(place in the file, entry) of the images of a project or of its export."""
    whole = {name: (kind, place) for name, kind, place in member_kinds(file) if name == _METADATA}
    kind, within = whole.get(_METADATA, ("{", None))
    if kind != "{" and within is not None:
        images = item_at(file, within)
        raise AnnotationError(f"{file}: {_METADATA} is {excerpt(images)}; expected an object")
    for key, _, place in member_kinds(file, within):
        entry = item_at(file, place)
        if not isinstance(entry, dict):
            raise AnnotationError(
                f"{file}: {excerpt(key)} is {excerpt(entry)}; expected an image with its regions"
            )
        if not isinstance(entry.get("filename"), str):
            raise AnnotationError(
                f"{file}: {excerpt(key)}: filename is {excerpt(entry.get('filename'))}; "
                "expected the name of an image"
            )
        yield place, entry


def _regions(entry: Record, where: str) -> list[tuple[Record, Record, str]]:
    """(region, its attributes, how errors name it)."""
    regions = entry.get("regions")
    if isinstance(regions, dict):  # VIA 1 writes an object with numbers as names
        regions = list(regions.values())
    listed = []
    for index, region in enumerate(records({"regions": regions}, "regions", where), start=1):
        attributes = region.get("region_attributes")
        if not isinstance(attributes, dict):
            raise AnnotationError(
                f"{where}: region {index}: region_attributes are {excerpt(attributes)}; "
                "expected an object"
            )
        listed.append((region, attributes, f"{where}: region {index}"))
    return listed


class _Attributes:
    """Counts the attributes of regions, to find the one that names the tooth."""

    def __init__(self) -> None:
        self.count = 0
        self.having: dict[str, int] = {}

    def add(self, attributes: Record) -> None:
        """Counts the attributes of one region."""
        self.count += 1
        for name in attributes:
            self.having[name] = self.having.get(name, 0) + 1

    def choice(self, wanted: str | None, file: Path) -> str:
        """The attribute that names the tooth; raises `AnnotationError` if that is not clear."""
        known = list(self.having)
        shared = [name for name in known if self.having[name] == self.count]
        if not self.count or wanted in known:
            return wanted or ATTRIBUTES[0]
        asked = f"none is {excerpt(wanted)}, which the option attribute says"
        if wanted is None:
            if len(shared) == 1:
                return shared[0]
            usual = [(names, name) for names in (shared, known) for name in ATTRIBUTES]
            for names, name in usual:
                if found := [given for given in names if given.strip().casefold() == name]:
                    return found[0]
            asked = "say with the option attribute which one names the tooth"
        raise AnnotationError(f"{file}: regions have the attributes {excerpt(known)}; {asked}")


def _label(attributes: Record, attribute: str, where: str) -> str:
    """The class name in an attribute: a text, a choice, or check boxes with only one ticked."""
    given = value = attributes.get(attribute)
    if isinstance(value, dict):
        ticked = [name for name, state in value.items() if state is True]
        value = ticked[0] if len(ticked) == 1 else None
    if is_whole(value):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise AnnotationError(
            f"{where}: attribute {excerpt(attribute)} is {excerpt(given)}; expected one class name"
        )
    return value


def _size(entry: Record, where: str) -> tuple[int, int] | None:
    """(height, width) of the image, if the file attributes that `Via.write` makes have it."""
    given = entry.get("file_attributes")
    if not isinstance(given, dict) or HEIGHT not in given or WIDTH not in given:
        return None
    return image_size(given[HEIGHT], given[WIDTH], where)


def _read(
    file: Path,
    place: Place,
    name: PurePosixPath,
    size: tuple[int, int] | None,
    image: Path | None,
    attribute: str,
    numbers: Mapping[str, int | None],
) -> Teeth:
    where = f"{file}: {name}"
    size = size or size_of_file(image, where)
    entry = item_at(file, place)
    if not isinstance(entry, dict):
        raise AnnotationError(f"{file}: changed while it was read; read it again")
    shapes = (
        AnnotatedShape(label, f"{region_name} ({excerpt(label)})", partial(_outline, region, size))
        for region, attributes, region_name in _regions(entry, where)
        for label in [_label(attributes, attribute, region_name)]
    )
    return teeth_of(shapes, numbers, size, file)


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
    return Outline(trimmed(fill([[ring(points)]], size)))


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
