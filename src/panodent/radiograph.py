"""A file -> `Radiograph`: grey pixels in [0, 1], bright = dense, and where they came from.

Pillow reads headers and eight-bit pixels (size known before a pixel is decoded, truncation an
error); OpenCV reads what Pillow would cut to eight bits. Other file kinds join in `_READERS`.
"""

from __future__ import annotations

import os
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from panodent.dicom_file import SUFFIXES as DICOM_SUFFIXES
from panodent.dicom_file import is_dicom
from panodent.dicom_image import Turn, read_image, size_of
from panodent.errors import RadiographError

FloatImage = npt.NDArray[np.float32]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
SUFFIXES: tuple[str, ...] = (*PICTURE_SUFFIXES, *DICOM_SUFFIXES)
"""File names that count as radiographs when a folder is searched."""

DICOMDIR = "DICOMDIR"
DEFAULT_MAX_PIXELS = 100_000_000
MIN_SIDE = 32
_PIL_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_PILLOW = threading.Lock()
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


def is_candidate(path: Path) -> bool:
    """Whether a file found in a folder is to be read as a radiograph."""
    if path.name.startswith(".") or path.name.upper() == DICOMDIR:
        return False
    # Archives name DICOM files by number or instance UID, without a suffix.
    bare = not path.suffix or path.suffix[1:].isdecimal()
    return path.suffix.lower() in SUFFIXES or (bare and is_dicom(path))


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
    from PIL import UnidentifiedImageError

    file = Path(path)
    if is_dicom(file):
        return size_of(file)
    try:
        with file.open("rb") as stream, _open_header(stream) as picture:
            width, height = picture.size
            lies = picture.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
    except (UnidentifiedImageError, *_DECODE_ERRORS) as error:
        raise RadiographError(f"{file}: no picture whose size can be told ({error})") from None
    return (width, height) if lies else (height, width)


def _read_picture(file: Path, max_pixels: int) -> Radiograph:
    from PIL import UnidentifiedImageError

    try:
        stream = file.open("rb")
    except OSError as error:
        raise RadiographError(f"{file}: cannot be opened ({error.strerror})") from None
    try:
        # A stream, not a name: of named files Pillow (13.0) scrambles TIFFs that lie on their side.
        with stream, _open_header(stream) as picture:
            _check_header(file, picture, max_pixels)
            return _decode(file, picture)
    except UnidentifiedImageError:
        raise RadiographError(
            f"{file}: not a picture that panodent reads ({_first_bytes(file)}); "
            "expected PNG, JPEG, TIFF, BMP, WebP or DICOM of 8 or 16 bits"
        ) from None
    except RadiographError as error:
        raise error if str(file) in str(error) else RadiographError(f"{file}: {error}") from None
    except _DECODE_ERRORS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RadiographError(
            f"{file}: the file is damaged or cut off ({reason}); copy it again from its source"
        ) from None


@contextmanager
def _pillow_at_ease() -> Iterator[None]:
    """Without Pillow's own pixel limit (ours is checked instead) and its warnings.

    Both belong to the whole process, so one thread at a time.
    """
    from PIL import Image

    with _PILLOW, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _open_header(stream: BinaryIO) -> Any:
    from PIL import Image

    with _pillow_at_ease():
        return Image.open(stream, formats=_PIL_FORMATS)


def _decode(file: Path, picture: Any) -> Radiograph:
    from PIL import Image, ImageOps

    # Loading forgets these.
    deep, white_is_zero = _loses_bits(picture), _white_is_zero(picture)
    turn = _TURNS.get(picture.getexif().get(_ORIENTATION)) if picture.format == "PNG" else None
    limit = Image.MAX_IMAGE_PIXELS
    huge = limit is not None and picture.width * picture.height > limit
    with _pillow_at_ease() if huge else nullcontext():
        picture.load()
    if deep:
        array = _decode_deep_colour(file)
        return from_array(turn(array) if turn else array, file)
    radiograph = from_array(_to_array(ImageOps.exif_transpose(picture)), file)
    if not white_is_zero:
        return radiograph
    return replace(
        radiograph,
        pixels=np.float32(1) - radiograph.pixels,
        notes=(*radiograph.notes, "inverted: the file counts white as zero"),
    )


_DECODE_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    MemoryError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)
"""What Pillow raises on damaged files of its many formats."""

_ORIENTATION, _PHOTOMETRIC = 274, 262
_TURNS: dict[int, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: np.rot90(image),
}
"""What puts pixels upright, by EXIF orientation."""


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


def _white_is_zero(picture: Any) -> bool:
    """A TIFF that counts backwards, in the depths where Pillow leaves that as it is."""
    backwards = picture.format == "TIFF" and picture.tag_v2.get(_PHOTOMETRIC) == 0
    return backwards and (picture.mode in ("I", "F") or picture.mode.startswith("I;16"))


def _loses_bits(picture: Any) -> bool:
    """Sixteen-bit colour, which Pillow would cut to eight bits."""
    if picture.mode not in ("RGB", "RGBA", "LA") or picture.format not in ("PNG", "TIFF"):
        return False
    # A decoder's first argument is the layout in the file, such as RGB;16B.
    layouts = [tile[3] if isinstance(tile[3], str) else tile[3][0] for tile in picture.tile]
    return any(";16" in layout for layout in layouts)


def _decode_deep_colour(file: Path) -> npt.NDArray[Any]:
    """Sixteen-bit colour; OpenCV turns TIFFs upright itself, and PNGs not."""
    import cv2

    data = np.fromfile(file, np.uint8)
    try:
        image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        image = None
    if image is None:
        raise RadiographError(f"{file}: sixteen-bit colour that cannot be decoded; save it as grey")
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


def _read_dicom(file: Path, max_pixels: int) -> Radiograph:
    found = read_image(file, max_pixels)
    return Radiograph(found.pixels, file, found.spacing, found.notes, found.turn)


_READERS: list[tuple[Callable[[Path], bool], Callable[[Path, int], Radiograph]]] = [
    (is_dicom, _read_dicom),
    (lambda file: True, _read_picture),
]
"""(does this reader know the file, reader), first match wins; more kinds go in front."""
