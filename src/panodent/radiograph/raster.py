"""A picture file's pixels, upright, at their full depth: PNG, JPEG, TIFF, BMP, WebP.

Pillow reads headers and eight-bit pixels (size known before a pixel is decoded, truncation an
error); OpenCV reads what Pillow would cut to eight bits.
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

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
MIN_SIDE = 32
_PIL_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP")
_PILLOW = threading.Lock()
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


def decode(file: Path, max_pixels: int) -> tuple[npt.NDArray[Any], bool]:
    """Pixels (H, W) or (H, W, channels) of a picture, and whether it counts white as zero.

    To be called within `decoding`, which names the file in what goes wrong.
    """
    try:
        stream = file.open("rb")
    except OSError as error:
        raise RadiographError(f"{file}: cannot be opened ({error.strerror})") from None
    # A stream, not a name: of named files Pillow (13.0) scrambles TIFFs that lie on their side.
    with stream, _open_header(stream) as picture:
        _check_header(file, picture, max_pixels)
        return _load(file, picture)


@contextmanager
def decoding(file: Path) -> Iterator[None]:
    """Turns whatever goes wrong with the picture `file` into a `RadiographError` that names it."""
    from PIL import UnidentifiedImageError

    try:
        yield
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


def size_of(file: Path) -> tuple[int, int]:
    """(height, width) of a picture from its header, upright; raises `RadiographError`."""
    from PIL import UnidentifiedImageError

    try:
        with file.open("rb") as stream, _open_header(stream) as picture:
            width, height = picture.size
            lies = picture.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
    except (UnidentifiedImageError, *_DECODE_ERRORS) as error:
        raise RadiographError(f"{file}: no picture whose size can be told ({error})") from None
    return (width, height) if lies else (height, width)


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


def _load(file: Path, picture: Any) -> tuple[npt.NDArray[Any], bool]:
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
        return (turn(array) if turn else array), False
    return _to_array(ImageOps.exif_transpose(picture)), white_is_zero


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
