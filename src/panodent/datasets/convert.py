"""Converts annotated radiographs from one format to another, one radiograph in memory at a time.

What is read is written to a journal first, one line for each radiograph; the new format is then
written from the journal. A call that was interrupted can therefore continue after the last line.

>>> from panodent import phantom
>>> with tempfile.TemporaryDirectory() as folder:
...     phantom.write(Path(folder, "coco"), 2, size=(64, 128))
...     done = convert(Path(folder, "coco"), Path(folder, "voc"), "voc")
...     sorted(file.name for file in Path(folder, "voc", "Annotations").iterdir())
['phantom-00000.xml', 'phantom-00001.xml']
>>> done.source_format, done.written, done.lost["outlines (boxes only)"]
('coco', 2, 2)
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
from panodent.datasets.conversion_folder import JOURNAL, begin, finish
from panodent.datasets.dataset import radiographs_below
from panodent.errors import (
    AnnotationError,
    ConfigError,
    OutputError,
    PanodentError,
    UnknownNameError,
)
from panodent.formats.base import Annotated, finding_losses, losses
from panodent.formats.naming import Naming
from panodent.formats.parsing.image_entries import check_odd_name, image_path
from panodent.formats.registry import BY_NAME, FORMATS
from panodent.radiograph.folder_search import Unread
from panodent.radiograph.radiograph import read, suffix_of
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import write_whole
from panodent.utils.output_folder import occupied
from panodent.utils.progress import Progress
from panodent.utils.wording import near_name

IMAGES = ("copy", "link", "none")
Change = Callable[[str, Teeth], Teeth]
"""Given the key and the teeth of a radiograph, the teeth to write."""


@dataclass
class Conversion:
    """The outcome of a conversion.

    Parameters
    ----------
    source_format : name of the format that was read.
    written, teeth : radiographs and teeth that were written.
    unnumbered : how many of the teeth have no number.
    findings : findings that were read; `lost_findings` says which were not written.
    resumed : radiographs that an earlier, interrupted call had read.
    without_image : annotations whose radiograph was not found.
    unread : entries of the source that are not read but may be radiographs.
    lost : number of radiographs by what the new format could not hold, see
        `panodent.formats.base.losses`.
    lost_findings : number of findings by what the new format could not hold of them, see
        `panodent.formats.base.finding_losses`.
    failed : for each key that could not be converted, the reason.
    """

    source_format: str
    written: int = 0
    teeth: int = 0
    unnumbered: int = 0
    findings: int = 0
    resumed: int = 0
    without_image: int = 0
    unread: list[Unread] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    lost_findings: Counter[str] = field(default_factory=Counter)
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
    radiographs: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    change: Change | None = None,
) -> Conversion:
    """Converts the annotations of `source` to the format `to`, below the folder `target`.

    Parameters
    ----------
    source : a data folder, or the file of a format that has only one.
    target : a new or empty folder.
    to : a name of `panodent.formats.NAMES`.
    format_name : the format of `source`; recognised if None.
    read_options, write_options : options of the two formats.
    images : 'copy' or 'link' (hard links) radiographs to the new folder, or 'none'.
    radiographs : a folder to look for the radiographs in, if they are not in `source`.
    resume : continue an interrupted conversion of the same source with the same options.
    overwrite : replace what an earlier conversion wrote to `target`.
    progress : called after each radiograph.
    change : may replace the teeth of each radiograph; an error that it raises is a failure of that
        radiograph.

    A radiograph that cannot be converted is reported in `Conversion.failed`; the others go on.

    Raises
    ------
    AnnotationError : `source` as a whole cannot be read.
    ConfigError, UnknownNameError : names or options are wrong, also in combination.
    OutputError : the new folder is not empty or cannot be written.
    """
    writer = formats.get(to)
    _check_places(source, target, images)
    name = format_name or formats.recognise(source)
    annotations = formats.get(name).read(source, read_options or {})
    found, unread = _radiographs(source, radiographs)
    _check_writing(writer, write_options or {})
    task = {"source": str(source.resolve()), "from": name, "to": to, "images": images}
    task["radiographs"] = str((radiographs or source).resolve())
    options = {"read": _plain(read_options), "write": _plain(write_options)}

    def line(item: Annotated) -> dict[str, Any]:
        return _line(item, item.image or found.get(item.key), target, writer, images, change)

    with occupied(target, "convert"):
        done = begin(target, {**task, "changed": bool(change), **options}, resume, overwrite)
        result = Conversion(name, resumed=len(done), unread=unread)
        _fill(target / JOURNAL, done, annotations, line, result, progress)
        writer.write(target, _counted(target / JOURNAL, writer, result), write_options or {})
        finish(target)
    return result


def _check_places(source: Path, target: Path, images: str) -> None:
    """Raises the errors that wrong places cause."""
    if images not in IMAGES:
        raise UnknownNameError("treatment of images", images, IMAGES)
    if source.resolve() == target.resolve():
        raise ConfigError(f"{target}: source and target are the same folder; choose another target")


def _radiographs(source: Path, named: Path | None) -> tuple[dict[str, Path], list[Unread]]:
    """Radiographs by key, and what is not read, in the folder `named` or else in the source."""
    if named is not None and not named.is_dir():
        raise ConfigError(
            f"{named}: no such folder; expected that of the radiographs{near_name(named)}"
        )
    place = named or source
    found, unread = radiographs_below(place) if place.is_dir() else ({}, [])
    return found, [item for item in unread if item.lost]


def _check_writing(writer: formats.Format, options: Mapping[str, Any]) -> None:
    """Raises the errors that wrong options cause in writing, before anything is read."""
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


def _fill(
    journal: Path,
    done: set[str],
    annotations: list[Annotated],
    line: Callable[[Annotated], dict[str, Any]],
    result: Conversion,
    progress: Progress | None,
) -> None:
    """Adds a line to the journal for each annotation that is not `done`."""
    with journal.open("a", encoding="utf-8") as stream:
        for number, item in enumerate(annotations, start=1):
            if item.key not in done:
                try:
                    stream.write(json.dumps(line(item)) + "\n")
                    stream.flush()
                except OutputError:
                    raise
                except PanodentError as error:
                    result.failed[item.key] = str(error)
            if progress is not None:
                progress(number, len(annotations))


def _line(
    item: Annotated,
    image: Path | None,
    target: Path,
    writer: formats.Format,
    images: str,
    change: Change | None,
) -> dict[str, Any]:
    """One annotation as a line of the journal; its radiograph is copied or linked."""
    name = f"{item.key}{suffix_of(image).lower() if image else '.png'}"
    check_odd_name(image_path(name, target), writer.limits)
    teeth = item.read() if change is None else change(item.key, item.read())
    put = ""
    if image is not None and images != "none":
        put = writer.image_place(name)
        name = f"{item.key}{suffix_of(put)}"
        _put(image, target / put, images)
    return {
        "key": item.key,
        "name": name,
        "place": put,
        "image": image is not None,
        "size": list(teeth.size),
        "teeth": _plain_teeth(teeth),
        **_plain_findings(item, teeth),
    }


def _plain_teeth(teeth: Teeth) -> list[list[Any]]:
    return [
        [int(fdi), teeth.rle(i), float(teeth.scores[i]), sorted(teeth.flags[i])]
        for i, fdi in enumerate(teeth.fdi)
    ]


def _plain_findings(item: Annotated, teeth: Teeth) -> dict[str, Any]:
    """The findings of an annotation for the journal; nothing if the source has none."""
    if item.findings is None:
        return {}
    annotated = item.findings()
    found = annotated.findings
    if found.size != teeth.size:
        raise AnnotationError(
            f"{item.key}: its findings are on {found.size[1]} x {found.size[0]} pixels, its teeth "
            f"on {teeth.size[1]} x {teeth.size[0]}; expected the same"
        )
    marks = zip(found.kinds, _plain_teeth(found.marks), strict=True)
    return {
        "findings": [[kind, *mark] for kind, mark in marks],
        "unclear": bool(annotated.unclear.any()),
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
        raise OutputError(
            f"{place}: {image.name} cannot be copied there ({error.strerror})"
        ) from None


def _as_png(image: Path) -> bytes:
    """A radiograph as a PNG of 16 bits, for formats that take PNG only."""
    import cv2

    deep = np.round(read(image).pixels * 65535).astype(np.uint16)
    data: bytes = cv2.imencode(".png", deep)[1].tobytes()
    return data


def _counted(
    journal: Path, writer: formats.Format, result: Conversion
) -> Iterator[tuple[str, Teeth] | tuple[str, Teeth, Findings]]:
    """(file name, teeth, findings if known) of each line of the journal; counts in `result`."""
    unknown, known = 0, False
    with journal.open(encoding="utf-8") as stream:
        next(stream)
        for line in stream:
            entry = json.loads(line)
            size = tuple(entry["size"])
            teeth = _teeth(size, entry["teeth"])
            result.lost.update(losses(teeth, writer.limits))
            result.written += 1
            result.teeth += len(teeth)
            result.unnumbered += int((teeth.fdi == UNNUMBERED).sum())
            result.without_image += not entry["image"]
            if "findings" not in entry:
                unknown += 1
                yield entry["name"], teeth
                continue
            known = True
            found = Findings(
                tuple(kind for kind, *_ in entry["findings"]),
                _teeth(size, [mark for _, *mark in entry["findings"]]),
            )
            result.findings += len(found)
            result.lost_findings.update(finding_losses(found, writer.limits))
            result.lost.update(["findings of no single kind"] * entry["unclear"])
            yield entry["name"], teeth, found
    if known and unknown and writer.limits.findings != "no":
        result.lost["that nobody looked for findings"] = unknown


def _teeth(size: tuple[int, int], items: list[list[Any]]) -> Teeth:
    """The record of what `_plain_teeth` made."""
    kept = Teeth.from_rles(size, [(fdi, rle) for fdi, rle, *_ in items])
    return Teeth(
        kept.size,
        kept.fdi,
        kept.boxes,
        kept.masks,
        np.array([score for _, _, score, _ in items]),
        tuple(frozenset(flags) for *_, flags in items),
    )
