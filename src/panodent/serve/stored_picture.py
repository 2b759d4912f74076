"""The 8-bit picture that the store keeps of a study, read for what is made from it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt


def read_picture(file: Path) -> npt.NDArray[np.uint8]:
    """Its pixels, uint8 (height, width).

    Raises `FileNotFoundError`, also for half a picture: the service wrote it whole, so it was
    deleted while it was read.
    """
    image = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise FileNotFoundError(file)
    return image.astype(np.uint8, copy=False)
