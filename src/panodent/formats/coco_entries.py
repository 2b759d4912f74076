"""The entries of a COCO file, checked, and the annotations of each image without their masks."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.coco_categories import plain_id
from panodent.formats.faults import FaultReport
from panodent.formats.naming_attributes import Attributes, class_name
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import image_size
from panodent.formats.parsing.image_names import declared_path
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import Place, list_items, runs_at

_LONGEST_RUN = 1 << 20
"""Bytes of annotations of one image that are read at a time, unless one alone has more."""


class CocoEntry(NamedTuple):
    """One annotation of an image.

    Parameters
    ----------
    category : its category's id, or the FDI number that DENTEX's quadrant and position make.
    ignored : whether it is a region to be ignored.
    data : the annotation.
    """

    category: Any
    ignored: bool
    data: Record


class AttributeName(NamedTuple):
    """The class of an annotation whose tooth an attribute names, in place of its category's id."""

    name: str


class Attributed(NamedTuple):
    """How annotations name teeth by an attribute.

    Parameters
    ----------
    attribute : name of the attribute whose values are the teeth, or None.
    known : takes the attributes of all annotations of teeth.
    findings : ids of the categories of findings, which keep their category.
    """

    attribute: str | None
    known: Attributes
    findings: Container[Any]

    def of(self, entry: Record) -> AttributeName | None:
        """What the attribute of an annotation says, if it counts and has a value."""
        told = self._attributes(entry).get(self.attribute) if self.attribute else None
        name = class_name(told)
        return None if name is None else AttributeName(name.strip())

    def see(self, entry: Record) -> None:
        """Takes the attributes of an annotation."""
        if attributes := self._attributes(entry):
            self.known.add(attributes)

    def _attributes(self, entry: Record) -> Record:
        attributes = entry.get("attributes")
        is_finding = plain_id(entry.get("category_id")) in self.findings
        return {} if is_finding or not isinstance(attributes, dict) else attributes


class EntriesByImage:
    """The annotations of all images of a file, which are read again when they are needed.

    Kept is where they lie: annotations of one image that follow each other are one run, and most
    files have one run for each image.

    `number` gives the category of an annotation that has none of its own (DENTEX), `attributed` the
    class of one whose tooth an attribute names.

    A region to be ignored has `ignore: 1` or `iscrowd: 1`. CVAT and some scripts set `iscrowd: 1`
    for every tooth that is stored as run lengths, so it does not count where the annotation has
    CVAT's `attributes`, nor in a file in which every annotation has it.
    """

    def __init__(
        self, file: Path, number: Callable[[Any], int] | None, attributed: Attributed | None = None
    ) -> None:
        self.categories: set[Any] = set()
        """The ids of the categories that annotations have, or their `AttributeName`."""
        self._file, self._number, self._attributed = file, number, attributed
        self._images, self._starts, self._ends = array("I"), array("Q"), array("Q")
        self._last = -1
        self._every_crowd = True

    def add(self, image: int, index: int, place: Place, entry: Record) -> None:
        """Adds an annotation, the one at `index` in the file, of the image at an index.

        Raises `AnnotationError` for odd flags.
        """
        _is_set(entry, "ignore", self._file)
        self._every_crowd &= _is_set(entry, "iscrowd", self._file)
        self.categories.add(self._category(entry))
        if self._attributed is not None:
            self._attributed.see(entry)
        follows = index == self._last + 1 and self._images and self._images[-1] == image
        if follows and place[1] - self._starts[-1] < _LONGEST_RUN:
            self._ends[-1] = place[1]
        else:
            self._images.append(image)
            self._starts.append(place[0])
            self._ends.append(place[1])
        self._last = index

    def finish(self) -> None:
        """Sorts the runs by image, in the order of the file."""
        images = np.array(self._images, np.uint32)
        order = np.argsort(images, kind="stable")
        self._images = array("I", images[order].tobytes())
        self._starts, self._ends = (
            array("Q", np.array(bounds, np.uint64)[order].tobytes())
            for bounds in (self._starts, self._ends)
        )

    def has(self, image: int) -> bool:
        """Whether the image at an index has annotations."""
        return bool(self._runs(image))

    def of_image(self, image: int) -> Iterator[CocoEntry]:
        """The annotations of the image at an index in the order of the file.

        Raises `AnnotationError` if the file has changed.
        """
        places = [(self._starts[run], self._ends[run]) for run in self._runs(image)]
        for entry in runs_at(self._file, places):
            if not isinstance(entry, dict) or "segmentation" not in entry:
                raise AnnotationError(f"{self._file}: changed while it was read; read it again")
            crowd = _is_set(entry, "iscrowd", self._file) and not self._every_crowd
            crowd = crowd and not isinstance(entry.get("attributes"), dict)
            ignored = crowd or _is_set(entry, "ignore", self._file)
            yield CocoEntry(self._category(entry), ignored, entry)

    def _category(self, entry: Record) -> Any:
        if self._number is not None:
            return self._number(entry)
        named = self._attributed.of(entry) if self._attributed is not None else None
        return plain_id(entry.get("category_id")) if named is None else named

    def _runs(self, image: int) -> range:
        return range(bisect_left(self._images, image), bisect_right(self._images, image))


def entries_by_image(
    file: Path,
    data: Record,
    number: Callable[[Any], int] | None,
    report: FaultReport,
    lost: Container[Any] = (),
    attributed: Attributed | None = None,
) -> EntriesByImage:
    """The annotations by index of their image, each checked; segmentations are not kept.

    `number` gives the category of an annotation that has none of its own (DENTEX). `report` takes
    annotations that cannot be used; they are left out. `lost` has the ids of images that are
    reported themselves: what is annotated on them is left out without a further word.
    `attributed` says which annotations an attribute names.
    """
    names = [image["file_name"] for image in data["images"]]
    indices = {image["id"]: index for index, image in enumerate(data["images"])}
    entries = EntriesByImage(file, number, attributed)
    known = None
    if number is None:
        known = {plain_id(entry["id"]) for entry in data["categories"]}
    for position, (place, entry) in enumerate(list_items(file, data["annotations"])):
        item, about = annotation_name(entry), report
        if isinstance(entry, dict) and _is_key(entry.get("image_id")):
            if plain_id(entry["image_id"]) in lost:
                continue
            index = indices.get(plain_id(entry["image_id"]))
            about = report.about("" if index is None else names[index])
        with about.catching(item):
            if number is not None:
                entry["category_id"] = number(entry)
            check([entry], "annotations", file)
            _check_references(entry, indices, known)
            entries.add(indices[plain_id(entry["image_id"])], position, place, entry)
    entries.finish()
    return entries


def annotation_name(entry: object) -> str:
    """How errors name an annotation.

    >>> annotation_name({"id": 7}), annotation_name([])
    ('annotation 7', 'an annotation')
    """
    key = entry.get("id") if isinstance(entry, dict) else None
    return "an annotation" if key is None else f"annotation {excerpt(key)}"


def _check_references(entry: Record, images: Container[Any], known: Container[Any] | None) -> None:
    """Raises `AnnotationError` if the image or the category of an annotation is not listed."""
    if plain_id(entry["image_id"]) not in images:
        raise AnnotationError(
            f"image_id {excerpt(entry['image_id'])} is not among the images; expected the id of one"
        )
    if known is not None and plain_id(entry["category_id"]) not in known:
        raise AnnotationError(
            f"category_id {excerpt(entry['category_id'])} is not among the categories"
        )


def usable_images(data: Record, file: Path, report: FaultReport) -> tuple[list[Record], set[Any]]:
    """(The entries of images that can be used, with plain ids; the ids of the others).

    `report` takes the others. Two images of one id are not used: nobody knows on which of them its
    annotations are. LVIS has `coco_url` in place of `file_name`.
    """
    sound: dict[Any, list[Record]] = {}
    for image in data["images"]:
        if isinstance(image, dict) and "coco_url" in image:
            image.setdefault("file_name", image["coco_url"])
        about, key = _about(image, report), _id_of(image)
        with about.catching(cost="radiograph"):
            check([image], "images", file)
            image["id"] = key
            sound.setdefault(key, []).append(image)
    lost = {_id_of(image) for image in data["images"]} - sound.keys()
    for key, images in sound.items():
        names = dict.fromkeys(image["file_name"] for image in images)
        if len(images) > 1 and len(names) == 1:
            problem = f"id {excerpt(key)} of images is used twice; remove one entry"
            _about(images[0], report).add(problem, cost="nothing")
        elif len(images) > 1:
            lost.add(key)
            listed = " and ".join(map(excerpt, list(names)[:3]))
            problem = (
                f"id {excerpt(key)} of images is used twice, for {listed}: "
                "nobody knows which of them is annotated; give each image an id of its own"
            )
            for image in images:
                _about(image, report).add(problem, cost="radiograph")
    return [images[0] for key, images in sound.items() if key not in lost], lost


def _about(image: object, report: FaultReport) -> FaultReport:
    """Where faults of an entry of images are reported."""
    named = image.get("file_name") if isinstance(image, dict) else None
    return report.about(named if isinstance(named, str) else "")


def _id_of(image: object) -> Any:
    """The id of an entry of images; None if it has none that can be used."""
    key = image.get("id") if isinstance(image, dict) else None
    return plain_id(key) if _is_key(key) else None


def _is_set(entry: Mapping[str, Any], name: str, file: Path) -> bool:
    """Whether a flag of an annotation is 1; raises `AnnotationError` for anything but 0 and 1."""
    value = entry.get(name)
    if value in (None, 0, "0", ""):
        return False
    if value in (1, "1"):
        return True
    raise AnnotationError(
        f"{file}: {name} of annotations is {excerpt(value)}; expected 0 or 1: {excerpt(entry)}"
    )


_FIELDS = {
    "images": ("id", "file_name"),
    "annotations": ("image_id", "category_id", "segmentation"),
    "categories": ("id",),
}
"""The fields that entries must have."""


def check(entries: list[Any], kind: str, file: Path) -> None:
    """Raises `AnnotationError` for entries that lack a field or have an unusable one."""
    wanted, seen = _FIELDS[kind], set()
    for entry in entries:
        lacking = [f for f in wanted if not isinstance(entry, dict) or f not in entry]
        if lacking:
            raise AnnotationError(
                f"{file}: an entry of {kind} lacks {', '.join(lacking)}: {excerpt(entry)}"
            )
        for name in wanted:
            if name.endswith("id") and not _is_key(entry[name]):
                raise AnnotationError(
                    f"{file}: {name} of {kind} is {excerpt(entry[name])}; expected a number or text"
                )
        if kind == "annotations":
            continue
        if entry["id"] in seen:
            raise AnnotationError(f"{file}: id {excerpt(entry['id'])} of {kind} is used twice")
        seen.add(entry["id"])
        if kind == "images":
            _check_image(entry, file)
        elif isinstance(entry.get("name"), list | dict):
            raise AnnotationError(
                f"{file}: name of categories is {excerpt(entry['name'])}; expected a text"
            )


def _check_image(image: Record, file: Path) -> None:
    if not isinstance(image["file_name"], str):
        raise AnnotationError(
            f"{file}: an image's file_name is {excerpt(image['file_name'])}; expected a text"
        )
    declared_path(image["file_name"], str(file))
    declared_size_of(image, str(file))


def declared_size_of(image: Record, where: str) -> tuple[int, int] | None:
    """(height, width) of an entry of images; None if it has none, or zeros as some tools write.

    Raises `AnnotationError` for other sizes.
    """
    height, width = image.get("height"), image.get("width")
    if not height and not width:
        return None
    name = declared_path(image["file_name"], where)
    return image_size(height, width, f"{where}: {name}")


def _is_key(value: object) -> TypeGuard[int | float | str]:
    return isinstance(value, int | float | str)
