"""Radiographs and teeth of simple shapes, as functions."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.dentition import ARCH_ORDER
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth


def grey(height: int, width: int) -> Radiograph:
    """A smooth ramp, so that the display window has something to stretch."""
    ramp = np.linspace(0.2, 0.8, height * width, dtype=np.float32)
    return Radiograph(ramp.reshape(height, width))


def blocks(size: tuple[int, int], places: dict[int, tuple[int, int, int, int]], **more) -> Teeth:
    """Rectangular teeth from FDI -> (top, left, bottom, right)."""
    made = [
        (fdi, np.ones((bottom - top, right - left), bool), (top, left))
        for fdi, (top, left, bottom, right) in places.items()
    ]
    return Teeth.from_masks(size, made, **more)


def two_rows(size: tuple[int, int], width: int) -> Teeth:
    """All 32 teeth as touching blocks of this width, in the middle of the picture."""
    height, total = size
    start = (total - 16 * width) // 2
    tall = height // 4
    places = {}
    for row, numbers in enumerate((ARCH_ORDER[:16], ARCH_ORDER[:15:-1])):
        for column, fdi in enumerate(numbers):
            left, top = start + column * width, height // 4 + row * tall
            places[fdi] = (top, left, top + tall, left + width)
    return blocks(size, places)


@pytest.fixture(name="grey")
def _grey():
    return grey


@pytest.fixture(name="blocks")
def _blocks():
    return blocks


@pytest.fixture(name="two_rows")
def _two_rows():
    return two_rows
