"""Radiographs that lie on a side, stand on their head or are mirrored, put upright.

>>> turned(np.array([[1, 2], [3, 4]], np.uint8), "half").tolist()
[[4, 3], [2, 1]]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt

from panodent.serve.stored_picture import read_picture

Turn = Literal["half", "left", "right", "mirror"]
Image = npt.NDArray[Any]
TURNS: Mapping[str, tuple[str, Callable[[Image], Image]]] = {
    "half": ("turned by 180 degrees", lambda image: image[::-1, ::-1]),
    "left": ("turned to the left", lambda image: np.rot90(image)),
    "right": ("turned to the right", lambda image: np.rot90(image, -1)),
    "mirror": ("mirrored", lambda image: image[:, ::-1]),
}
"""By `Turn`: in words, and what it does to an image."""


def turned(image: Image, turn: Turn) -> Image:
    """The image (height, width) after a turn."""
    return np.ascontiguousarray(TURNS[turn][1](image))


def turned_picture(file: Path, turn: Turn) -> bytes:
    """The 8-bit picture of a study after a turn, as PNG; raises `FileNotFoundError`."""
    return bytes(cv2.imencode(".png", turned(read_picture(file), turn))[1].tobytes())


def name_after(name: str, turn: Turn) -> str:
    """The name of the turned radiograph.

    >>> name_after("scan.dcm", "mirror")
    'scan (mirrored).png'
    """
    return f"{Path(name).stem} ({TURNS[turn][0]}).png"
