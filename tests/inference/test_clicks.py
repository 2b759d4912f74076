from __future__ import annotations

import numpy as np
import pytest

from panodent.inference.clicks import Clicks, pixel
from panodent.utils.arrays import Float32Array


def lead(*boxes: tuple[int, int, int, int]) -> Float32Array:
    """(30, 60), 5 inside boxes (top, left, bottom, right) and -5 outside."""
    found = np.full((30, 60), -5, np.float32)
    for top, left, bottom, right in boxes:
        found[top:bottom, left:right] = 5
    return found


def test_places_follow_their_image() -> None:
    clicks = Clicks(((10, 20),), ((12, 24),), (8, 16, 20, 30)).placed(4, 8, 0.5, 0.25)
    assert clicks == Clicks(((3.0, 3.0),), ((4.0, 4.0),), (2.0, 2.0, 8.0, 5.5))
    assert pixel((70.2, -1), (30, 60)) == (0, 59)


def test_one_shape_of_two_teeth_is_cut_between_the_clicks() -> None:
    shape = lead((5, 10, 25, 40))  # two teeth of 20 x 15
    changed, aside = Clicks(((17.5, 15),), ((32.5, 15),)).applied(shape)
    assert aside is not None
    assert (changed > 0).sum(axis=1)[15] == (aside > 0).sum(axis=1)[15] == 15
    assert not ((changed > 0) & (aside > 0)).any()


def test_a_click_near_the_edge_takes_a_bay_and_no_more() -> None:
    shape = lead((5, 10, 25, 40))
    changed, _ = Clicks(((25, 15),), ((38, 15),)).applied(shape)
    lost = (shape > 0) & (changed <= 0)
    assert lost[15, 38]
    assert 4 <= lost.sum() <= 25
    assert Clicks(((25, 15),), ((38, 15),)).applied(shape, least=4)[1] is None  # too small a bay


def test_a_click_outside_adds_a_disc_that_reaches_the_shape() -> None:
    shape = lead((5, 10, 25, 40))
    changed, aside = Clicks(((25, 15), (45.5, 15.5))).applied(shape)
    assert aside is None
    assert (changed > 0)[15, 10:48].all()
    assert not (changed > 0)[:, 52:].any()
    assert np.array_equal(Clicks(((25, 15), (45.5, 15.5))).applied(shape, least=9)[0], shape)


@pytest.mark.parametrize(
    ("clicks", "kept"),
    [
        (Clicks(((3, 3),)), (True, False)),
        (Clicks(((3, 3), (40, 15))), (True, True)),
        (Clicks(box=(0, 0, 60, 30)), (False, True)),  # the larger
    ],
)
def test_parts_with_a_click_stay(clicks: Clicks, kept: tuple[bool, bool]) -> None:
    inside = lead((1, 1, 6, 6), (5, 20, 25, 50)) > 0
    found = clicks.touched(inside)
    assert (found[3, 3], found[15, 40]) == kept


def test_holes_are_filled_unless_a_click_says_otherwise() -> None:
    inside = lead((5, 10, 25, 40)) > 0
    inside[10:14, 20:24] = inside[10:14, 30:34] = False
    found = Clicks(((12, 7),), ((21, 11),)).touched(inside)
    assert (found[11, 21], found[11, 31], found[0, 0]) == (False, True, False)
    assert not Clicks().touched(np.zeros((4, 4), bool)).any()
