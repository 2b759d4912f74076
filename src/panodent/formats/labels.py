"""Label maps: one indexed or grey picture a radiograph, with a pixel value for each tooth.

Folders are `masks_machine/`, `masks/` or `labels/` beside the radiographs, also in folders of
splits such as `train/masks/`, or `<name>/labels.png`,
which `panodent predict` writes. The record beside it, `<name>/teeth.json`, is read instead, because
it has overlaps, scores and teeth without a number as well. A pixel value does not say by itself
which tooth it is, so a value map must be named (`VALUE_MAPS`) or given as a JSON file. A label map
cannot hold overlaps (the smaller tooth is on top) or scores. PNG is written; TIFF and BMP are read.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_masks((2, 3), [(36, [[1, 1]], (0, 1))])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)], {"values": "universal"})
...     read_values(Path(folder, "labels", "opg.png")).tolist()
...     FORMAT.read(Path(folder), {"values": "universal"})[0].read() == teeth
[[0, 19, 19], [0, 0, 0]]
True
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from panodent.dentition import TEETH, from_universal
from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.parsing.data_folder import image_root, key_in_split
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import visible_below
from panodent.formats.parsing.image_entries import checked_names, in_order
from panodent.formats.parsing.image_search import FoundImage, ImageSearch, Sought
from panodent.formats.parsing.json_record import is_whole, load
from panodent.formats.parsing.label_map import (
    MAP_SUFFIXES,
    lookup_table,
    read_values,
    to_teeth,
    write_png,
)
from panodent.formats.parsing.tooth_masks import tooth_masks
from panodent.formats.result_record import (
    RECORD,
    RESULTS,
    is_record,
    read_record_findings,
    read_record_teeth,
)
from panodent.radiograph.radiograph import SUFFIXES, key_of
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

FOLDERS = ("masks_machine", "masks", "labels")
RESULT = "labels.png"
"""What `panodent predict` calls the label map of a radiograph."""
_ADDED = re.compile(r"[_\-. ](mask|label|seg|gt|png|jpe?g|tiff?|bmp|dcm)s?$", re.IGNORECASE)
"""What tools add to the name of a radiograph for that of its label map."""
COLOUR_MAP = "obj_class_to_machine_color.json"
"""The value map that the data set of Humans in the Loop brings, and that is written."""

# Humans in the Loop, "Teeth Segmentation on dental X-ray images": pixel values follow the order of
# classes in that data set's meta.json. Here are the values of Universal numbers 1 to 32.
_HITL = (
    *(18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 4, 5, 1, 2, 3, 15),
    *(17, 28, 6, 7, 8, 9, 10, 11, 12, 16, 13, 29, 30, 31, 32, 14),
)
VALUE_MAPS: Mapping[str, Mapping[int, int]] = {
    "fdi": {fdi: fdi for fdi in TEETH},
    "universal": {number: from_universal(number) for number in range(1, 33)},
    "hitl": {value: from_universal(number) for number, value in enumerate(_HITL, start=1)},
}
"""FDI number by pixel value, for each name that the option `values` takes."""


class Labels(Format):
    """A folder of label maps."""

    name = "labels"

    def recognises(self, path: Path) -> bool:
        """A folder with label maps in one of the usual places."""
        return path.is_dir() and bool(_maps(path)) and not tooth_masks(path)

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Label maps below `path`.

        The option `values` is a value map, see `value_map`. Without it, the folder's own colour
        map is used, or FDI numbers for what `panodent predict` wrote; for other folders it is
        required. Without it, teeth and findings of results of `panodent predict` are read from
        their teeth.json.
        """
        given = options or {}
        maps = _maps(path)
        if not maps:
            raise AnnotationError(
                f"{path}: no label maps; expected PNG, TIFF or BMP in {', '.join(FOLDERS)} "
                f"or <name>/{RESULT}"
            )
        values = given.get("values") or _colour_map_beside(path)
        if values is None and all(item.file.name == RESULT for item in maps):
            values = "fdi"
        if values is None:
            raise AnnotationError(
                f"{path}: what do the pixel values mean? Say --values fdi, universal, hitl (as in "
                f"the data set Humans in the Loop), or a JSON file such as {COLOUR_MAP}"
            )
        naming = Naming.of(given)
        numbers = value_map(values, naming)
        report = FaultReport.of(given, path)
        naming.note_findings(numbers.names, report)
        for option in ("numbering", "map"):
            if given.get(option) and str(values) in VALUE_MAPS:
                report.warn_of_option(option, f"pixel values are read as --values {values} says")
        found = (path / RESULTS).is_file()
        reading = _Reading(numbers, given, records=given.get("values") is None)
        items = []
        for item, place in zip(maps, _radiographs(path, maps), strict=True):
            if place.problem:
                FaultReport.of(given, item.file).add(place.problem, cost="radiograph")
                continue
            read = _LabelMap(str(item.file), reading)
            findings = read.findings if found and read.record.is_file() else None
            items.append(Annotated(place.key, read.teeth, None, place.file, findings))
        return in_order(path, items, report)

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `labels/<key>.png` with the pixel values of the option `values`, by default FDI.

        What they mean is written into the folder, so that reading needs no option. A tooth without
        a pixel value in the map cannot be written.
        """
        given = options or {}
        naming = Naming.of(given)
        numbers = value_map(given.get("values", "fdi"), naming)
        if too_large := [value for value in numbers if not 0 < value < 256]:
            raise AnnotationError(
                f"the value map has {too_large[0]}; label maps hold values of 1 to 255"
            )
        by_fdi = {fdi: value for value, fdi in numbers.items() if fdi and fdi > 0}
        written = False
        for name, teeth in checked_names(items, path):
            if unknown := sorted(set(teeth.fdi.tolist()) - set(by_fdi) - {0}):
                raise AnnotationError(f"{name}: the value map has no value for tooth {unknown[0]}")
            file = path / "labels" / f"{key_of(name)}.png"
            write_png(file, lookup_table(by_fdi)[teeth.label_image()])
            written = True
        if written:  # so that reading needs no option `values`
            names = {naming.name(fdi): value for fdi, value in by_fdi.items()}
            write_whole(path / COLOUR_MAP, json.dumps(names, indent=1) + "\n")


class _Reading(NamedTuple):
    """How label maps are read: `records` is whether a record beside one counts."""

    numbers: Mapping[int, int | None]
    options: Options
    records: bool


class _LabelMap(NamedTuple):
    """A label map, kept as short as can be: there is one for each radiograph."""

    file: str
    reading: _Reading

    @property
    def record(self) -> Path:
        """What `panodent predict` wrote beside its label map."""
        return Path(self.file).with_name(RECORD)

    def teeth(self) -> Teeth:
        """The teeth of the record beside a label map, or of the label map."""
        file = Path(self.file)
        if self.reading.records and file.name == RESULT and is_record(self.record):
            return read_record_teeth(self.record)
        report = FaultReport.of(self.reading.options, file)
        return read_label_image(file, self.reading.numbers, report)

    def findings(self) -> AnnotatedFindings:
        return read_record_findings(self.record)


def read_label_image(
    file: Path, numbers: Mapping[int, int | None], report: FaultReport | None = None
) -> Teeth:
    """The teeth of one label map.

    `numbers` is the FDI number by pixel value, for example one of `VALUE_MAPS`. Raises
    `AnnotationError`, which names the file and the first unknown value; `report` takes unknown
    values instead.
    """
    expected = (
        f"the value map has {min(numbers)} to {max(numbers)}; is another --values meant?"
        if numbers
        else "the value map is empty"
    )
    if isinstance(numbers, ValueMap) and numbers.unclear:
        expected = numbers.unclear
    return to_teeth(read_values(file), numbers, file, expected, report)


class ValueMap(dict[int, int | None]):
    """FDI number by pixel value; None for a class that the naming leaves out.

    `unclear` says which further classes are not teeth, for the case that a label map has them.
    `names` are those of the classes, if they have any.
    """

    def __init__(
        self, numbers: Mapping[int, int | None], unclear: str = "", names: Iterable[str] = ()
    ) -> None:
        super().__init__(numbers)
        self.unclear, self.names = unclear, tuple(names)


def value_map(values: str | Path, naming: Naming | None = None) -> ValueMap:
    """FDI number by pixel value; None for a class that the naming leaves out.

    `values` is a name of `VALUE_MAPS`, or a JSON file of class name -> pixel value. A pixel value
    may be a number or a list of equal colour channels ([18, 18, 18]); classes with 0 are
    background. Class names are read as those of other formats, see `Naming`.

    Raises `UnknownNameError` for an unknown name, `AnnotationError` for a faulty file.
    """
    if str(values) in VALUE_MAPS:
        return ValueMap(VALUE_MAPS[str(values)])
    file = Path(values)
    if file.suffix.lower() != ".json":
        raise UnknownNameError("value map", values, [*VALUE_MAPS, "a .json file"])
    greys = {name.strip(): _grey(value, f"{file}: {name}") for name, value in load(file).items()}
    greys = {name: grey for name, grey in greys.items() if grey != 0}
    if len(set(greys.values())) != len(greys):
        raise AnnotationError(f"{file}: two classes share one pixel value; expected different ones")
    numbers, unclear = (naming or Naming()).clear(greys, file)
    found = {grey: numbers[name] for name, grey in greys.items() if name in numbers}
    return ValueMap(found, unclear, greys)


def _grey(value: Any, where: str) -> int:
    channels = value if isinstance(value, list) else [value]
    if not channels or not all(
        is_whole(channel) and channel == channels[0] for channel in channels
    ):
        raise AnnotationError(
            f"{where}: pixel value is {excerpt(value)}; expected a whole number, or a list of "
            "equal ones"
        )
    return int(channels[0])


class _Map(NamedTuple):
    """A label map, and the names that its radiograph may have, the most likely first."""

    key: str
    file: Path
    names: tuple[str, ...] = ()


def _maps(path: Path) -> list[_Map]:
    """Label maps, sorted, of the first of `FOLDERS` that has any, also in folders of splits."""
    for name in FOLDERS:
        found = [_map(path, path / name, file) for file in _pictures(path / name)]
        if not found:
            roots = [root for root in sorted(path.glob(f"*/{name}")) if _is_split(path, root)]
            found = [_map(path, root, file) for root in roots for file in _pictures(root)]
        if found:
            return found
    results = sorted(path.rglob(RESULT))
    return [_Map(file.parent.relative_to(path).as_posix(), file) for file in results]


def _pictures(folder: Path) -> list[Path]:
    """The pictures below a folder that keep pixel values, without those of the format ome-tiff."""
    found = visible_below(folder, *MAP_SUFFIXES)
    return [file for file in found if not file.stem.lower().endswith(".ome")]


def _is_split(path: Path, root: Path) -> bool:
    """Whether this folder has the label maps of a split, and nothing else says what is on them."""
    if not root.is_dir() or (root.parent / "ann").is_dir():  # of a Supervisely project
        return False
    files = (file for folder in (path, root.parent) for file in folder.iterdir())
    return not any(
        file.suffix.lower() in (".json", ".xml") and file.name != COLOUR_MAP for file in files
    )


def _map(path: Path, root: Path, file: Path) -> _Map:
    below = file.relative_to(root).with_suffix("")
    beside = image_root(root.parent).relative_to(path)
    names = dict.fromkeys((below.as_posix(), _ADDED.sub("", below.as_posix())))
    key = (root.parent.relative_to(path) / below).as_posix()
    paths = (f"{(beside / name).as_posix()}.png" for name in names)
    # The key finds radiographs whose names have odd characters.
    return _Map(key, file, tuple(path for path in paths if path.isprintable()))


def _radiographs(path: Path, maps: list[_Map]) -> list[FoundImage]:
    """The radiograph of each label map: by its name, or by this without what tools add to it."""
    search = ImageSearch(path)
    found = [FoundImage(item.key) for item in maps]
    for turn in range(2):
        waiting = [n for n, item in enumerate(maps) if not found[n].path and item.names[turn:]]
        taken = {os.path.normcase(place.path) for place in found if place.path}
        places = search.find(Sought(maps[n].names[turn], where=str(maps[n].file)) for n in waiting)
        for n, place in zip(waiting, places, strict=True):
            if place.file is None:
                found[n] = replace(found[n], problem=place.problem)
            elif os.path.normcase(place.file) not in taken:
                found[n] = _alone(key_in_split(path, place.file), place.file)
    return found


def _alone(key: str, image: Path) -> FoundImage:
    """The radiograph; or its key only, if another one has its name: the data set refuses both."""
    twins = (image.with_suffix(end) for end in SUFFIXES if end != image.suffix)
    return FoundImage(key, None if any(twin.is_file() for twin in twins) else str(image))


def _colour_map_beside(path: Path) -> Path | None:
    found = [path / COLOUR_MAP, *(path / folder / COLOUR_MAP for folder in FOLDERS)]
    return next((file for file in found if file.is_file()), None)


FORMAT = Labels()
