"""A file -> `Radiograph`: grey pixels in [0, 1], bright = dense, and where they came from.

Pillow reads headers and eight-bit pixels (size known before a pixel is decoded, truncation an
error); OpenCV reads what Pillow would cut to eight bits. Other file kinds join in `_READERS`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.errors import RadiographError

FloatImage = npt.NDArray[np.float32]

SUFFIXES: tuple[str, ...] = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
"""File names that count as radiographs when a folder is searched."""

DEFAULT_MAX_PIXELS = 100_000_000
MIN_SIDE = 32
_PIL_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "MPO")
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
    """

    pixels: FloatImage
    source: Path | None = None
    spacing: tuple[float, float] | None = None
    notes: tuple[str, ...] = field(default=())

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

    `pixels` is (height, width), (height, width, 1), RGB or RGBA; bool, uint8 and uint16 are scaled
    by their range, floats must lie in [0, 1]. Raises `RadiographError`.
    """
    image = np.asarray(pixels)
    if image.dtype.kind == "f":
        if image.size and not (np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1):
            raise RadiographError("float pixels leave the range 0 to 1; scale them first")
        image = image.astype(np.float32)
    elif image.dtype in (np.uint8, np.uint16):
        image = image.astype(np.float32) * np.float32(1 / np.iinfo(image.dtype).max)
    elif image.dtype == bool:
        image = image.astype(np.float32)
    else:
        raise RadiographError(
            f"pixels are {image.dtype}; expected uint8, uint16 or float in 0 to 1"
        )
    return Radiograph(np.ascontiguousarray(_grey(image)), source)


def _grey(image: FloatImage) -> FloatImage:
    """(H, W), (H, W, 1..4) -> (H, W): colour by luma, transparent pixels dark."""
    if image.ndim == 2:
        return image
    if image.ndim != 3 or image.shape[2] not in (1, 2, 3, 4):
        raise RadiographError(f"pixels have shape {image.shape}; expected one grey or colour image")
    channels = image.shape[2]
    grey = image[..., 0] if channels < 3 else image[..., :3] @ _LUMA
    return (grey * image[..., -1] if channels in (2, 4) else grey).astype(np.float32)


def is_candidate(path: Path) -> bool:
    """Whether a file found in a folder is to be read as a radiograph."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def read(path: str | os.PathLike[str], max_pixels: int = DEFAULT_MAX_PIXELS) -> Radiograph:
    """Reads a radiograph from PNG, JPEG, TIFF, BMP or WebP of 8 or 16 bits, grey or colour.

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


def _read_picture(file: Path, max_pixels: int) -> Radiograph:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None  # ours is checked below
            try:
                picture = Image.open(file, formats=_PIL_FORMATS)
            finally:
                Image.MAX_IMAGE_PIXELS = limit
            with picture:
                _check_header(file, picture, max_pixels)
                if _loses_bits(picture):
                    return from_array(_decode_deep_colour(file), file)
                image = ImageOps.exif_transpose(picture)
                return from_array(_to_array(image), file)
    except UnidentifiedImageError:
        raise RadiographError(
            f"{file}: not a picture that panodent reads ({_first_bytes(file)}); "
            "expected PNG, JPEG, TIFF, BMP or WebP"
        ) from None
    except RadiographError as error:
        raise error if str(file) in str(error) else RadiographError(f"{file}: {error}") from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        MemoryError,
        EOFError,
        IndexError,
        TypeError,
    ) as error:
        raise RadiographError(
            f"{file}: the file is damaged or cut off ({error}); copy it again from its source"
        ) from None


_DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    MemoryError,
    EOFError,
    IndexError,
    TypeError,
)
"""What Pillow raises on damaged files of its many formats."""


def _check_header(file: Path, picture: Any, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels:
        raise RadiographError(
            f"{file}: {width} x {height} is {width * height / 1e6:.1f} megapixels; the limit is "
            f"{max_pixels / 1e6:.1f} (raise it with --max-pixels if the file is to be trusted)"
        )
    if min(width, height) < MIN_SIDE:
        raise RadiographError(
            f"{file}: {width} x {height} pixels is too small for a radiograph; "
            f"expected at least {MIN_SIDE} x {MIN_SIDE}"
        )
    if getattr(picture, "n_frames", 1) > 1 and picture.format in ("TIFF", "WEBP", "PNG"):
        raise RadiographError(
            f"{file}: holds {picture.n_frames} pictures; expected one, save the wanted one alone"
        )


def _loses_bits(picture: Any) -> bool:
    """Sixteen-bit colour, which Pillow would cut to eight bits."""
    return picture.mode in ("RGB", "RGBA", "LA") and any("16" in str(t[3]) for t in picture.tile)


def _decode_deep_colour(file: Path) -> npt.NDArray[Any]:
    import cv2

    data = np.fromfile(file, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if image is None:
        raise RadiographError(f"{file}: sixteen-bit colour could not be decoded")
    if image.ndim == 3 and image.shape[2] >= 3:
        image[..., :3] = image[..., 2::-1]  # OpenCV stores blue first
    return image


def _to_array(image: Any) -> npt.NDArray[Any]:
    mode = image.mode
    if mode in ("P", "PA"):
        image = image.convert("RGBA" if mode == "PA" or "transparency" in image.info else "RGB")
    elif mode in ("CMYK", "YCbCr", "LAB", "HSV", "RGBX", "La", "RGBa"):
        image = image.convert("RGB")
    array = np.asarray(image)
    if mode.startswith("I;16"):
        return array.astype(np.uint16)
    if mode in ("I", "F"):
        return _scaled(array)
    return array


def _scaled(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """32-bit integers and floats have no declared range: 16 bits if they fit, else min to max."""
    if not np.isfinite(array).all():
        raise RadiographError("pixels hold infinity or not-a-number")
    low, high = float(array.min()), float(array.max())
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        return array
    if array.dtype.kind in "iu" and low >= 0 and high <= 65535:
        return array.astype(np.uint16)
    return ((array - low) / (high - low or 1.0)).astype(np.float32)


def _first_bytes(file: Path) -> str:
    with file.open("rb") as stream:
        head = stream.read(8)
    return f"it starts with {head!r}"


_READERS: list[tuple[Callable[[Path], bool], Callable[[Path, int], Radiograph]]] = [
    (lambda file: True, _read_picture),
]
"""(does this reader know the file, reader), first match wins; more kinds go in front."""
