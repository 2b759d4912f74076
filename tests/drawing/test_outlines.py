"""Outlines on a picture: closed, dashed when doubtful, with a wider line below."""

from __future__ import annotations

import numpy as np

from panodent.drawing.outlines import draw_outline
from panodent.teeth.teeth import Teeth

SIZE = (60, 60)
RED, WHITE = (255, 0, 0), (255, 255, 255)


def drawn(mask: np.ndarray, *, doubtful: bool = False, casing: bool = False) -> np.ndarray:
    """(60, 60, 3) black picture with the outline of a tooth whose mask begins at (10, 10)."""
    flags = [["doubtful"] if doubtful else []]
    tooth = Teeth.from_masks(SIZE, [(36, mask, (10, 10))], flags=flags)
    canvas = np.zeros((*SIZE, 3), np.uint8)
    draw_outline(canvas, tooth, 0, RED, 14, WHITE if casing else None)
    return canvas


BLOCK = np.ones((40, 40), bool)


def test_the_outline_runs_along_the_border_and_nowhere_else() -> None:
    picture = drawn(BLOCK)[..., 0] > 0
    assert picture[10, 15:45].all()
    assert picture[49, 15:45].all()
    assert picture[15:45, 10].all()
    assert not picture[14:46, 14:46].any()
    assert not picture[:8].any()


def test_a_hole_has_an_outline_too() -> None:
    mask = BLOCK.copy()
    mask[14:26, 14:26] = False
    picture = drawn(mask)[..., 0] > 0
    assert picture[20:40, 20:40].any()
    assert not picture[28:32, 28:32].any()


def test_a_doubtful_tooth_has_gaps() -> None:
    whole, dashed = drawn(BLOCK)[10, 15:45, 0] > 0, drawn(BLOCK, doubtful=True)[10, 15:45, 0] > 0
    assert whole.all()
    assert 0.2 < dashed.mean() < 0.9


def test_the_casing_lies_on_both_sides_of_the_line() -> None:
    picture = drawn(BLOCK, casing=True)
    column = picture[5:15, 30]
    assert (column[:, 2] > 128).any()  # white shows beside red
    assert picture[10, 30, 0] > picture[10, 30, 2]


def test_a_tooth_of_one_pixel_is_drawn() -> None:
    assert drawn(np.ones((1, 1), bool))[10, 10, 0] > 0
