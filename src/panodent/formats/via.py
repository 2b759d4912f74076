"""VGG Image Annotator (VIA) 2: one JSON of polygons, a project or its export.

Written in the form of https://www.robots.ox.ac.uk/~vgg/software/via/ as a project. Polygons have no
holes and no parts: the outer line of a tooth's largest part is written. VIA knows no size of an
image; what is written here has it as the file attributes `image_height` and `image_width`, other
files take it from the radiograph.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from reprlib import repr as shown
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Limits, named
from panodent.formats.naming import UNNUMBERED_NAME, Naming
from panodent.formats.parsing.image_entries import (
    existing_image,
    image_path,
    image_size,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.json_record import Record, records, ring
from panodent.formats.parsing.json_stream import Place, item_at, items_at, member_kinds
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import CroppedMask, trimmed
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import writing

FILE = "via.json"
ATTRIBUTES = ("tooth", "fdi", "label", "class", "name")
"""Region attributes that may name the tooth, the first that there is."""
HEIGHT, WIDTH = "image_height", "image_width"
_METADATA = "_via_img_metadata"
Region = tuple[Record, str, str]
"""Region, its class name, how errors name it."""


class Via:
    """One JSON file for all radiographs."""

    name = "via"
    limits = Limits(shape="polygons", holes=False, parts=False)

    def recognises(self, path: Path) -> bool:
        """A JSON file, or a folder with exactly one, of images by name with regions."""
        return _find(path) is not None

    def read(self, path: Path, options: Mapping[str, Any] | None = None) -> list[Annotated]:
        """Annotations by image; option `attribute` says which region attribute names the tooth."""
        file = path if path.is_file() else _find(path)
        if file is None:
            raise AnnotationError(f"{path}: expected one project or JSON export of VIA 2")
        # Twice through the file, an image at a time: outlines stay where they are until asked for.
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
            labels |= dict.fromkeys(x for _, x, _ in _labelled(_regions(entry, where), attribute))
        numbers = Naming.of(options).numbers(labels, file)
        items = []
        for (name, place), size in zip(listed, sizes, strict=True):
            image = existing_image(file.parent, name)
            read = partial(_read, file, place, name, size, image, attribute, numbers)
            items.append(Annotated(key_of(name), read, size, image))
        return in_order(file, items)

    def write(
        self,
        path: Path,
        items: Iterable[tuple[str, Teeth]],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes `via.json` or the .json file named; teeth are named in option `attribute`."""
        naming = Naming.of(options)
        attribute = str((options or {}).get("attribute") or ATTRIBUTES[0])
        ids = []
        with writing(path if path.suffix.lower() == ".json" else path / FILE) as stream:
            head = {"_via_settings": _settings(attribute)}
            head |= {"_via_attributes": _declared(attribute, naming)}
            stream.write(f'{json.dumps(head)[:-1]},\n"{_METADATA}": {{')
            for name, teeth in named(items):
                name = image_path(name, path).as_posix()
                entry = {
                    "filename": name,
                    "size": -1,  # of the file in bytes, which VIA leaves open so for paths
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

    def image_place(self, name: str) -> str:
        """Below `images/`."""
        return f"images/{name}"


def _find(path: Path) -> Path | None:
    files = [path] if path.is_file() else sorted(path.glob("*.json")) if path.is_dir() else []
    found = [file for file in files if file.suffix.lower() == ".json" and _looks_right(file)]
    return found[0] if len(found) == 1 else None


def _looks_right(file: Path) -> bool:
    first: Any = None
    try:
        for number, (name, kind, place) in enumerate(member_kinds(file)):
            if name == _METADATA:
                return True
            if number == 0 and kind == "{":
                first = item_at(file, place)
    except AnnotationError:
        return False
    return isinstance(first, dict) and "filename" in first and "regions" in first


def _entries(file: Path) -> Iterator[tuple[Place, Record]]:
    """The images of a project, or of its export, and where they stand in the file."""
    whole = {name: (kind, place) for name, kind, place in member_kinds(file) if name == _METADATA}
    kind, within = whole.get(_METADATA, ("{", None))
    if kind != "{" and within is not None:
        images = item_at(file, within)
        raise AnnotationError(f"{file}: {_METADATA} is {shown(images)}; expected an object")
    for key, _, place in member_kinds(file, within):
        entry = item_at(file, place)
        if not isinstance(entry, dict):
            raise AnnotationError(
                f"{file}: {shown(key)} is {shown(entry)}; expected an image with its regions"
            )
        if not isinstance(entry.get("filename"), str):
            raise AnnotationError(
                f"{file}: {shown(key)}: filename is {shown(entry.get('filename'))}; "
                "expected the name of an image"
            )
        yield place, entry


def _regions(entry: Record, where: str) -> list[tuple[Record, Record, str]]:
    """(region, its attributes, how errors name it)."""
    regions = entry.get("regions")
    if isinstance(regions, dict):  # VIA 1 numbers them
        regions = list(regions.values())
    listed = []
    for index, region in enumerate(records({"regions": regions}, "regions", where), start=1):
        attributes = region.get("region_attributes")
        if not isinstance(attributes, dict):
            raise AnnotationError(
                f"{where}: region {index}: region_attributes are {shown(attributes)}; "
                "expected an object"
            )
        listed.append((region, attributes, f"{where}: region {index}"))
    return listed


class _Attributes:
    """The attributes that regions have, and how many regions have each."""

    def __init__(self) -> None:
        self.count = 0
        self.having: dict[str, int] = {}

    def add(self, attributes: Record) -> None:
        """Those of one region more."""
        self.count += 1
        for name in attributes:
            self.having[name] = self.having.get(name, 0) + 1

    def choice(self, wanted: str | None, file: Path) -> str:
        """Which attribute names the tooth; raises `AnnotationError` where that is open."""
        known = list(self.having)
        shared = [name for name in known if self.having[name] == self.count]
        if not self.count or wanted in known:
            return wanted or ATTRIBUTES[0]
        asked = f"none is {shown(wanted)}, which the option attribute says"
        if wanted is None:
            if len(shared) == 1:
                return shared[0]
            usual = [(names, name) for names in (shared, known) for name in ATTRIBUTES]
            for names, name in usual:
                if found := [given for given in names if given.strip().casefold() == name]:
                    return found[0]
            asked = "say with the option attribute which one names the tooth"
        raise AnnotationError(f"{file}: regions have the attributes {shown(known)}; {asked}")


def _labelled(regions: list[tuple[Record, Record, str]], attribute: str) -> list[Region]:
    return [
        (region, label, f"{where} ({shown(label)})")
        for region, attributes, where in regions
        for label in [_label(attributes, attribute, where)]
    ]


def _label(attributes: Record, attribute: str, where: str) -> str:
    """The class name of a text, a choice, or a set of boxes with one ticked."""
    given = value = attributes.get(attribute)
    if isinstance(value, dict):
        ticked = [name for name, state in value.items() if state is True]
        value = ticked[0] if len(ticked) == 1 else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise AnnotationError(
            f"{where}: attribute {shown(attribute)} is {shown(given)}; expected one class name"
        )
    return value


def _size(entry: Record, where: str) -> tuple[int, int] | None:
    """(height, width) where the file attributes of `Via.write` tell it."""
    given = entry.get("file_attributes")
    if not isinstance(given, dict) or HEIGHT not in given or WIDTH not in given:
        return None
    sides = [
        side if isinstance(side, str) else shown(side) for side in (given[HEIGHT], given[WIDTH])
    ]
    return image_size(sides[0], sides[1], where)


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
    teeth = []
    for region, label, told in _labelled(_regions(item_at(file, place), where), attribute):
        fdi = numbers[label]
        if fdi is None:
            continue
        try:
            teeth.append((fdi, *_mask(region, size)))
        except AnnotationError as error:
            raise AnnotationError(f"{told}: {error}") from None
    return Teeth.from_masks(size, teeth)


def _mask(region: Record, size: tuple[int, int]) -> CroppedMask:
    shape = region.get("shape_attributes")
    if not isinstance(shape, dict):
        raise AnnotationError(f"shape_attributes are {shown(shape)}; expected an object")
    if shape.get("name") != "polygon":
        raise AnnotationError(f"shape is {shown(shape.get('name'))}; expected 'polygon'")
    x, y = shape.get("all_points_x"), shape.get("all_points_y")
    if not isinstance(x, list) or not isinstance(y, list) or len(x) != len(y):
        raise AnnotationError(
            f"all_points_x and all_points_y are {shown(x)} and {shown(y)}; "
            "expected lists of one length"
        )
    points = [list(point) for point in zip(x, y, strict=True)]
    return trimmed(fill([[ring(points)]], size))


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
    """What VIA is to take from the project: its own settings fill up the rest."""
    return {
        "ui": {"image": {"region_label": attribute, "region_color": attribute}},
        "core": {"default_filepath": "images/"},
        "project": {"name": "panodent"},
    }


def _declared(attribute: str, naming: Naming) -> Record:
    """The attributes that VIA is to offer."""
    options = {naming.name(fdi): tooth.name for fdi, tooth in TEETH.items()}
    options[naming.name(UNNUMBERED)] = UNNUMBERED_NAME
    choice = {"type": "dropdown", "description": "", "options": options, "default_options": {}}
    text = {"type": "text", "description": "", "default_value": ""}
    return {"region": {attribute: choice}, "file": {HEIGHT: text, WIDTH: text}}


FORMAT = Via()
