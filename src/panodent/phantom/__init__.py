"""Synthetic panoramic radiographs with truth: tests and the demo need no download and no patient.

Proportions, places and grey values follow averages over real radiographs, so that a network
trained on those finds the teeth of a phantom. Nothing in a phantom comes from a person.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import ConfigError, UnknownToothError
from panodent.formats import get
from panodent.phantom.dicom import dicom_bytes
from panodent.phantom.eruption import OLDEST, YOUNGEST
from panodent.phantom.render import MIN_SIDE, render
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole

DEFAULT_SIZE = (1024, 2048)


def draw(
    seed: int,
    size: tuple[int, int] = DEFAULT_SIZE,
    *,
    missing: Collection[int] | None = None,
    age: float | None = None,
) -> tuple[Radiograph, Teeth]:
    """A panoramic of `size` (height, width) and its teeth; equal arguments give equal pixels.

    `missing` are FDI numbers to leave out; None leaves out some at random, as life does. `age` in
    years draws a child with deciduous teeth, germs and growing roots; None draws an adult.
    Masks of neighbours may overlap, as their images do. Raises `ConfigError`, `UnknownToothError`.
    """
    if seed < 0:
        raise ConfigError(f"seed is {seed}; expected 0 or more")
    if min(size) < MIN_SIDE:
        raise ConfigError(
            f"phantom of {size[0]} x {size[1]}; expected at least {MIN_SIDE} pixels a side"
        )
    if unknown := sorted(set(missing or ()) - set(TEETH)):
        raise UnknownToothError(f"{unknown[0]} is not an FDI number; expected 11-48 or 51-85")
    if age is not None and not YOUNGEST <= age <= OLDEST:
        raise ConfigError(f"age is {age}; expected {YOUNGEST:g} to {OLDEST:g} years, or no age")
    return render(seed, size, missing, age)


def write(
    folder: str | os.PathLike[str],
    count: int,
    seed: int = 0,
    size: tuple[int, int] = DEFAULT_SIZE,
    progress: Callable[[int, int], None] | None = None,
    dicom: bool = False,
    ages: tuple[float, float] | None = None,
) -> None:
    """A data folder: `images/phantom-00007.png` (or .dcm) by seed, and `truth.json` (COCO).

    `ages` (youngest, oldest) draws children of random ages between them. `progress(done, total)`
    is called after each. Files there are replaced.
    """
    if count < 1:
        raise ConfigError(f"count is {count}; expected at least 1")
    root = Path(folder)
    items = []
    for number in range(seed, seed + count):
        age = None if ages is None else float(np.random.default_rng((number, 1)).uniform(*ages))
        radiograph, teeth = draw(number, size, age=age)
        name = f"phantom-{number:05d}.{'dcm' if dicom else 'png'}"
        data = dicom_bytes(radiograph, number) if dicom else _png(radiograph)
        write_whole(root / "images" / name, data)
        items.append((name, teeth))
        if progress is not None:
            progress(number - seed + 1, count)
    get("coco").write(root / "truth.json", items, {})


def _png(radiograph: Radiograph) -> bytes:
    """Eight-bit grey."""
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.round(radiograph.pixels * 255).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


__all__ = ["DEFAULT_SIZE", "draw", "write"]
