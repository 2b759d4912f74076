"""Long axes, worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from panodent.analysis.long_axis import crown_share, long_axis, tilt, turned
from panodent.teeth.teeth import Teeth


def axis(fdi: int, mask: np.ndarray) -> np.ndarray | None:
    return long_axis(Teeth.from_masks((200, 200), [(fdi, mask, (10, 10))]), 0)


@pytest.mark.parametrize(("fdi", "expected"), [(16, [0, -1]), (46, [0, 1]), (0, [0, 1])])
def test_the_root_is_away_from_the_other_jaw(fdi: int, expected: list[float]) -> None:
    found = axis(fdi, np.ones((30, 10), bool))
    assert found is not None
    assert found.tolist() == pytest.approx(expected)


def test_a_square_has_none() -> None:
    assert axis(46, np.ones((20, 20), bool)) is None
    assert axis(46, np.ones((2, 1), bool)) is None


@pytest.mark.parametrize("mirrored", [False, True])
def test_spread_roots_are_not_taken_for_a_crown(mirrored: bool) -> None:
    # A molar that lies flat: its two roots are as far apart as its crown is wide.
    mask = np.zeros((30, 60), np.uint8)
    mask[3:27, 30:] = 1
    cv2.fillPoly(mask, [np.array([(30, 3), (0, 0), (0, 6), (30, 12)])], 1)
    cv2.fillPoly(mask, [np.array([(30, 18), (0, 23), (0, 29), (30, 27)])], 1)
    found = axis(48, mask[:, ::-1] > 0 if mirrored else mask > 0)
    assert found is not None
    assert found[0] == pytest.approx(1 if mirrored else -1, abs=0.02)


def test_the_end_with_more_pixels() -> None:
    along = np.array([0.0] * 6 + [10.0] * 3)
    assert crown_share(along) == 2
    assert crown_share(-along) == 0.5


@pytest.mark.parametrize(
    ("fdi", "crown", "expected"),
    [
        (48, (1, -1), 45),  # the crown leans to the image's right: towards the midline
        (38, (-1, -1), 45),
        (38, (1, -1), -45),
        (18, (1, 1), 45),
        (48, (1, 0), 90),
        (48, (0, 1), 180),
    ],
)
def test_tilt(fdi: int, crown: tuple[float, float], expected: float) -> None:
    root = -np.array(crown, float) / np.hypot(*crown)
    assert abs(turned(tilt(fdi, root), expected)) < 1e-6


def test_tilt_against_a_plane() -> None:
    assert tilt(48, np.array([0.0, 1.0]), plane=10) == pytest.approx(10, abs=20.1)
    flat = tilt(48, np.array([0.0, 1.0]))
    assert abs(tilt(48, np.array([0.0, 1.0]), plane=10) - flat) == pytest.approx(10)
