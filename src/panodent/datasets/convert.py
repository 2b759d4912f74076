"""Annotated radiographs from one format to another: counted, resumable, in constant memory.

What is read goes into a journal, a line a radiograph, and the new format is written from it: a call
that was cut off goes on after the last line.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from panodent import formats
from panodent.datasets.dataset import images_below
from panodent.errors import ConfigError, OutputError, PanodentError, UnknownNameError
from panodent.formats.base import Annotated, losses
from panodent.formats.naming import Naming
from panodent.formats.registry import BY_NAME, FORMATS
from panodent.radiograph.radiograph import read, suffix_of
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

JOURNAL = ".convert.jsonl"
IMAGES = ("copy", "link", "none")
Progress = Callable[[int, int], None]
Change = Callable[[str, Teeth], Teeth]
"""Given the key and the teeth of a radiograph, the teeth to write."""


@dataclass
class Conversion:
    """What became of a folder.

    `lost` counts radiographs by what their new format could not hold; `failed` says by key why an
    annotation or its picture could not be taken over; `without_image` counts annotations alone.
    """

    source_format: str
    written: int = 0
    teeth: int = 0
    resumed: int = 0
    without_image: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)


def convert(
    source: Path,
    target: Path,
    to: str,
    *,
    format_name: str | None = None,
    read_options: Mapping[str, Any] | None = None,
    write_options: Mapping[str, Any] | None = None,
    images: str = "copy",
    resume: bool = False,
    progress: Progress | None = None,
    change: Change | None = None,
) -> Conversion:
    """Writes what `source` holds in format `to` below the folder `target`.

    `images` says whether radiographs are copied, hard-linked or left where they are. `change` may
    replace the teeth of each radiograph; a `PanodentError` that it raises is a failure of that
    radiograph. Raises `AnnotationError`, `ConfigError`, `OutputError` for what concerns the whole.
    """
    if images not in IMAGES:
        raise UnknownNameError("way with images", images, IMAGES)
    writer = formats.get(to)
    if source.resolve() == target.resolve():
        raise ConfigError(f"{target}: source and target are one folder; choose another")
    name = format_name or formats.recognise(source)
    annotations = formats.get(name).read(source, read_options or {})
    radiographs = images_below(source) if source.is_dir() else {}
    result = Conversion(name)
    journal = target / JOURNAL
    _check_writing(writer, write_options or {})
    order: dict[str, Any] = {
        "source": str(source.resolve()),
        "from": name,
        "to": to,
        "images": images,
        "changed": change is not None,
    }
    order |= {"read": _plain(read_options), "write": _plain(write_options)}
    done = _begin(journal, order, resume)
    result.resumed = len(done)
    with journal.open("a", encoding="utf-8") as stream:
        for number, item in enumerate(annotations, start=1):
            if item.key not in done:
                image = item.image or radiographs.get(item.key)
                try:
                    line = _taken(item, image, target, writer, images, change)
                except OutputError:
                    raise
                except PanodentError as error:
                    result.failed[item.key] = str(error)
                else:
                    stream.write(json.dumps(line) + "\n")
                    stream.flush()
            if progress is not None:
                progress(number, len(annotations))
    writer.write(target, _counted(journal, writer, result), write_options or {})
    journal.unlink()
    return result


def _check_writing(writer: formats.Format, options: Mapping[str, Any]) -> None:
    """Raises what writing would raise for options that make no sense, before anything is read."""
    numbering = Naming.of(options).numbering
    info = BY_NAME[writer.name]
    if not info.numberings and numbering not in (None, "fdi"):
        raise ConfigError(f"{writer.name} is written with FDI numbers; leave {numbering} out")
    if "geometry" in options and not info.geometries:
        choice = ", ".join(other.name for other in FORMATS if other.geometries)
        raise ConfigError(f"{writer.name} has one kind of outline; a geometry is for {choice}")
    with tempfile.TemporaryDirectory() as trial:
        writer.write(Path(trial), [], options)


def _plain(options: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: str(value) for key, value in (options or {}).items()}


def _begin(journal: Path, order: Mapping[str, Any], resume: bool) -> set[str]:
    """Starts the journal, or goes on with it; the keys that it holds."""
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{journal.parent}: cannot be written ({error.strerror})") from None
    if resume and journal.exists():
        lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
        if not lines or json.loads(lines[0]) != order:
            raise ConfigError(
                f"{journal.parent}: an unfinished conversion of something else is there; "
                "give the same source and options, or leave out --resume"
            )
        whole = [line for line in lines if line.endswith("\n")]  # the last may be cut off
        write_whole(journal, "".join(whole))
        return {json.loads(line)["key"] for line in whole[1:]}
    if any(journal.parent.iterdir()) and not journal.exists():
        raise OutputError(
            f"{journal.parent}: is not empty; choose a new folder, so that nothing there is mixed "
            "with what is written"
        )
    write_whole(journal, json.dumps(order) + "\n")
    return set()


def _taken(
    item: Annotated,
    image: Path | None,
    target: Path,
    writer: formats.Format,
    images: str,
    change: Change | None,
) -> dict[str, Any]:
    """One annotation as a line of the journal, its radiograph in its place."""
    teeth = item.read() if change is None else change(item.key, item.read())
    name = f"{item.key}{suffix_of(image).lower() if image else '.png'}"
    if image is not None and images != "none":
        place = target / writer.image_place(name)
        name = f"{item.key}{suffix_of(place)}"
        _put(image, place, images)
    return {
        "key": item.key,
        "name": name,
        "image": image is not None,
        "size": list(teeth.size),
        "teeth": [
            [int(fdi), teeth.rle(i), float(teeth.scores[i]), sorted(teeth.flags[i])]
            for i, fdi in enumerate(teeth.fdi)
        ],
    }


def _put(image: Path, place: Path, images: str) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        if place.suffix.lower() != image.suffix.lower():
            write_whole(place, _as_png(image))
        elif images == "link":
            os.link(image.resolve(), place)
        else:
            shutil.copyfile(image, place)
    except OSError as error:
        raise OutputError(f"{place}: {image.name} cannot be put there ({error.strerror})") from None


def _as_png(image: Path) -> bytes:
    """A radiograph as PNG of sixteen bits, for formats that take no other."""
    import cv2

    deep = np.round(read(image).pixels * 65535).astype(np.uint16)
    data: bytes = cv2.imencode(".png", deep)[1].tobytes()
    return data


def _counted(
    journal: Path, writer: formats.Format, result: Conversion
) -> Iterator[tuple[str, Teeth]]:
    """The journal's radiographs as a format writes them, what gets lost counted on the way."""
    with journal.open(encoding="utf-8") as stream:
        next(stream)
        for line in stream:
            entry = json.loads(line)
            items = entry["teeth"]
            kept = Teeth.from_rles(tuple(entry["size"]), [(fdi, rle) for fdi, rle, *_ in items])
            teeth = Teeth(
                kept.size,
                kept.fdi,
                kept.boxes,
                kept.masks,
                np.array([score for _, _, score, _ in items]),
                tuple(frozenset(flags) for *_, flags in items),
            )
            result.lost.update(losses(teeth, writer.limits))
            result.written += 1
            result.teeth += len(teeth)
            result.without_image += not entry["image"]
            yield entry["name"], teeth
