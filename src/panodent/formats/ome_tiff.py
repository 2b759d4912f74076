"""One OME-TIFF a tooth, `<image>_<FDI>.ome.tiff`, as UFBA-425 publishes them.

Pixels are 0 and a non-zero value (uint32 there); `<image>_background.ome.tiff` is passed over,
but says that an image without teeth is annotated, and how large it is.
The file name carries the FDI number. Scores are not held; overlaps and holes are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Limits, named
from panodent.radiograph.radiograph import key_of
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray

_NAME = re.compile(r"(?P<key>.+)_(?P<part>\d+|background)\.ome\.tiff?$", re.IGNORECASE)
FOLDERS = ("masks", "labels", "annotations")


class OmeTiff:
    """A folder of one-tooth OME-TIFF files."""

    name = "ome-tiff"
    limits = Limits(unnumbered=False, repeated=False)

    def recognises(self, path: Path) -> bool:
        """A folder with files named `<image>_<FDI>.ome.tiff`."""
        return path.is_dir() and next(iter(_files(path)), None) is not None

    def read(self, path: Path, options: Mapping[str, Any] | None = None) -> list[Annotated]:
        """Teeth by image; raises `AnnotationError` for a number that is no tooth."""
        by_key: dict[str, list[tuple[int, Path]]] = {}
        backgrounds: dict[str, Path] = {}
        for key, part, file in _files(path):
            teeth = by_key.setdefault(key, [])
            if part.lower() == "background":
                backgrounds[key] = file
                continue
            if int(part) not in TEETH:
                raise AnnotationError(f"{file}: {part} in the file's name is no FDI number")
            teeth.append((int(part), file))
        if not by_key:
            raise AnnotationError(f"{path}: no files named <image>_<FDI>.ome.tiff")
        return [
            Annotated(key, partial(_read, files, backgrounds.get(key)))
            for key, files in sorted(by_key.items())
        ]

    def write(
        self,
        path: Path,
        items: Iterable[tuple[str, Teeth]],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes a file a tooth below `path`; raises `AnnotationError` for unnumbered teeth."""
        import tifffile

        for name, teeth in named(items):
            stem = path / key_of(name)
            stem.parent.mkdir(parents=True, exist_ok=True)
            numbers = teeth.fdi.tolist()
            if 0 in numbers or len(set(numbers)) < len(numbers):
                raise AnnotationError(
                    f"{name}: OME-TIFF files are named by FDI number; "
                    "unnumbered or repeated teeth cannot be written"
                )
            # An image without teeth is still an annotated one: the background file says so.
            empty = np.ones(teeth.size, np.uint32) if not len(teeth) else None
            if empty is not None:
                tifffile.imwrite(f"{stem}_background.ome.tiff", empty, compression="zlib")
            for index, fdi in enumerate(numbers):
                image = teeth.full_mask(index).astype(np.uint32)
                tifffile.imwrite(
                    f"{stem}_{fdi}.ome.tiff", image, compression="zlib", metadata={"axes": "YX"}
                )

    def image_place(self, name: str) -> str:
        """Below `images/`."""
        return f"images/{name}"


def _files(path: Path) -> Iterable[tuple[str, str, Path]]:
    """(key, FDI or 'background', file) below `path` or its annotation folder."""
    root = next((path / name for name in FOLDERS if (path / name).is_dir()), path)
    for file in sorted(root.rglob("*.ome.tif*")):
        match = _NAME.match(file.relative_to(root).as_posix())
        if match:
            yield match["key"], match["part"], file


def _read(files: list[tuple[int, Path]], background: Path | None) -> Teeth:
    if not files and background is not None:
        height, width = _read_mask(background).shape
        return Teeth.empty((height, width))
    size: tuple[int, int] | None = None
    items: list[tuple[int, BoolArray]] = []
    for fdi, file in files:
        mask = _read_mask(file)
        size = size or (mask.shape[0], mask.shape[1])
        if mask.shape != size:
            raise AnnotationError(f"{file}: size {mask.shape} differs from its neighbours' {size}")
        items.append((fdi, mask))
    assert size is not None  # noqa: S101 - a key comes from a file
    return Teeth.from_masks(size, items)


def _read_mask(file: Path) -> BoolArray:
    from PIL import Image

    try:  # Pillow reads LZW, which tifffile leaves to a further package
        with Image.open(file, formats=("TIFF",)) as picture:
            image = np.asarray(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise AnnotationError(f"{file}: cannot be read as OME-TIFF ({error})") from None
    if image.ndim != 2 or image.dtype.kind not in "iub":
        raise AnnotationError(
            f"{file}: holds {image.dtype} {image.shape}; expected one plane of integers"
        )
    return image != 0


FORMAT = OmeTiff()
