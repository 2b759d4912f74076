"""A file -> `Radiograph`: grey pixels in [0, 1], bright = dense, and where they came from.

Each kind of file has a module that decodes it; other kinds join in `_READERS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt

from panodent.errors import RadiographError
from panodent.radiograph import dicom_pixels, raster
from panodent.radiograph.dicom_file import SUFFIXES as DICOM_SUFFIXES
from panodent.radiograph.dicom_file import is_dicom
from panodent.radiograph.dicom_geometry import Turn
from panodent.utils.arrays import FloatImage

SUFFIXES: tuple[str, ...] = (*raster.SUFFIXES, *DICOM_SUFFIXES)
"""File names that count as radiographs when a folder is searched."""

DICOMDIR = "DICOMDIR"
DEFAULT_MAX_PIXELS = 100_000_000
# ITU-R BT.601, as Pillow and OpenCV turn colour into grey.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class Radiograph:
    """One radiograph as the rest of panodent sees it.

    Attributes
    ----------
    pixels : float32 (height, width) in [0, 1], bright where the patient is dense.
    source : the file, or None for pixels made in memory.
    spacing : (row, column) millimetres a pixel at the detector, uncalibrated, or None.
    notes : what was done to the file's pixels that a reader of the result should know.
    turn : how a DICOM file's pixels were laid upright.
    """

    pixels: FloatImage
    source: Path | None = None
    spacing: tuple[float, float] | None = None
    notes: tuple[str, ...] = field(default=())
    turn: Turn = field(default=Turn())

    def __post_init__(self) -> None:
        if self.pixels.ndim != 2 or self.pixels.dtype != np.float32:
            raise RadiographError(
                f"pixels have shape {self.pixels.shape} and dtype {self.pixels.dtype}; "
                "expected float32 (height, width)"
            )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


def from_array(pixels: npt.ArrayLike, source: Path | None = None) -> Radiograph:
    """A radiograph from grey or colour pixels in memory.

    `pixels` is (height, width), (height, width, 1), RGB or RGBA; bool and uint8 are scaled by
    their range, uint16 by that of the bits in use (4095 for 12-bit data), floats must lie in
    [0, 1]. Raises `RadiographError`.
    """
    image = np.asarray(pixels)
    notes: tuple[str, ...] = ()
    if image.size == 0:
        raise RadiographError(f"pixels have shape {image.shape}; expected at least one pixel")
    if image.dtype.kind == "f":
        if not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1):
            raise RadiographError("float pixels leave the range 0 to 1; scale them first")
        image = image.astype(np.float32)
    elif image.dtype == np.uint8:
        image = image.astype(np.float32) * np.float32(1 / 255)
    elif image.dtype == np.uint16:
        bits = max(int(image.max()).bit_length(), 8)
        notes = (f"{bits} of 16 bits in use",) if bits < 16 else ()
        image = image.astype(np.float32) * np.float32(1 / (2**bits - 1))
    elif image.dtype == bool:
        image = image.astype(np.float32)
    else:
        raise RadiographError(
            f"pixels are {image.dtype}; expected uint8, uint16 or float in 0 to 1"
        )
    return Radiograph(np.ascontiguousarray(_grey(image)), source, notes=notes)


def _grey(image: FloatImage) -> FloatImage:
    """(H, W), (H, W, 1..4) -> (H, W): colour by luma, transparent pixels dark."""
    if image.ndim == 2:
        return image
    if image.ndim != 3 or image.shape[2] not in (1, 2, 3, 4):
        raise RadiographError(f"pixels have shape {image.shape}; expected one grey or colour image")
    channels = image.shape[2]
    grey = image[..., 0] if channels < 3 else image[..., :3] @ _LUMA
    return (grey * image[..., -1] if channels in (2, 4) else grey).astype(np.float32)


def key_of(name: PurePath | str) -> str:
    """What a radiograph is called: its name below a folder without suffix, with "/" between.

    Archives name DICOM files by number or instance UID; these have no suffix.

    >>> key_of("left/scan.png"), key_of("1.2.840.17")
    ('left/scan', '1.2.840.17')
    """
    path = PurePath(name)
    return (path.with_suffix("") if suffix_of(path) else path).as_posix()


def suffix_of(name: PurePath | str) -> str:
    """The suffix, with its dot; what follows the last dot of an instance UID is none."""
    suffix = PurePath(name).suffix
    return "" if suffix[1:].isdecimal() else suffix


def is_candidate(path: Path) -> bool:
    """Whether a file found in a folder is to be read as a radiograph."""
    if path.name.startswith(".") or path.name.upper() == DICOMDIR:
        return False
    suffix = suffix_of(path)
    return suffix.lower() in SUFFIXES or (not suffix and is_dicom(path))


def read(path: str | os.PathLike[str], max_pixels: int = DEFAULT_MAX_PIXELS) -> Radiograph:
    """Reads a radiograph from PNG, JPEG, TIFF, BMP, WebP or DICOM of 8 or 16 bits, grey or colour.

    EXIF orientation is applied. `max_pixels` bounds height x width and is checked on the header,
    before decoding. Raises `RadiographError` naming the file, what is wrong and what to do.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
    except OSError as error:
        raise RadiographError(f"{file}: cannot be opened ({error.strerror})") from None
    if file.is_dir():
        raise RadiographError(f"{file}: is a folder; name a radiograph")
    if size == 0:
        raise RadiographError(f"{file}: the file is empty; copy it again from its source")
    for matches, reader in _READERS:
        if matches(file):
            return reader(file, max_pixels)
    raise RadiographError(f"{file}: no reader for this kind of file")


def read_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """(height, width) of a radiograph from its header, upright as `read` would give it.

    Raises `RadiographError` where that cannot be told.
    """
    file = Path(path)
    return dicom_pixels.size_of(file) if is_dicom(file) else raster.size_of(file)


def _read_picture(file: Path, max_pixels: int) -> Radiograph:
    with raster.decoding(file):
        pixels, white_is_zero = raster.decode(file, max_pixels)
        radiograph = from_array(pixels, file)
        if not white_is_zero:
            return radiograph
        return replace(
            radiograph,
            pixels=np.float32(1) - radiograph.pixels,
            notes=(*radiograph.notes, "inverted: the file counts white as zero"),
        )


def _read_dicom(file: Path, max_pixels: int) -> Radiograph:
    found = dicom_pixels.read_image(file, max_pixels)
    return Radiograph(found.pixels, file, found.spacing, found.notes, found.turn)


_READERS: list[tuple[Callable[[Path], bool], Callable[[Path, int], Radiograph]]] = [
    (is_dicom, _read_dicom),
    (lambda file: True, _read_picture),
]
"""(does this reader know the file, reader), first match wins; more kinds go in front."""
