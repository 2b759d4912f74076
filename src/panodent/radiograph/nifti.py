"""Decodes NIfTI files of one plane, as nnU-Net, MONAI Label and 3D Slicer store radiographs.

The specification is https://nifti.nimh.nih.gov/nifti-1 (and -2). The first index of an array is the
column and the second the row, as ITK and nnU-Net read and write pictures; the orientation that the
file declares is not applied. Volumes, pairs of files (.hdr, .img) and colour are refused.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from panodent.errors import RadiographError
from panodent.radiograph.size_limit import check_size

SUFFIXES = (".nii", ".nii.gz")
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}
"""NumPy types by the number of a NIfTI data type; the others are colour, complex or too wide."""
_HEADER = 544  # bytes, of NIfTI-2 with the extension flag
_GZIP = b"\x1f\x8b"


class _Header(NamedTuple):
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float


def is_nifti(file: Path) -> bool:
    """Whether the file's name has a suffix of NIfTI.

    >>> is_nifti(Path("opg_0000.NII.gz")), is_nifti(Path("opg.png"))
    (True, False)
    """
    return file.name.lower().endswith(SUFFIXES)


def read_plane(file: Path, max_pixels: int) -> npt.NDArray[Any]:
    """The values (height, width) of a file of one plane, with the file's own scale applied.

    Raises `RadiographError`, which names the file, for anything else and for more than `max_pixels`
    pixels, which is checked before they are read.
    """
    try:
        with _opened(file) as stream:
            header = _parsed(stream.read(_HEADER), file)
            width, height = _sides(header, file)
            check_size(height, width, max_pixels)
            stream.seek(header.offset)
            count = height * width * header.dtype.itemsize
            data = stream.read(count)
    except (OSError, EOFError, zlib.error) as error:
        raise RadiographError(f"{file}: cannot be read as NIfTI ({error})") from None
    except RadiographError as error:
        raise RadiographError(f"{file}: {str(error).removeprefix(f'{file}: ')}") from None
    if len(data) < count:
        raise RadiographError(
            f"{file}: has {len(data)} bytes of pixels; its header declares {count}: it is cut off"
        )
    plane = np.frombuffer(data, header.dtype).reshape(height, width)
    plane = plane.astype(header.dtype.newbyteorder("="))
    scaled = np.isfinite(header.slope) and header.slope != 0
    if scaled and (header.slope, header.intercept) != (1, 0):
        return plane * header.slope + header.intercept
    return plane


def size_of(file: Path, max_pixels: int) -> tuple[int, int]:
    """(height, width), from the header; raises `RadiographError`."""
    try:
        with _opened(file) as stream:
            width, height = _sides(_parsed(stream.read(_HEADER), file), file)
    except (OSError, EOFError, zlib.error) as error:
        raise RadiographError(f"{file}: cannot be read as NIfTI ({error})") from None
    check_size(height, width, max_pixels)
    return height, width


def grey(plane: npt.NDArray[Any], file: Path) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """(pixels, notes) of values, for `panodent.radiograph.radiograph.from_array`.

    Values of 8 and 16 bits without sign keep their range; others are scaled from their smallest and
    largest value to 0 and 1.
    """
    if plane.dtype in (np.uint8, np.uint16):
        return plane, ()
    values = plane.astype(np.float64)
    if not np.isfinite(values).all():
        raise RadiographError(f"{file}: has values that are not numbers; expected grey values")
    low, high = float(values.min()), float(values.max())
    pixels = ((values - low) / max(high - low, 1e-12)).astype(np.float32)
    return pixels.clip(0, 1), (f"grey values {low:g} to {high:g} scaled to the whole range",)


def _opened(file: Path) -> BinaryIO:
    with file.open("rb") as stream:
        is_packed = stream.read(2) == _GZIP
    return gzip.open(file, "rb") if is_packed else file.open("rb")  # type: ignore[return-value]


def _parsed(data: bytes, file: Path) -> _Header:
    for order in "<>":
        first = struct.unpack_from(f"{order}i", data)[0] if len(data) >= 4 else 0
        if first == 348 and len(data) >= 348 and data[344:347] == b"n+1":
            dims = struct.unpack_from(f"{order}8h", data, 40)
            (kind,) = struct.unpack_from(f"{order}h", data, 70)
            offset, slope, intercept = struct.unpack_from(f"{order}3f", data, 108)
            break
        if first == 540 and len(data) >= 540 and data[4:7] == b"n+2":
            (kind,) = struct.unpack_from(f"{order}h", data, 12)
            dims = struct.unpack_from(f"{order}8q", data, 16)
            offset, slope, intercept = struct.unpack_from(f"{order}q2d", data, 168)
            break
    else:
        raise RadiographError(f"{file}: is not NIfTI in one file (.nii, .nii.gz)")
    if kind not in _TYPES:
        raise RadiographError(f"{file}: has NIfTI's data type {kind}; expected grey values")
    if not 2 <= dims[0] <= 7 or min(dims[1 : dims[0] + 1]) < 1 or not 0 <= offset <= 1 << 20:
        raise RadiographError(f"{file}: its header is damaged (dimensions {dims[: dims[0] + 1]})")
    dtype = np.dtype(f"{order}{_TYPES[kind]}")
    return _Header(tuple(dims[1 : dims[0] + 1]), dtype, int(offset), slope, intercept)


def _sides(header: _Header, file: Path) -> tuple[int, int]:
    """(width, height) of a single plane."""
    sides = [side for side in header.shape if side > 1]
    if len(sides) != 2:
        named = " x ".join(map(str, header.shape))
        raise RadiographError(
            f"{file}: has {named} values; expected one plane: a volume is not a radiograph"
        )
    return sides[0], sides[1]
