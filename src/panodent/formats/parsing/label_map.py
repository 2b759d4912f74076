"""Label maps: pictures whose pixel values say which class a pixel belongs to, 0 for background."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from panodent.errors import AnnotationError, RadiographError
from panodent.formats.faults import RAISING, FaultReport
from panodent.formats.naming import CUT_OUT
from panodent.radiograph.nifti import is_nifti, read_plane
from panodent.radiograph.radiograph import DEFAULT_MAX_PIXELS
from panodent.teeth.masks import CroppedMask, trimmed
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import Int64Array
from panodent.utils.atomic_files import write_whole

MAP_SUFFIXES = (".png", ".tif", ".tiff", ".bmp")
"""Of pictures that keep pixel values, the usual one first."""


def read_values(file: Path) -> Int64Array:
    """The pixel values (height, width) of a picture with one channel, or of a NIfTI of one plane.

    A palette's colours are ignored, its indices count. Colour channels that are all equal count as
    one. Raises `AnnotationError` if the file is damaged, too large, or in colour.
    """
    from PIL import Image

    if is_nifti(file):
        return _nifti_values(file)
    try:
        with Image.open(file) as picture:
            pages = getattr(picture, "n_frames", 1)
            image = np.asarray(picture)
    except (
        *(OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError, OverflowError),
        *(struct.error, zlib.error, Image.DecompressionBombError),
    ) as error:
        raise AnnotationError(f"{file}: label map cannot be read ({error})") from None
    if pages > 1:
        raise AnnotationError(f"{file}: label map has {pages} pages; expected one")
    if image.ndim == 3 and (image[..., :3] == image[..., :1]).all():
        image = image[..., 0]
    if image.ndim != 2 or image.dtype.kind not in "iub":
        raise AnnotationError(
            f"{file}: label map is {image.dtype} {image.shape}; expected one channel of integers, "
            "the number of a class in each pixel: colours do not say it"
        )
    return image.astype(np.int64)


def _nifti_values(file: Path) -> Int64Array:
    try:
        plane = read_plane(file, DEFAULT_MAX_PIXELS)
    except RadiographError as error:
        raise AnnotationError(str(error)) from None
    values = plane.astype(np.int64) if plane.dtype.kind in "iu" else None
    if values is None and np.isfinite(plane).all() and np.abs(plane).max(initial=0) < 2**31:
        values = np.rint(plane).astype(np.int64)
    if values is None or (values != plane).any():
        raise AnnotationError(f"{file}: label map has fractions; expected whole numbers")
    return values


def to_teeth(
    image: Int64Array,
    numbers: Mapping[int, int | None],
    file: Path,
    expected: str,
    report: FaultReport | None = None,
) -> Teeth:
    """The teeth of a label map.

    Parameters
    ----------
    numbers : FDI number by pixel value, 0 for a tooth without a number, None to leave a value out.
        Pixels of value 0 are background.
    file, expected : named for a value that is not in `numbers`; `expected` ends the message.
    report : takes such values, which are left out; without it they raise `AnnotationError`.

    >>> image = np.array([[0, 0, 5], [0, 5, 5]])
    >>> to_teeth(image, {5: 36}, Path("a.png"), "expected 5").fdi.tolist()
    [36]
    >>> to_teeth(image, {7: 36}, Path("a.png"), "expected 7")
    Traceback (most recent call last):
        ...
    panodent.errors.AnnotationError: a.png: pixel value 5; expected 7
    """
    report = report or FaultReport(RAISING, str(file))
    teeth: list[tuple[int, *CroppedMask]] = []
    values = [value for value in np.unique(image).tolist() if value]
    if unknown := [value for value in values if value not in numbers]:
        shown = ", ".join(map(str, unknown[:3])) + (", ..." if len(unknown) > 3 else "")
        if values == [255]:
            shown += " alone, as in a mask of all teeth together"
            expected = "expected a value for each tooth, since such a mask does not tell them apart"
        report.add(f"pixel value{'s' if len(unknown) > 1 else ''} {shown}; {expected}")
    for value in values:
        fdi = numbers.get(value)
        if fdi is not None and fdi != CUT_OUT:
            teeth.append((fdi, *trimmed(image == value)))
    return Teeth.from_masks((image.shape[0], image.shape[1]), teeth)


def lookup_table(values: Mapping[int, int]) -> npt.NDArray[np.uint8]:
    """(256,) uint8: the pixel value of each FDI number, for `table[teeth.label_image()]`.

    `values` gives the pixel value by FDI number; all other numbers become 0.

    >>> lookup_table({36: 5})[[0, 36, 37]].tolist()
    [0, 5, 0]
    """
    table = np.zeros(256, np.uint8)
    for fdi, value in values.items():
        table[fdi] = value
    return table


def write_png(file: Path, image: npt.NDArray[np.uint8]) -> None:
    """Writes pixel values (height, width) as a grey PNG; raises `OutputError`."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG", compress_level=3)
    write_whole(file, stream.getvalue())
