"""nnU-Net v2's raw data set: one label image a radiograph, its values named by `dataset.json`.

Written in the form of
https://github.com/MIC-DKFZ/nnUNet/blob/master/documentation/dataset_format.md:
`imagesTr/CASE_0000.png`, `labelsTr/CASE.png`, background 0 and the 52 teeth from 1 on. Cases have
no folders: `sub/a.png` is written as case `sub__a`. A label image cannot hold overlaps (the smaller
tooth wins), scores or unnumbered teeth. nnU-Net counts a colour PNG as three channels; radiographs
are put there as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Limits, named
from panodent.formats.labels import read_values, write_png
from panodent.formats.naming import Naming
from panodent.formats.parsing.image_entries import image_path, in_order
from panodent.radiograph.radiograph import key_of
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

FILE = "dataset.json"
IMAGES = "imagesTr"
LABELS = "labelsTr"
ENDINGS = (".png", ".bmp", ".tif", ".tiff")
"""Pictures that nnU-Net takes; the volumes that it also takes are no radiographs."""
BACKGROUND = "background"
_KEYS = ("channel_names", "labels", "numTraining", "file_ending")


class NnUNet:
    """A folder with `dataset.json`, `imagesTr/` and `labelsTr/`."""

    name = "nnunet"
    limits = Limits(overlap=False, unnumbered=False, repeated=False)

    def recognises(self, path: Path) -> bool:
        """A `dataset.json` of nnU-Net v2, or the folder with it."""
        file = _find(path)
        if not file.is_file():
            return False
        try:
            data = _load(file)
        except AnnotationError:
            return False
        return all(key in data for key in _KEYS)

    def read(self, path: Path, options: Mapping[str, Any] | None = None) -> list[Annotated]:
        """Label images by case; raises `AnnotationError` for regions and for volumes."""
        file = _find(path)
        data = _load(file)
        ending = _ending(data, file)
        values = _values(data, file)
        numbers = Naming.of(options).numbers(values.values(), file)
        by_value = {value: numbers[name] for value, name in values.items()}
        folder = file.parent / LABELS
        if not folder.is_dir():
            raise AnnotationError(f"{file}: expected a folder {LABELS} beside it")
        items = []
        for labels in sorted(folder.iterdir()):
            if labels.name.startswith(".") or not labels.name.endswith(ending):
                continue
            case = labels.name.removesuffix(ending)
            image = file.parent / IMAGES / f"{case}_0000{ending}"
            found = image if image.is_file() else None
            items.append(Annotated(case, partial(_read, labels, by_value), None, found))
        return in_order(file, items)

    def write(
        self,
        path: Path,
        items: Iterable[tuple[str, Teeth]],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes `labelsTr/CASE.png`, and `dataset.json` last."""
        names = Naming.of(options).names(TEETH)
        lookup = np.zeros(256, np.uint8)
        lookup[list(TEETH)] = np.arange(1, len(TEETH) + 1)
        written: dict[str, str] = {}
        for name, teeth in named(items):
            case = _case(image_path(name, path).as_posix())
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


def _case(name: str) -> str:
    """A radiograph's case: its path without suffix in one word."""
    return key_of(name).replace("/", "__")


def _find(path: Path) -> Path:
    return path / FILE if path.is_dir() else path


def _load(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"{file}: is no JSON ({error})") from None
    if not isinstance(data, dict):
        raise AnnotationError(f"{file}: expected an object with {', '.join(_KEYS)}")
    return data


def _ending(data: Mapping[str, Any], file: Path) -> str:
    ending = data.get("file_ending")
    if ending not in ENDINGS:
        raise AnnotationError(
            f"{file}: file_ending is {repr(ending)[:40]}; expected {', '.join(ENDINGS)} "
            "(NIfTI and other volumes are not read: save the label images as PNG)"
        )
    return str(ending)


def _values(data: Mapping[str, Any], file: Path) -> dict[int, str]:
    """Class name by pixel value, the background left out."""
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
        label = f"{file}: label {repr(name)[:40]}"
        if isinstance(value, list):
            raise AnnotationError(
                f"{label} is a region of several values; expected one value a tooth"
            )
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**16:
            raise AnnotationError(
                f"{label} is {repr(value)[:40]}; expected a whole number from 0 to 65535"
            )
        if value in values:
            raise AnnotationError(
                f"{label} is {value}, and so is {repr(values[value])[:40]}; "
                "expected a value of its own for each"
            )
        values[value] = name
    if values.get(0, BACKGROUND).lower() != BACKGROUND:
        raise AnnotationError(
            f"{file}: label {repr(values[0])[:40]} is 0; expected the {BACKGROUND} there"
        )
    return {value: name for value, name in values.items() if value}


def _read(file: Path, numbers: Mapping[int, int | None]) -> Teeth:
    image = read_values(file)
    items = []
    for value in np.unique(image).tolist():
        if value == 0:
            continue
        if value not in numbers:
            raise AnnotationError(f"{file}: pixel value {value} is not among the labels of {FILE}")
        fdi = numbers[value]
        if fdi is not None:
            items.append((fdi, image == value))
    return Teeth.from_masks((image.shape[0], image.shape[1]), items)


FORMAT = NnUNet()
