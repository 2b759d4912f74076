"""Network output -> teeth, on logits made by hand."""

import numpy as np
import pytest

from panodent.dentition import PERMANENT
from panodent.inference.decode import decode, largest_part_filled

SHAPE = (32, 64)


def logits(*regions: tuple[int, tuple[int, int, int, int], float]) -> np.ndarray:
    """Logits (33, 32, 64): 'none' at 4, and each (FDI, box, height) above it."""
    made = np.zeros((33, *SHAPE), np.float32)
    made[0] = 4.0
    for fdi, (top, left, bottom, right), height in regions:
        made[PERMANENT.index(fdi) + 1, top:bottom, left:right] = height
    return made


def test_no_tooth_is_no_tooth() -> None:
    assert len(decode(logits(), PERMANENT, (64, 128))) == 0


def test_a_region_becomes_a_tooth_in_radiograph_pixels() -> None:
    teeth = decode(logits((36, (10, 20, 20, 30), 8.0)), PERMANENT, (320, 640))
    assert teeth.fdi.tolist() == [36]
    assert teeth.size == (320, 640)
    # The logits cross half-way between pixel centres: at the regions' own edges.
    assert np.abs(teeth.boxes[0] - [100, 200, 200, 300]).max() <= 1
    assert teeth.scores[0] == pytest.approx(np.exp(8) / (np.exp(8) + np.exp(4) + 31), abs=1e-3)
    assert not teeth.flags[0]


def test_one_tooth_never_appears_twice() -> None:
    found = decode(
        logits((11, (5, 5, 15, 15), 9.0), (11, (5, 40, 9, 44), 9.0)), PERMANENT, (64, 128)
    )
    assert found.fdi.tolist() == [11]
    assert found.boxes[0, 1] < 40


def test_specks_go() -> None:
    assert len(decode(logits((11, (5, 5, 6, 7), 9.0)), PERMANENT, (64, 128))) == 0


def test_an_uncertain_tooth_is_doubtful() -> None:
    teeth = decode(logits((48, (10, 20, 20, 30), 4.2)), PERMANENT, (64, 128))
    assert teeth.flags[0] == {"doubtful"}


def test_classes_decide_the_numbers() -> None:
    made = np.zeros((3, *SHAPE), np.float32)
    made[0] = 2
    made[2, 5:15, 5:15] = 9
    assert decode(made, (36, 46), (64, 128)).fdi.tolist() == [46]


def test_masks_lie_inside_odd_sizes() -> None:
    made = logits((11, (0, 0, 10, 10), 9.0), (31, (22, 54, 32, 64), 9.0))
    teeth = decode(made, PERMANENT, (101, 333))
    assert teeth.boxes[0, :2].tolist() == [0, 0]
    assert teeth.boxes[1, 2:].tolist() == [101, 333]


def test_solid_keeps_the_largest_part_and_fills_holes() -> None:
    mask = np.zeros((20, 20), bool)
    mask[2:12, 2:12] = True
    mask[5:7, 5:7] = False
    mask[15:17, 15:17] = True
    solid, corner = largest_part_filled(mask)
    assert (solid.shape, solid.all(), corner) == ((10, 10), True, (2, 2))
    assert largest_part_filled(np.zeros((4, 4), bool))[0].shape == (0, 0)


def test_a_fragment_goes_to_the_tooth_that_it_lies_in() -> None:
    teeth = decode(
        logits((47, (5, 5, 25, 25), 9.0), (48, (19, 9, 25, 15), 12.0), (46, (5, 30, 25, 50), 9.0)),
        PERMANENT,
        SHAPE,
    )
    assert teeth.fdi.tolist() == [46, 47]
    assert teeth.masks[1].sum() == pytest.approx(20 * 20, abs=4)


def test_a_small_tooth_that_stands_alone_stays() -> None:
    small, stray = (48, (2, 56, 12, 64), 9.0), (28, (28, 56, 31, 59), 9.0)
    teeth = decode(
        logits((46, (5, 5, 25, 25), 9.0), (47, (5, 30, 25, 50), 9.0), small, stray),
        PERMANENT,
        SHAPE,
    )
    assert teeth.fdi.tolist() == [46, 47, 48]
