"""Reads a file as a `Radiograph`: grey pixels in [0, 1], bright where the patient is dense.

Each kind of file has a module that decodes it, and an entry in `_READERS`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt

from panodent.errors import RadiographError
from panodent.radiograph import dicom_pixels, nifti, raster
from panodent.radiograph.dicom_file import SUFFIXES as DICOM_SUFFIXES
from panodent.radiograph.dicom_file import is_dicom
from panodent.radiograph.dicom_geometry import Turn
from panodent.radiograph.dicomdir import is_directory_file, without_version
from panodent.radiograph.luma import luma
from panodent.utils.arrays import FloatImage

SUFFIXES: tuple[str, ...] = (*raster.SUFFIXES, *DICOM_SUFFIXES)
"""Suffixes of files that are read as radiographs when a folder is searched."""

OTHER_SUFFIXES = frozenset(
    {
        ".csv", ".gif", ".gz", ".htm", ".html", ".jp2", ".json", ".jsonl", ".log", ".md", ".npy",
        ".npz", ".onnx", ".pdf", ".pgm", ".py", ".svg", ".tar", ".toml", ".tsv", ".txt", ".xls",
        ".xlsx", ".xml", ".yaml", ".yml", ".zip",
    }
)  # fmt: skip
"""Suffixes of files that are certainly no DICOM files, so that they need not be opened."""
DEFAULT_MAX_PIXELS = 100_000_000


@dataclass(frozen=True, eq=False)
class Radiograph:
    """The pixels of one radiograph, upright, and what is known about them.

    Attributes
    ----------
    pixels : float32 (height, width) in [0, 1], bright where the patient is dense.
    source : the file, or None for pixels from memory.
    spacing : (row, column) millimetres per pixel at the detector, uncalibrated, or None.
    notes : changes to the file's pixels that the user of a result should know.
    turn : how a DICOM file's pixels were made upright.

    >>> Radiograph(np.zeros((256, 512), np.float32)).size
    (256, 512)
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

    pixels : (height, width), or (height, width, channels) with 1 (grey), 2 (grey, alpha), 3 (RGB)
        or 4 (RGBA) channels. bool and uint8 are scaled by their range, uint16 by the range of the
        bits in use (4095 for 12-bit data); floats must be in [0, 1].
    source : the file that the pixels were read from.

    Raises `RadiographError` for other shapes, types and ranges.

    >>> from_array(np.array([[0, 255]], np.uint8)).pixels
    array([[0., 1.]], dtype=float32)
    """
    image = np.asarray(pixels)
    notes: tuple[str, ...] = ()
    if image.size == 0:
        raise RadiographError(f"pixels have shape {image.shape}; expected at least one pixel")
    if image.dtype.kind == "f":
        if not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1):
            raise RadiographError("float pixels are outside of the range 0 to 1; scale them first")
        image = image.astype(np.float32)
    elif image.dtype == np.uint8:
        image = np.multiply(image, np.float32(1 / 255), dtype=np.float32)
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
    if image.ndim == 3 and image.shape[2] in (2, 4) and not image[..., -1].any():
        # Windows leaves the transparency of BMPs at 0.
        image = image[..., :-1]
        notes += ("transparent everywhere: transparency was ignored",)
    return Radiograph(np.ascontiguousarray(_grey(image)), source, notes=notes)


def _grey(image: FloatImage) -> FloatImage:
    """(H, W) or (H, W, 1..4) -> (H, W): colour by luma, transparent pixels dark."""
    if image.ndim == 2:
        return image
    if image.ndim != 3 or image.shape[2] not in (1, 2, 3, 4):
        raise RadiographError(f"pixels have shape {image.shape}; expected one grey or colour image")
    channels = image.shape[2]
    grey = image[..., 0] if channels < 3 else luma(image)
    return (grey * image[..., -1] if channels in (2, 4) else grey).astype(np.float32)


def key_of(name: PurePath | str) -> str:
    """The name of a radiograph: its path below a folder, without suffix, with forward slashes.

    Archives name DICOM files by a number or an instance UID; such names have no suffix.

    >>> key_of("left/scan.png"), key_of("1.2.840.17")
    ('left/scan', '1.2.840.17')
    """
    path = PurePath(name)
    return (path.with_suffix("") if suffix_of(path) else path).as_posix()


def suffix_of(name: PurePath | str) -> str:
    """The suffix with its dot; the part after the last dot of an instance UID is not a suffix.

    >>> suffix_of("scan.png"), suffix_of("1.2.840.17")
    ('.png', '')
    """
    suffix = PurePath(name).suffix
    return "" if without_version(suffix)[1:].isdecimal() else suffix


def is_candidate(path: Path) -> bool:
    """Whether a file in a searched folder is read as a radiograph.

    That is by its suffix, or, without a suffix of another kind of file, by its first bytes if they
    are those of DICOM.
    """
    if path.name.startswith(".") or is_directory_file(path.name):
        return False
    suffix = suffix_of(without_version(path.name)).lower()
    return suffix in SUFFIXES or (suffix not in OTHER_SUFFIXES and is_dicom(path))


def read(path: str | os.PathLike[str], max_pixels: int = DEFAULT_MAX_PIXELS) -> Radiograph:
    """Reads a radiograph from PNG, JPEG, TIFF, BMP, WebP or DICOM of 8 or 16 bits, grey or colour.

    A NIfTI file of one plane is read, too; see `panodent.radiograph.nifti`. EXIF orientation is
    applied. `max_pixels` limits height x width and is checked on the header, before decoding.
    Raises `RadiographError`, which names the file, the problem and what to do.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
    except OSError as error:
        raise RadiographError(f"{file}: cannot be opened ({error.strerror})") from None
    if file.is_dir():
        raise RadiographError(f"{file}: is a folder; expected a radiograph")
    if size == 0:
        raise RadiographError(f"{file}: the file is empty; copy it again from its source")
    for matches, reader in _READERS:
        if matches(file):
            return reader(file, max_pixels)
    raise RadiographError(f"{file}: no reader for this kind of file")


def read_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """(height, width) of the upright radiograph, from the header; raises `RadiographError`."""
    file = Path(path)
    if nifti.is_nifti(file):
        return nifti.size_of(file, DEFAULT_MAX_PIXELS)
    return dicom_pixels.size_of(file) if is_dicom(file) else raster.size_of(file)


def _read_raster(file: Path, max_pixels: int) -> Radiograph:
    with raster.decoding(file):
        pixels, white_is_zero = raster.decode(file, max_pixels)
        radiograph = from_array(pixels, file)
        if not white_is_zero:
            return radiograph
        return replace(
            radiograph,
            pixels=np.float32(1) - radiograph.pixels,
            notes=(*radiograph.notes, "inverted: the file stores white as zero"),
        )


def _read_dicom(file: Path, max_pixels: int) -> Radiograph:
    found = dicom_pixels.read_image(file, max_pixels)
    return Radiograph(found.pixels, file, found.spacing, found.notes, found.turn)


def _read_nifti(file: Path, max_pixels: int) -> Radiograph:
    pixels, notes = nifti.grey(nifti.read_plane(file, max_pixels), file)
    radiograph = from_array(pixels, file)
    return replace(radiograph, notes=(*radiograph.notes, *notes))


_READERS: list[tuple[Callable[[Path], bool], Callable[[Path, int], Radiograph]]] = [
    (nifti.is_nifti, _read_nifti),
    (is_dicom, _read_dicom),
    (lambda file: True, _read_raster),
]
"""(test whether the reader can read a file, reader); the first match is used."""
