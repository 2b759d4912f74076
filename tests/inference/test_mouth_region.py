"""Findings are looked for at the teeth and where mouths usually are."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.bundle.findings_network import WHOLE
from panodent.inference.mouth_region import FEWEST, mouth_region
from panodent.teeth.teeth import Teeth

SIZE, FRAME = (500, 1000), (384, 768)
TOOTH = np.ones((50, 25), bool)
USUAL = (64, 352, 96, 672)


def row_of_teeth(*corners: tuple[int, int]) -> Teeth:
    """Enough teeth in the middle of the picture, and teeth at these corners."""
    middle = [(11, TOOTH, (225, 400 + 25 * index)) for index in range(FEWEST)]
    return Teeth.from_masks(SIZE, [*middle, *((36, TOOTH, corner) for corner in corners)])


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ([], USUAL),
        ([(180, 200), (270, 750)], USUAL),
        # (375 + 50) / 500 + 1/6 = 0 .. 1.02 of the height; 100 / 1000 - 0.03 = 53.8 of 768 columns.
        ([(375, 100)], (64, 384, 32, 672)),
        # (100 / 500 - 1/6) * 384 = 12.8 rows; (925 / 1000 + 0.03) * 768 = 733.4 columns.
        ([(100, 900)], (0, 352, 96, 736)),
        ([(0, 0), (450, 975)], (0, 384, 0, 768)),
    ],
)
def test_teeth_and_the_usual_mouth_are_inside(
    corners: list[tuple[int, int]], expected: tuple[int, int, int, int]
) -> None:
    rows, cols = mouth_region(row_of_teeth(*corners), FRAME)
    assert (rows.start, rows.stop, cols.start, cols.stop) == expected


def test_few_teeth_do_not_tell_where_the_mouth_is() -> None:
    few = row_of_teeth().select(range(FEWEST - 1))
    assert mouth_region(few, FRAME) == WHOLE
    assert mouth_region(Teeth.empty(SIZE), FRAME) == WHOLE


@pytest.mark.parametrize("frame", [(32, 32), (96, 160), (256, 512)])
def test_sides_of_any_frame_are_multiples_of_32(frame: tuple[int, int]) -> None:
    for part, side in zip(mouth_region(row_of_teeth((300, 800)), frame), frame, strict=True):
        assert 0 <= part.start < part.stop <= side
        assert part.start % 32 == part.stop % 32 == 0
