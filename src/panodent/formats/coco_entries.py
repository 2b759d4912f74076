"""The entries of a COCO file, checked, and the annotations of each image without their masks."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panodent.errors import AnnotationError
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import image_path, image_size
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
    file: Path, data: Record, number: Callable[[Any], int] | None
) -> dict[Any, Entries]:
    """The annotations by image id, each checked; segmentations are not kept.

    `number` gives the category of an annotation that has none of its own (DENTEX).
    """
    entries = {image["id"]: Entries() for image in data["images"]}
    stray = set()
    every_crowd = True
    for (start, end), entry in list_items(file, data["annotations"]):
        if number is not None:
            entry["category_id"] = number(entry)
        check([entry], "annotations", file)
        found = entries.get(entry["image_id"])
        if found is None:
            stray.add(str(entry["image_id"]))
            continue
        found.starts.append(start)
        found.ends.append(end)
        found.categories.append(entry["category_id"])
        found.ignored.append(_is_set(entry, "ignore", file))
        crowd = _is_set(entry, "iscrowd", file)
        found.crowds.append(crowd and not isinstance(entry.get("attributes"), dict))
        every_crowd &= crowd
    if not every_crowd:
        for found in entries.values():
            found.ignored = [a or b for a, b in zip(found.ignored, found.crowds, strict=True)]
    if stray:
        raise AnnotationError(
            f"{file}: annotations refer to image_id {sorted(stray)[:3]}, which images does not list"
        )
    return entries


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
            if name.endswith("id") and not isinstance(entry[name], int | float | str):
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
    path = image_path(image["file_name"], file)
    image_size(image["height"], image["width"], f"{file}: {path}", texts=False)
