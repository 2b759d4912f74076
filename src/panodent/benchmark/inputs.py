"""What is read in a benchmark: a user's radiographs, or phantoms as JPEG files."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from panodent import phantom
from panodent.errors import RadiographError
from panodent.radiograph.discovery import collect
from panodent.utils.atomic_files import write_whole

SIZE = (1024, 2041)
"""(height, width) of phantoms: what the scanners of a public data set of 598 panoramics give."""
PHANTOMS = 4
_QUALITY = 92


def phantoms(folder: Path, count: int = PHANTOMS, size: tuple[int, int] = SIZE) -> list[Path]:
    """Draws grey JPEG files of this (height, width)."""
    made = []
    for seed in range(count):
        file = folder / f"phantom-{seed}.jpg"
        write_whole(file, _jpeg(phantom.draw(seed, size)[0].pixels))
        made.append(file)
    return made


def _jpeg(pixels: np.ndarray) -> bytes:
    import cv2

    grey = np.round(pixels * 255).astype(np.uint8)
    data: bytes = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
    return data


def found(images: Path) -> list[Path]:
    """The radiographs of a folder; raises `RadiographError` when there is none."""
    files = [item.path for item in collect([images]) if not item.problem]
    if not files:
        raise RadiographError(f"{images}: no radiograph there; give a folder of some")
    return files


def copies(files: Sequence[Path], count: int, folder: Path) -> Path:
    """A folder with `count` files, made of copies of these in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        source = files[number % len(files)]
        shutil.copyfile(source, folder / f"{number:05d}{source.suffix}")
    return folder
