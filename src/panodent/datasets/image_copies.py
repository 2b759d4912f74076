"""Copies of radiographs in a new data folder.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     size = Path(folder, "a.png").write_bytes(b"pixels")
...     put(Path(folder, "a.png"), Path(folder, "new", "a.png"), "link")
...     Path(folder, "new", "a.png").read_bytes()
b'pixels'
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

from panodent.errors import OutputError
from panodent.radiograph.radiograph import read
from panodent.utils.atomic_files import write_whole


def put(image: Path, place: Path, images: str) -> None:
    """Copies a radiograph, or links it if `images` is 'link'; another suffix converts it to PNG.

    Raises `OutputError`.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        if place.suffix.lower() != image.suffix.lower():
            write_whole(place, _as_png(image))
        elif images == "link":
            os.link(image.resolve(), place)
        else:
            shutil.copyfile(image, place)
    except OSError as error:
        raise OutputError(
            f"{place}: {image.name} cannot be copied there ({error.strerror})"
        ) from None


def _as_png(image: Path) -> bytes:
    """A radiograph as a PNG of 16 bits, for formats that take PNG only."""
    import cv2

    deep = np.round(read(image).pixels * 65535).astype(np.uint16)
    data: bytes = cv2.imencode(".png", deep)[1].tobytes()
    return data
