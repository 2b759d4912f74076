"""Small pictures of radiographs for the list, made when they are asked for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path

import cv2

from panodent.drawing.display import fitted_size
from panodent.serve.stored_picture import read_picture

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
    image: cv2.typing.MatLike = read_picture(picture)
    if image.shape[1] > WIDTH:
        rows, columns = fitted_size(image.shape[:2], WIDTH)
        image = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())
