"""One file a tooth: OME-TIFF `<image>_<FDI>.ome.tiff`, as the data set UFBA-425 is published.

Masks as PNG, TIFF or BMP, `<image>_<FDI>.png` or `<image>/<FDI>.png`, are read too.

OME-TIFF itself is specified at https://ome-model.readthedocs.io/en/stable/ome-tiff/. Pixels of the
tooth are not 0 (UFBA-425 has uint32). A file `<image>_background.ome.tiff` is not a tooth, but says
that an image without teeth was annotated, and gives its size. Overlaps and holes are kept, scores
are not.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_masks((4, 5), [(36, np.ones((2, 2)), (1, 1))])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth), ("empty.png", Teeth.empty((4, 5)))])
...     sorted(file.name for file in Path(folder).iterdir())
['empty_background.ome.tiff', 'opg_36.ome.tiff']
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.parsing.image_entries import checked_names
from panodent.formats.parsing.image_search import ImageSearch
from panodent.formats.parsing.tooth_masks import FOLDERS, tooth_masks
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import CroppedMask, trimmed
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray

_NAME = re.compile(r"(?P<key>.+)_(?P<part>\d+|background)\.ome\.tiff?$", re.IGNORECASE)


class OmeTiff(Format):
    """A folder of one-tooth files."""

    name = "ome-tiff"

    def recognises(self, path: Path) -> bool:
        """A folder with files named `<image>_<FDI>.ome.tiff`, or with masks of single teeth."""
        return path.is_dir() and next(iter(_files(path)), None) is not None

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Teeth by image; the numbers in file names must be FDI numbers."""
        by_key: dict[str, list[tuple[int, Path]]] = {}
        backgrounds: dict[str, Path] = {}
        for key, part, file in _files(path):
            teeth = by_key.setdefault(key, [])
            if part.lower() == "background":
                backgrounds[key] = file
            elif int(part) in TEETH:
                teeth.append((int(part), file))
            else:
                FaultReport.of(options, file).add(
                    f"{part} in the file's name is not an FDI number; rename the file"
                )
        if not by_key:
            raise AnnotationError(f"{path}: expected files named <image>_<FDI>.ome.tiff")
        keys = sorted(by_key)
        places = ImageSearch(path).find_lacking([(f"{key}.png", None) for key in keys])
        items = []
        for key, place in zip(keys, places, strict=True):
            read = partial(_read, key, by_key[key], backgrounds.get(key), options)
            # A radiograph of the same key is paired by the data folder, which refuses two.
            items.append(Annotated(key, read, None, None if place.key == key else place.path))
        return items

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes one file a tooth; teeth without a number or with a repeated one are refused."""
        import tifffile

        for name, teeth in checked_names(items, path):
            stem = path / key_of(name)
            stem.parent.mkdir(parents=True, exist_ok=True)
            numbers = teeth.fdi.tolist()
            if 0 in numbers or len(set(numbers)) < len(numbers):
                raise AnnotationError(
                    f"{name}: OME-TIFF files are named by FDI number; "
                    "unnumbered or repeated teeth cannot be written"
                )
            # The background file says that an image without teeth was annotated.
            empty = np.ones(teeth.size, np.uint32) if not len(teeth) else None
            if empty is not None:
                tifffile.imwrite(f"{stem}_background.ome.tiff", empty, compression="zlib")
            for index, fdi in enumerate(numbers):
                image = teeth.full_mask(index).astype(np.uint32)
                tifffile.imwrite(
                    f"{stem}_{fdi}.ome.tiff", image, compression="zlib", metadata={"axes": "YX"}
                )


def _files(path: Path) -> Iterable[tuple[str, str, Path]]:
    """(key, FDI number or 'background', file) below `path` or its annotation folder."""
    root = next((path / name for name in FOLDERS if (path / name).is_dir()), path)
    files = sorted(root.rglob("*.ome.tif*"))
    for file in files:
        match = _NAME.match(file.relative_to(root).as_posix())
        if match:
            yield match["key"], match["part"], file
    for mask in tooth_masks(path) if not files else ():
        yield mask.key, str(mask.fdi), mask.file


def _read(
    key: str, files: list[tuple[int, Path]], background: Path | None, options: Options | None
) -> Teeth:
    if not files and background is not None:
        height, width = _read_mask(background).shape
        return Teeth.empty((height, width))
    size: tuple[int, int] | None = None
    items: list[tuple[int, *CroppedMask]] = []
    for fdi, file in files:
        report = FaultReport.of(options, file)
        with report.catching():
            mask = _read_mask(file)
            size = size or (mask.shape[0], mask.shape[1])
            if mask.shape != size:
                raise AnnotationError(
                    f"{file}: size {mask.shape} differs from {size}, that of the image's other "
                    "files"
                )
            if mask.any():
                items.append((fdi, *trimmed(mask)))
            else:
                report.note("covers no pixel of the image and is left out")
    if size is None:
        raise AnnotationError(f"{key}: none of its {len(files)} files can be read")
    return Teeth.from_masks(size, items)


def _read_mask(file: Path) -> BoolArray:
    from PIL import Image

    try:  # Pillow reads LZW by itself, tifffile needs another package for it
        with Image.open(file, formats=("TIFF", "PNG", "BMP")) as picture:
            image = np.asarray(picture)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise AnnotationError(f"{file}: cannot be read as TIFF, PNG or BMP ({error})") from None
    if image.ndim != 2 or image.dtype.kind not in "iub":
        raise AnnotationError(
            f"{file}: holds {image.dtype} {image.shape}; expected one plane of integers"
        )
    if ".ome." not in file.name.lower() and len(values := np.unique(image)) > 2:
        raise AnnotationError(
            f"{file}: has {len(values)} grey values; expected two, for the tooth and the "
            "rest; save the mask without smoothing"
        )
    return image != 0


FORMAT = OmeTiff()
