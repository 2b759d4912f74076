"""Small pictures of radiographs for the list, made when they are asked for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path

import cv2
import numpy as np

from panodent.drawing.display import fitted_size

WIDTH = 240
"""Largest width in pixels."""
KEPT = 500
"""Pictures that are kept in memory, about 5 kB each."""
_QUALITY = 70


class Thumbnails:
    """Makes thumbnails, one at a time, and keeps the latest."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._turn = asyncio.Lock()

    async def get(self, study: str, picture: Path) -> bytes:
        """A thumbnail as JPEG of the 8-bit PNG of a study; raises `FileNotFoundError`."""
        async with self._turn:
            if study not in self._kept:
                self._kept[study] = await asyncio.to_thread(thumbnail, picture)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(study)
            return self._kept[study]


def thumbnail(picture: Path) -> bytes:
    """A JPEG at most `WIDTH` wide of a picture; raises `FileNotFoundError`."""
    data = np.frombuffer(picture.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    if image is None:  # written by the service itself: deleted while it was read
        raise FileNotFoundError(picture)
    if image.shape[1] > WIDTH:
        rows, columns = fitted_size(image.shape[:2], WIDTH)
        image = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())
