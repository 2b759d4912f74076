"""nnU-Net v2 raw data: one label map a radiograph, whose values `dataset.json` names.

The specification is
https://github.com/MIC-DKFZ/nnUNet/blob/master/documentation/dataset_format.md. Radiographs are
`imagesTr/CASE_0000.png`, label maps `labelsTr/CASE.png`; background is 0, the 52 teeth are 1 to 52.
Cases have no folders, so `sub/a.png` becomes the case `sub__a`. A label map cannot hold overlaps
(the smaller tooth is on top), scores or teeth without a number. nnU-Net treats a colour PNG as
three channels; radiographs are copied as they are.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_masks((2, 3), [(11, [[1, 1]], (0, 1))])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)])
...     data = json.loads(Path(folder, "dataset.json").read_text())
...     read_values(Path(folder, "labelsTr", "opg.png")).tolist()
[[0, 1, 1], [0, 0, 0]]
>>> list(data["labels"].items())[:3], data["file_ending"]
([('background', 0), ('11', 1), ('12', 2)], '.png')
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.parsing.excerpt import excerpt, shown
from panodent.formats.parsing.image_entries import checked_names, in_order
from panodent.formats.parsing.image_search import ImageSearch
from panodent.formats.parsing.json_record import is_whole, load
from panodent.formats.parsing.label_map import (
    MAP_SUFFIXES,
    lookup_table,
    read_values,
    to_teeth,
    write_png,
)
from panodent.radiograph.radiograph import key_of
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import write_whole

FILE = "dataset.json"
IMAGES = "imagesTr"
LABELS = "labelsTr"
TEST_LABELS = "labelsTs"
ENDINGS = (*MAP_SUFFIXES, ".nii.gz", ".nii")
"""File formats of pictures that nnU-Net reads, and NIfTI, which may hold one plane. Volumes are not
radiographs."""
BACKGROUND = "background"
IGNORE = "ignore"
"""Regions that training leaves out, as teeth without a number are."""
_KEYS = ("channel_names", "labels", "numTraining", "file_ending")


class NnUNet(Format):
    """A folder with `dataset.json`, `imagesTr/` and `labelsTr/`."""

    name = "nnunet"

    def recognises(self, path: Path) -> bool:
        """A `dataset.json` of nnU-Net v2, or the folder with it."""
        file = _find(path)
        if not file.is_file():
            return False
        try:
            data = load(file)
        except AnnotationError:
            return False
        return all(key in data for key in _KEYS)

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Label maps by case. Regions (classes of several values) and volumes are not read."""
        file = _find(path)
        data = load(file)
        ending = _ending(data, file)
        values = _values(data, file)
        naming = Naming.of(options)
        classes = [name for name in values.values() if not _is_ignored(name, naming)]
        numbers, unclear = naming.clear(classes, file)
        by_value = {value: numbers[name] for value, name in values.items() if name in numbers}
        by_value |= {v: UNNUMBERED for v, name in values.items() if _is_ignored(name, naming)}
        folder = file.parent / LABELS
        if not folder.is_dir():
            raise AnnotationError(f"{file}: expected a folder {LABELS} beside it")
        report = FaultReport.of(options, file)
        naming.note_findings(values.values(), report)
        listed = [labels for labels in sorted(folder.iterdir()) if not labels.name.startswith(".")]
        found_maps = [labels for labels in listed if labels.name.endswith(ending)]
        if listed and not found_maps:
            raise AnnotationError(
                f"{file}: file_ending is {ending}, but {LABELS} has no such file; the first is "
                f"{shown(listed[0].name)}"
            )
        if (file.parent / TEST_LABELS).is_dir():
            report.warn(
                f"label maps in {TEST_LABELS} are not read, since they are for tests; to read them,"
                f" give a folder in which they are {LABELS}"
            )
        images = [_image(file.parent, labels, ending) for labels in found_maps]
        items = []
        places = ImageSearch(file.parent).find_lacking(images)
        for labels, place in zip(found_maps, places, strict=True):
            case = labels.name.removesuffix(ending)
            if place.problem:
                FaultReport.of(options, labels).add(place.problem, cost="radiograph")
            read = partial(_read, labels, by_value, unclear, options)
            items.append(Annotated(case, read, None, place.path))
        return in_order(file, items, report)

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `labelsTr/CASE.png`, and `dataset.json` last."""
        names = Naming.of(options).names(TEETH)
        lookup = lookup_table({fdi: value for value, fdi in enumerate(TEETH, start=1)})
        written: dict[str, PurePosixPath] = {}
        for name, teeth in checked_names(items, path):
            case = _case(name)
            if case in written:
                raise AnnotationError(
                    f"{written[case]} and {name} would both be written as case {case}; "
                    "rename one of them"
                )
            written[case] = name
            write_png(path / LABELS / f"{case}.png", lookup[teeth.label_image()])
        listed = {
            "channel_names": {"0": "radiograph"},
            "labels": {BACKGROUND: 0, **{name: value for value, name in enumerate(names, start=1)}},
            "numTraining": len(written),
            "file_ending": ".png",
        }
        (path / LABELS).mkdir(parents=True, exist_ok=True)
        write_whole(path / FILE, json.dumps(listed, indent=1) + "\n")

    def image_place(self, name: str) -> str:
        """`imagesTr/CASE_0000.png`."""
        return f"{IMAGES}/{_case(name)}_0000.png"


def _case(name: str | PurePosixPath) -> str:
    """The case of a radiograph: its path without suffix, in one word."""
    return key_of(name).replace("/", "__")


def _image(folder: Path, labels: Path, ending: str) -> tuple[str, Path | None]:
    """Where the radiograph of a label map has to be below the folder, and whether it is there."""
    case = labels.name.removesuffix(ending)
    names = (f"{IMAGES}/{case}_0000{ending}", f"{IMAGES}/{case}{ending}")  # scripts forget 0000
    return names[0], next((folder / name for name in names if (folder / name).is_file()), None)


def _is_ignored(name: str, naming: Naming) -> bool:
    """Whether this is nnU-Net's label of regions to be ignored, unless a map says what it means."""
    return name == IGNORE and name not in naming.table


def _find(path: Path) -> Path:
    return path / FILE if path.is_dir() else path


def _ending(data: Mapping[str, Any], file: Path) -> str:
    ending = data.get("file_ending")
    if ending not in ENDINGS:
        raise AnnotationError(
            f"{file}: file_ending is {excerpt(ending)}; expected {', '.join(ENDINGS)} "
            "(other volumes are not read: save the label maps as PNG)"
        )
    return str(ending)


def _values(data: Mapping[str, Any], file: Path) -> dict[int, str]:
    """Class name by pixel value, without the background."""
    labels = data.get("labels")
    if not isinstance(labels, dict):
        raise AnnotationError(f"{file}: expected labels, an object of class name -> value")
    if "0" in labels and isinstance(labels["0"], str):
        raise AnnotationError(
            f"{file}: labels are value -> class name, as in version 1; expected class name -> "
            "value, as in version 2"
        )
    values: dict[int, str] = {}
    for name, value in labels.items():
        label = f"{file}: label {excerpt(name)}"
        if isinstance(value, list):
            raise AnnotationError(
                f"{label} is a region of several values; expected one value for each tooth"
            )
        if not is_whole(value) or not 0 <= value < 2**16:
            raise AnnotationError(
                f"{label} is {excerpt(value)}; expected a whole number from 0 to 65535"
            )
        if value in values:
            raise AnnotationError(
                f"{label} is {value}, and so is {excerpt(values[value])}; expected different values"
            )
        values[value] = name
    if values.get(0, BACKGROUND).lower() != BACKGROUND:
        raise AnnotationError(
            f"{file}: label {excerpt(values[0])} is 0; expected the {BACKGROUND} there"
        )
    return {value: name for value, name in values.items() if value}


def _read(
    file: Path, numbers: Mapping[int, int | None], unclear: str, options: Options | None
) -> Teeth:
    expected = unclear or f"expected one of the labels of {FILE}"
    return to_teeth(read_values(file), numbers, file, expected, FaultReport.of(options, file))


FORMAT = NnUNet()
