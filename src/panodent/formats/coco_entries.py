"""The entries of a COCO file, checked, and the annotations of each image without their masks."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from panodent.errors import AnnotationError
from panodent.formats.faults import FaultReport
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import image_size
from panodent.formats.parsing.image_search import declared_path
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import list_items


@dataclass
class Entries:
    """The annotations of an image: their places in the file, their categories, which to ignore.

    A region to be ignored has `ignore: 1` or `iscrowd: 1`. CVAT and some scripts set `iscrowd: 1`
    for every tooth that is stored as run lengths, so it does not count where the annotation has
    CVAT's `attributes`, nor in a file in which every annotation has it.
    """

    starts: array[int] = field(default_factory=lambda: array("Q"))
    ends: array[int] = field(default_factory=lambda: array("Q"))
    categories: list[Any] = field(default_factory=list)
    ignored: list[bool] = field(default_factory=list)
    crowds: list[bool] = field(default_factory=list)


def entries_by_image(
    file: Path,
    data: Record,
    number: Callable[[Any], int] | None,
    report: FaultReport,
) -> dict[Any, Entries]:
    """The annotations by image id, each checked; segmentations are not kept.

    `number` gives the category of an annotation that has none of its own (DENTEX). `report` takes
    images and annotations that cannot be used; they are left out.
    """
    names = {image["id"]: image["file_name"] for image in data["images"]}
    entries = {key: Entries() for key in names}
    known = None if number is not None else {entry["id"] for entry in data["categories"]}
    every_crowd = True
    for (start, end), entry in list_items(file, data["annotations"]):
        item, about = annotation_name(entry), report
        if isinstance(entry, dict) and _is_key(entry.get("image_id")):
            about = report.about(names.get(entry["image_id"], ""))
        with about.catching(item):
            if number is not None:
                entry["category_id"] = number(entry)
            check([entry], "annotations", file)
            _check_references(entry, names, known)
            ignored = _is_set(entry, "ignore", file)
            crowd = _is_set(entry, "iscrowd", file)
            found = entries[entry["image_id"]]
            found.starts.append(start)
            found.ends.append(end)
            found.categories.append(entry["category_id"])
            found.ignored.append(ignored)
            found.crowds.append(crowd and not isinstance(entry.get("attributes"), dict))
            every_crowd &= crowd
    if not every_crowd:
        for found in entries.values():
            found.ignored = [a or b for a, b in zip(found.ignored, found.crowds, strict=True)]
    return entries


def annotation_name(entry: object) -> str:
    """How errors name an annotation.

    >>> annotation_name({"id": 7}), annotation_name([])
    ('annotation 7', 'an annotation')
    """
    key = entry.get("id") if isinstance(entry, dict) else None
    return "an annotation" if key is None else f"annotation {excerpt(key)}"


def _check_references(
    entry: Record, names: Mapping[Any, str], known: Container[Any] | None
) -> None:
    """Raises `AnnotationError` if the image or the category of an annotation is not listed."""
    if entry["image_id"] not in names:
        raise AnnotationError(
            f"image_id {excerpt(entry['image_id'])} is not among the images; expected the id of one"
        )
    if known is not None and entry["category_id"] not in known:
        raise AnnotationError(
            f"category_id {excerpt(entry['category_id'])} is not among the categories"
        )


def usable_images(data: Record, file: Path, report: FaultReport) -> list[Record]:
    """The entries of images that can be used; `report` takes the others."""
    found: dict[Any, Record] = {}
    for image in data["images"]:
        named = image.get("file_name") if isinstance(image, dict) else None
        about = report.about(named if isinstance(named, str) else "")
        with about.catching(cost="radiograph"):
            check([image], "images", file)
            if image["id"] in found:
                raise AnnotationError(f"id {excerpt(image['id'])} of images is used twice")
            found[image["id"]] = image
    return list(found.values())


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
    "images": ("id", "file_name", "height", "width"),
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
    path = declared_path(image["file_name"], str(file))
    image_size(image["height"], image["width"], f"{file}: {path}", texts=False)


def _is_key(value: object) -> TypeGuard[int | float | str]:
    return isinstance(value, int | float | str)
