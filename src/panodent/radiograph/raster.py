"""Decodes PNG, JPEG, TIFF, BMP and WebP files: upright, at their full bit depth.

Pillow reads headers, so that the size is checked before pixels are decoded, and most pixels; it
raises for truncated files. OpenCV reads 16-bit colour, which Pillow would reduce to eight bits, and
tifffile TIFFs that Pillow does not know, such as those with numbers of 64 bits.
"""

from __future__ import annotations

import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from panodent.errors import RadiographError
from panodent.radiograph.file_start import described
from panodent.radiograph.size_limit import check_size

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
_PIL_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_PILLOW_LOCK = threading.Lock()
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
"""Exceptions that Pillow raises for damaged files."""

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION, _PHOTOMETRIC, _WIDTH, _HEIGHT, _SUBFILE = 274, 262, 256, 257, 254
_MAX_PAGES = 20
"""Pages of a TIFF among which small copies of the first one are looked for."""
_EXIF_TURNS: dict[int, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].swapaxes(0, 1),
    8: lambda image: np.rot90(image),
}
"""How pixels become upright, by EXIF orientation."""


def decode(file: Path, max_pixels: int) -> tuple[npt.NDArray[Any], bool]:
    """(pixels (H, W) or (H, W, channels), whether white is stored as zero).

    max_pixels : limit on height x width.

    Call it within `decoding`, which adds the file's name to errors.
    """
    from PIL import UnidentifiedImageError

    try:
        # A stream, not a path: Pillow 13.0 reads rotated TIFFs wrongly if it opens the file itself.
        with _opened(file) as stream, _open_header(stream) as picture:
            _check_header(picture, max_pixels)
            return _load(file, picture)
    except UnidentifiedImageError as error:
        with _wide_page(file, error) as page:
            height, width = page.shape
            check_size(height, width, max_pixels)
            return _scaled(page.asarray()), int(page.photometric) == 0


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        raise RadiographError(f"{file}: cannot be opened ({error.strerror})") from None


@contextmanager
def decoding(file: Path) -> Iterator[None]:
    """Converts exceptions of decoders to a `RadiographError` of one line that names `file`."""
    from PIL import UnidentifiedImageError

    try:
        yield
    except UnidentifiedImageError:
        raise RadiographError(
            f"{file}: not a picture of a known format ({described(file)}); "
            "expected PNG, JPEG, TIFF, BMP, WebP or DICOM of 8 or 16 bits"
        ) from None
    except RadiographError as error:
        raise error if str(file) in str(error) else RadiographError(f"{file}: {error}") from None
    except _DECODE_ERRORS as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RadiographError(
            f"{file}: the file is damaged or cut off ({reason}); copy it again from its source"
        ) from None


def size_of(file: Path) -> tuple[int, int]:
    """(height, width) of the upright picture, from the header; raises `RadiographError`.

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (60, 40)).save(Path(folder, "a.png"))
    ...     size_of(Path(folder, "a.png"))
    (40, 60)
    """
    from PIL import UnidentifiedImageError

    with decoding(file):
        try:
            with _opened(file) as stream, _open_header(stream) as picture:
                # Of a TIFF, Pillow 11 and later tell the size after the rotation.
                tags = picture.tag_v2 if picture.format == "TIFF" else {}
                width, height = tags.get(_WIDTH, picture.width), tags.get(_HEIGHT, picture.height)
                rotated = picture.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
        except UnidentifiedImageError as error:
            with _wide_page(file, error) as page:
                return int(page.shape[0]), int(page.shape[1])
    return (width, height) if rotated else (height, width)


def turned_by_exif(file: Path) -> int | None:
    """The EXIF orientation of a picture if it swaps height and width, else None.

    None too for a file that is not a picture.
    """
    try:
        with decoding(file), _opened(file) as stream, _open_header(stream) as picture:
            found = picture.getexif().get(_ORIENTATION)
    except RadiographError:
        return None
    return int(found) if found in (5, 6, 7, 8) else None


@contextmanager
def _wide_page(file: Path, error: Exception) -> Iterator[Any]:
    """The grey page of a TIFF that Pillow does not know; raises `error` for any other file."""
    with _opened(file) as stream:
        if stream.read(4) not in _TIFF_STARTS:
            raise error
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages[0]
        if page.dtype is None or page.dtype.kind not in "iuf" or len(page.shape) != 2:
            raise error
        _check_count(len(tiff.pages))
        yield page


@contextmanager
def _without_pillow_limit() -> Iterator[None]:
    """Disables Pillow's pixel limit (`check_size` is used instead) and its warnings.

    Both are global in a process, so only one thread at a time may be here.
    """
    from PIL import Image

    with _PILLOW_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _open_header(stream: BinaryIO) -> Any:
    from PIL import Image

    with _without_pillow_limit():
        return Image.open(stream, formats=_PIL_FORMATS)


def _load(file: Path, picture: Any) -> tuple[npt.NDArray[Any], bool]:
    from PIL import Image, ImageOps

    # Loading the pixels changes these properties.
    deep, white_is_zero = _loses_bits(picture), _white_is_zero(picture)
    turn = _EXIF_TURNS.get(picture.getexif().get(_ORIENTATION)) if picture.format == "PNG" else None
    limit = Image.MAX_IMAGE_PIXELS
    huge = limit is not None and picture.width * picture.height > limit
    with _without_pillow_limit() if huge else nullcontext():
        picture.load()
    if deep:
        array = _decode_deep_colour(file)
        return (turn(array) if turn else array), False
    ImageOps.exif_transpose(picture, in_place=True)
    return _to_array(picture), white_is_zero


def _check_header(picture: Any, max_pixels: int) -> None:
    width, height = picture.size
    check_size(height, width, max_pixels)
    if picture.format in ("TIFF", "WEBP", "PNG"):
        frames = getattr(picture, "n_frames", 1)
        small = _small_copies(picture, frames) if picture.format == "TIFF" else 0
        _check_count(frames - small)


def _small_copies(picture: Any, frames: int) -> int:
    """How many pages of a TIFF are the first one in a smaller size; 0 if there are many pages."""
    small = 0
    for number in range(1, frames if frames <= _MAX_PAGES else 0):
        picture.seek(number)
        small += int(picture.tag_v2.get(_SUBFILE, 0)) & 1
    picture.seek(0)
    return small


def _check_count(pictures: int) -> None:
    if pictures > 1:
        raise RadiographError(
            f"the file contains {pictures} pictures; expected one, so save it separately"
        )


def _white_is_zero(picture: Any) -> bool:
    """Whether a TIFF is WhiteIsZero, in the bit depths that Pillow does not invert itself."""
    inverted = picture.format == "TIFF" and picture.tag_v2.get(_PHOTOMETRIC) == 0
    return inverted and (picture.mode in ("I", "F") or picture.mode.startswith("I;16"))


def _loses_bits(picture: Any) -> bool:
    """Whether the picture is 16-bit colour, which Pillow would reduce to eight bits."""
    if picture.mode not in ("RGB", "RGBA", "LA") or picture.format not in ("PNG", "TIFF"):
        return False
    # The first argument of a tile's decoder is the layout in the file, such as "RGB;16B".
    layouts = [tile[3] if isinstance(tile[3], str) else tile[3][0] for tile in picture.tile]
    return any(";16" in layout for layout in layouts)


def _decode_deep_colour(file: Path) -> npt.NDArray[Any]:
    """16-bit colour; OpenCV applies the EXIF orientation of TIFFs, but not of PNGs."""
    import cv2

    data = np.fromfile(file, np.uint8)
    try:
        image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        image = None
    if image is None:
        raise RadiographError(f"{file}: its 16-bit colour cannot be decoded; save it as grey")
    if image.ndim == 3 and image.shape[2] >= 3:
        image[..., :3] = image[..., 2::-1]  # OpenCV's order is BGR
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
    """Numbers without a fixed range, such as of 64 bits: [0, 1] or 16 bits, else min to max."""
    if not np.isfinite(array).all():
        raise RadiographError("pixels contain infinity or not-a-number")
    low, high = float(array.min()), float(array.max())
    if array.dtype.kind == "f" and low >= 0 and high <= 1:
        return array
    if array.dtype.kind in "iu" and low >= 0 and high <= 65535:
        return array.astype(np.uint16)
    return ((array - low) / (high - low or 1.0)).astype(np.float32)
