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
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from panodent import formats
from panodent.datasets.checking import fault_of, stop_at, teeth_of_size
from panodent.datasets.conversion_folder import JOURNAL, begin, finish
from panodent.datasets.dataset import images_below
from panodent.datasets.image_copies import put
from panodent.datasets.journal import (
    findings_entry,
    findings_of_entry,
    teeth_entry,
    teeth_of_entry,
)
from panodent.datasets.splits import held_out
from panodent.errors import (
    ConfigError,
    DatasetError,
    OutputError,
    PanodentError,
    UnknownNameError,
)
from panodent.formats.base import Annotated, finding_losses, losses
from panodent.formats.faults import OPTION, Fault, FaultList
from panodent.formats.naming import Naming
from panodent.formats.parsing.image_entries import check_odd_name, image_path
from panodent.formats.registry import BY_NAME, FORMATS, WRITTEN
from panodent.radiograph.folder_search import Unread
from panodent.radiograph.radiograph import suffix_of
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import UNNUMBERED, Teeth
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
    faults : what `skip_bad` left out, and notes, see `panodent.formats.faults`.
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
    faults: tuple[Fault, ...] = ()


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
    skip_bad: bool = False,
    progress: Progress | None = None,
    change: Change | None = None,
) -> Conversion:
    """Converts the annotations of `source` to the format `to`, below the folder `target`.

    Parameters
    ----------
    source, target : a data folder, or the file of a format with only one; a new or empty folder.
    to : a name of `panodent.formats.NAMES`.
    format_name : the format of `source`; recognised if None.
    read_options, write_options : options of the two formats.
    images : 'copy' or 'link' (hard links) radiographs to the new folder, or 'none'.
    radiographs : a folder to look for the radiographs in, if they are not in `source`.
    resume : continue an interrupted conversion of the same source with the same options.
    overwrite : replace what an earlier conversion wrote to `target`.
    skip_bad : leave out annotations and radiographs that cannot be read, and list them in
        `Conversion.faults` and `Conversion.failed`. Otherwise all are read once before anything is
        written.
    progress : called after each radiograph.
    change : may replace the teeth of each radiograph; its error is a failure of that radiograph.

    Raises
    ------
    FaultyItemsError : annotations cannot be read; it lists all of them, and nothing was written.
    AnnotationError, DatasetError : `source` as a whole cannot be read, or has nothing to convert.
    ConfigError, UnknownNameError : names or options are wrong, also in combination.
    OutputError : the new folder is not empty or cannot be written.
    """
    faults = FaultList()
    writer = _checked_writer(source, target, to, images, write_options or {})
    name, annotations = _annotations(source, format_name, {**(read_options or {}), OPTION: faults})
    found, unread = _radiographs(source, radiographs, annotations, faults)
    if not skip_bad:
        _check_reading(annotations, found, faults)
    task = _task(source, radiographs, name, to, images)
    task |= {"read": _plain(read_options), "write": _plain(write_options), "changed": bool(change)}
    line = partial(_line, found, target, writer, images, change, faults)
    with occupied(target, "convert"):
        done = begin(target, task, resume, overwrite)
        result = Conversion(name, resumed=len(done), unread=unread)
        _fill(target / JOURNAL, done, annotations, line, result, progress)
        options = {**(write_options or {}), **_split(to, annotations, found)}
        annotations.clear()  # all of them are in the journal
        writer.write(target, _counted(target / JOURNAL, writer, result, faults), options)
        finish(target)
    result.faults = tuple(faults)
    return result


def _annotations(
    source: Path, format_name: str | None, options: Mapping[str, Any]
) -> tuple[str, list[Annotated]]:
    """As `formats.read`; raises `DatasetError` if there is nothing to convert and no fault."""
    name, annotations = formats.read(source, format_name, options)
    if not annotations and not options[OPTION].serious:
        raise DatasetError(f"{source}: no annotated radiograph ({name}), so nothing to convert")
    return name, annotations


def _task(
    source: Path, radiographs: Path | None, name: str, to: str, images: str
) -> dict[str, Any]:
    """What is converted, and how, as plain data; a resumed call must have the same."""
    task = {"source": str(source.resolve()), "from": name, "to": to, "images": images}
    return {**task, "radiographs": str((radiographs or source).resolve())}


def _radiographs(
    source: Path, named: Path | None, annotations: list[Annotated], faults: FaultList
) -> tuple[dict[str, Path], list[Unread]]:
    """Radiographs by key, and what is not read, in the folder `named` or else in the source.

    Those that annotations have found themselves are left out.
    """
    if named is not None and not named.is_dir():
        raise ConfigError(
            f"{named}: no such folder; expected that of the radiographs{near_name(named)}"
        )
    place = named or source
    found, unread = images_below(place, faults) if place.is_dir() else ({}, [])
    sought = (item.key for item in annotations if item.image is None)
    return {key: Path(found[key]) for key in sought if key in found}, [i for i in unread if i.lost]


def _check_reading(
    annotations: list[Annotated], found: Mapping[str, Path], faults: FaultList
) -> None:
    """Reads everything once; raises `FaultyItemsError` with all that cannot be used."""
    for item in annotations:
        try:
            findings_entry(item, teeth_of_size(item, item.image or found.get(item.key)))
        except PanodentError as error:
            faults.add(fault_of(error))
    stop_at(faults)


def _checked_writer(
    source: Path, target: Path, to: str, images: str, options: Mapping[str, Any]
) -> formats.Format:
    """The format to write; raises what wrong options cause in writing, before anything is read."""
    if images not in IMAGES:
        raise UnknownNameError("treatment of images", images, IMAGES)
    if to not in BY_NAME:
        raise UnknownNameError("format", to, WRITTEN)
    writer = formats.get(to)
    if source.resolve() == target.resolve():
        raise ConfigError(f"{target}: source and target are the same folder; choose another target")
    numbering = Naming.of(options).numbering
    info = BY_NAME[writer.name]
    if not info.numberings and numbering not in (None, "fdi"):
        raise ConfigError(f"{writer.name} is written with FDI numbers; leave {numbering} out")
    if "geometry" in options and not info.geometries:
        choice = ", ".join(other.name for other in FORMATS if other.geometries)
        raise ConfigError(f"{writer.name} has one kind of outline; a geometry is for {choice}")
    with tempfile.TemporaryDirectory() as trial:
        writer.write(Path(trial), [], options)
    return writer


def _split(to: str, annotations: list[Annotated], found: Mapping[str, Path]) -> dict[str, Any]:
    """The option of formats with a folder for each side: the keys that are held out."""
    if not BY_NAME[to].splits:
        return {}
    named = ((item.key, item.image or found.get(item.key)) for item in annotations)
    return {"validation": held_out(named)}


def _plain(options: Mapping[str, Any] | None) -> str:
    return json.dumps({key: str(value) for key, value in (options or {}).items()})


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
    found: Mapping[str, Path],
    target: Path,
    writer: formats.Format,
    images: str,
    change: Change | None,
    faults: FaultList,
    item: Annotated,
) -> dict[str, Any]:
    """One annotation as a line of the journal, with its faults; its radiograph is put in place."""
    image = item.image or found.get(item.key)
    with faults.watching() as seen:
        made = _converted(item, image, target, writer, images, change)
    return {**made, "faults": [astuple(fault) for fault in seen]}


def _converted(
    item: Annotated,
    image: Path | None,
    target: Path,
    writer: formats.Format,
    images: str,
    change: Change | None,
) -> dict[str, Any]:
    """One annotation as plain data; its radiograph is copied or linked."""
    name = f"{item.key}{suffix_of(image).lower() if image else '.png'}"
    check_odd_name(image_path(name, target), writer.limits)
    teeth = teeth_of_size(item, image)
    teeth = teeth if change is None else change(item.key, teeth)
    made = ""
    if image is not None and images != "none":
        made = writer.image_place(name)
        name = f"{item.key}{suffix_of(made)}"
        put(image, target / made, images)
    return {
        "key": item.key,
        "name": name,
        "place": made,
        "image": image is not None,
        "size": list(teeth.size),
        "teeth": teeth_entry(teeth),
        **findings_entry(item, teeth),
    }


def _counted(
    journal: Path, writer: formats.Format, result: Conversion, faults: FaultList
) -> Iterator[tuple[str, Teeth] | tuple[str, Teeth, Findings]]:
    """(file name, teeth, findings if known) of each line of the journal; counts in `result`."""
    unknown, known = 0, False
    with journal.open(encoding="utf-8") as stream:
        next(stream)
        for line in stream:
            entry = json.loads(line)
            for fault in entry.get("faults", ()):  # those of an interrupted call, too
                faults.add(Fault(*fault))
            size = tuple(entry["size"])
            teeth = teeth_of_entry(size, entry["teeth"])
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
            found = findings_of_entry(size, entry)
            result.findings += len(found)
            result.lost_findings.update(finding_losses(found, writer.limits))
            result.lost.update(["findings of no single kind"] * entry["unclear"])
            yield entry["name"], teeth, found
    if known and unknown and writer.limits.findings != "no":
        result.lost["that nobody looked for findings"] = unknown
