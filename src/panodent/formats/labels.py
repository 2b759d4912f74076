"""Label images: one indexed or grey PNG a radiograph, a value a tooth, under a declared value map.

Folders are `masks_machine/`, `masks/` or `labels/` beside the images, or `<stem>/labels.png` as
`panodent predict` writes them. A label image cannot hold overlaps (the smaller tooth wins) or
scores.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH, from_universal, to_fdi
from panodent.errors import AnnotationError, UnknownNameError, UnknownToothError
from panodent.formats.base import Annotated, Limits, named
from panodent.radiograph.radiograph import key_of
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

FOLDERS = ("masks_machine", "masks", "labels")
COLOUR_MAP = "obj_class_to_machine_color.json"

# Humans in the Loop, "Teeth Segmentation on dental X-ray images": the grey value follows the
# class order of that data set's meta.json; value -> Universal number.
_HITL = {
    18: 1,
    19: 2,
    20: 3,
    21: 4,
    22: 5,
    23: 6,
    24: 7,
    25: 8,
    26: 9,
    27: 10,
    4: 11,
    5: 12,
    1: 13,
    2: 14,
    3: 15,
    15: 16,
    17: 17,
    28: 18,
    6: 19,
    7: 20,
    8: 21,
    9: 22,
    10: 23,
    11: 24,
    12: 25,
    16: 26,
    13: 27,
    29: 28,
    30: 29,
    31: 30,
    32: 31,
    14: 32,
}
VALUE_MAPS: Mapping[str, Mapping[int, int]] = {
    "fdi": {fdi: fdi for fdi in TEETH},
    "universal": {number: from_universal(number) for number in range(1, 33)},
    "hitl": {value: from_universal(number) for value, number in _HITL.items()},
}
"""Pixel value -> FDI number, by the name that `--values` takes."""


class Labels:
    """A folder of label images."""

    name = "labels"
    limits = Limits(overlap=False, unnumbered=False, repeated=False)

    def recognises(self, path: Path) -> bool:
        """A folder with label images in one of the places where they are looked for."""
        return path.is_dir() and bool(_files(path))

    def read(self, path: Path, options: Mapping[str, Any] | None = None) -> list[Annotated]:
        """Label images below `path`; option `values` names the map or a JSON, see `value_map`.

        Without `values`, the folder's own colour map is read; where there is none the option is
        demanded: grey values do not say what they mean.
        """
        given = dict(options or {})
        files = _files(path)
        if not files:
            raise AnnotationError(
                f"{path}: no label images; expected PNG files in {', '.join(FOLDERS)} "
                "or <name>/labels.png"
            )
        values = given.get("values") or _colour_map_beside(path)
        if values is None and all(file.name == "labels.png" for file in files.values()):
            values = "fdi"  # as `panodent predict` declares
        if values is None:
            raise AnnotationError(
                f"{path}: what do the pixel values mean? Say --values "
                f"{', '.join(VALUE_MAPS)} or a JSON file such as {COLOUR_MAP}"
            )
        table = value_map(values, given.get("numbering"))
        return [
            Annotated(key, lambda file=file: read_label_image(file, table))  # type: ignore[misc]
            for key, file in sorted(files.items())
        ]

    def write(
        self,
        path: Path,
        items: Iterable[tuple[str, Teeth]],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes `labels/<key>.png` with the values of option `values` (default 'fdi')."""
        table = value_map((options or {}).get("values", "fdi"), (options or {}).get("numbering"))
        to_value = {fdi: value for value, fdi in table.items()}
        if too_large := [value for value in table if not 0 < value < 256]:
            raise AnnotationError(
                f"the value map has {too_large[0]}; label images hold values of 1 to 255"
            )
        for name, teeth in named(items):
            if unknown := sorted(set(teeth.fdi.tolist()) - set(to_value) - {0}):
                raise AnnotationError(f"{name}: the value map has no value for tooth {unknown[0]}")
            file = path / "labels" / f"{key_of(name)}.png"
            lookup = np.zeros(256, np.uint8)
            for fdi, value in to_value.items():
                lookup[fdi] = value
            write_png(file, lookup[teeth.label_image()])

    def image_place(self, name: str) -> str:
        """Below `images/`."""
        return f"images/{name}"


def read_label_image(file: Path, table: Mapping[int, int]) -> Teeth:
    """One label image; raises `AnnotationError` naming the file and the first unknown value."""
    image = read_values(file)
    items = []
    for value in np.unique(image).tolist():
        if value == 0:
            continue
        if value not in table:
            raise AnnotationError(
                f"{file}: pixel value {value} is not in the value map "
                f"(it knows {min(table)} to {max(table)}); is another --values meant?"
            )
        items.append((table[value], image == value))
    return Teeth.from_masks((image.shape[0], image.shape[1]), items)


def read_values(file: Path) -> npt.NDArray[np.int64]:
    """Pixel values of a label image, untouched by palettes; three equal channels count as grey."""
    from PIL import Image

    try:
        with Image.open(file) as picture:
            image = np.asarray(picture)
    except (
        *(OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError, OverflowError),
        *(struct.error, zlib.error, Image.DecompressionBombError),
    ) as error:
        raise AnnotationError(f"{file}: label image cannot be read ({error})") from None
    if image.ndim == 3 and (image[..., :3] == image[..., :1]).all():
        image = image[..., 0]
    if image.ndim != 2 or image.dtype.kind not in "iub":
        raise AnnotationError(
            f"{file}: label image is {image.dtype} {image.shape}; expected one channel of integers"
        )
    return image.astype(np.int64)


def write_png(file: Path, image: npt.NDArray[np.uint8]) -> None:
    """Writes a single-channel PNG."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG", compress_level=3)
    write_whole(file, stream.getvalue())


def value_map(values: str | Path, numbering: str | None = None) -> Mapping[int, int]:
    """Pixel value -> FDI number for a name of `VALUE_MAPS` or a JSON of class name -> grey value.

    A JSON value may be a number or equal colour channels ([18, 18, 18]). Class names are read in
    `numbering`; where that is not given it must follow from the names themselves.
    """
    if str(values) in VALUE_MAPS:
        return VALUE_MAPS[str(values)]
    file = Path(values)
    if file.suffix.lower() != ".json":
        raise UnknownNameError("value map", values, [*VALUE_MAPS, "a .json file"])
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        greys = {str(name).strip(): _grey(value) for name, value in data.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise AnnotationError(f"{file}: not a JSON of class name -> grey value ({error})") from None
    greys = {name: grey for name, grey in greys.items() if grey != 0}
    if len(set(greys.values())) != len(greys):
        raise AnnotationError(f"{file}: two classes share one grey value")
    system = numbering or _proven_numbering(list(greys), file)
    return {grey: to_fdi(name, system) for name, grey in greys.items()}


def _grey(value: Any) -> int:
    channels = value if isinstance(value, list) else [value]
    if len(set(channels)) != 1:
        raise ValueError(f"{value} is no grey value")
    return int(channels[0])


def _proven_numbering(names: list[str], file: Path) -> str:
    readings = []
    for system in ("fdi", "universal", "palmer"):
        try:
            for name in names:
                to_fdi(name, system)
        except UnknownToothError:
            continue
        readings.append(system)
    if len(readings) != 1:
        raise AnnotationError(
            f"{file}: class names {', '.join(names[:6])} can be read as "
            f"{' or '.join(readings) or 'no known numbering'}; declare it with --numbering"
        )
    return readings[0]


def _files(path: Path) -> dict[str, Path]:
    """Label images by key."""
    for folder in FOLDERS:
        if (path / folder).is_dir():
            root = path / folder
            found = sorted(root.rglob("*.png"))
            return {file.relative_to(root).with_suffix("").as_posix(): file for file in found}
    return {
        file.parent.relative_to(path).as_posix(): file for file in sorted(path.rglob("labels.png"))
    }


def _colour_map_beside(path: Path) -> Path | None:
    found = [path / COLOUR_MAP, *(path / folder / COLOUR_MAP for folder in FOLDERS)]
    return next((file for file in found if file.is_file()), None)


FORMAT = Labels()
