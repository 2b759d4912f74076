"""Radiographs for benchmarks: those of a folder, or phantoms drawn as JPEG files."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from panodent import phantom
from panodent.errors import RadiographError
from panodent.radiograph.discovery import collect
from panodent.utils.arrays import FloatImage
from panodent.utils.atomic_files import write_whole

SIZE = (1024, 2041)
"""(height, width) of phantoms in pixels, as in a public data set of 598 panoramic radiographs."""
PHANTOMS = 4
_JPEG_QUALITY = 92


def draw_phantoms(folder: Path, count: int = PHANTOMS, size: tuple[int, int] = SIZE) -> list[Path]:
    """Writes grey JPEG files of `size` (height, width) pixels; returns their paths."""
    files = []
    for seed in range(count):
        file = folder / f"phantom-{seed}.jpg"
        write_whole(file, _jpeg(phantom.draw(seed, size)[0].pixels))
        files.append(file)
    return files


def _jpeg(pixels: FloatImage) -> bytes:
    """A grey JPEG file of (height, width) values in 0 (black) to 1 (white)."""
    grey = np.round(pixels * 255).astype(np.uint8)
    data: bytes = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
    return data


def find_radiographs(folder: Path) -> list[Path]:
    """The radiographs below a folder; raises `RadiographError` when it holds none."""
    files = [item.path for item in collect([folder]) if not item.problem]
    if not files:
        raise RadiographError(f"{folder}: no radiograph there; give a folder of some")
    return files


def copy_in_turn(files: Sequence[Path], count: int, folder: Path) -> Path:
    """Fills `folder` with `count` copies of the files, each file in turn; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        source = files[number % len(files)]
        shutil.copyfile(source, folder / f"{number:05d}{source.suffix}")
    return folder
