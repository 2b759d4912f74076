"""Pixels are told the number of the tooth or position that they belong to."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.inference.finding_places import Arches, tooth_plane
from panodent.teeth.teeth import Teeth

SIZE = (80, 160)
PLANE = (40, 80)
TOOTH = np.ones((20, 8), bool)
NO_METAL = np.zeros(PLANE, bool)
# Upper teeth end at row 19 of the plane, lower ones begin at row 21.
TEETH = Teeth.from_masks(
    SIZE,
    [(12, TOOTH, (18, 60)), (21, TOOTH, (18, 84)), (42, TOOTH, (42, 60)), (31, TOOTH, (42, 84))],
)


def region(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros(PLANE, bool)
    mask[top:bottom, left:right] = True
    return mask


def within(window: tuple[slice, slice]) -> np.ndarray:
    mask = np.zeros(PLANE, bool)
    mask[window] = True
    return mask


def test_the_smaller_tooth_is_on_top() -> None:
    teeth = Teeth.from_masks(SIZE, [(36, np.ones((4, 4), bool), (0, 0)), (37, TOOTH, (0, 0))])
    plane = tooth_plane(teeth, PLANE)
    assert plane[0, 0] == 0
    assert plane[5, 1] == 1
    assert plane[39, 79] == -1


def test_jaws_and_places() -> None:
    arches = Arches.of(TEETH, PLANE, {}, NO_METAL)
    assert arches.curve == pytest.approx(np.full(80, 20))
    upper, lower = region(10, 36, 19, 40), region(22, 36, 30, 40)
    assert arches.is_upper(upper)
    assert not arches.is_upper(lower)
    places = arches.places(TEETH, tooth_plane(TEETH, PLANE), [])
    assert places.of("crown", upper)[12, 38] == 11
    assert places.of("crown", lower)[25, 38] == 41
    assert places.of("crown", upper)[12, 32] == 12  # on a tooth
    assert places.of("pontic", upper)[12, 32] in (11, 13)  # never a tooth that is there
    # A region that lies mostly above is above as a whole.
    assert places.of("crown", region(12, 36, 22, 40))[21, 38] == 11
    # Its own rows and columns are enough.
    window = np.s_[12:22, 30:40]
    for kind in ("crown", "pontic"):
        for mask in (upper, lower, region(12, 30, 40, 40)):
            part = places.of(kind, mask[window], window) if mask[window].any() else None
            assert part is None or np.array_equal(
                part, places.of(kind, mask & within(window))[window]
            )


def test_an_implant_takes_its_position() -> None:
    arches = Arches.of(TEETH, PLANE, {}, NO_METAL)
    implant = region(24, 36, 36, 39)
    assert arches.neck(implant) == pytest.approx(37.5)
    assert arches.implant_numbers([implant]) == [41]
    owners = tooth_plane(TEETH, PLANE)
    places = arches.places(TEETH, owners, [(41, 37.5)])
    assert places.of("crown", implant)[25, 37] == 41
    assert places.of("pontic", implant)[25, 37] != 41


def test_the_neck_of_a_leaning_implant_is_at_the_chewing_surface() -> None:
    arches = Arches.of(TEETH, PLANE, {}, NO_METAL)
    leaning = region(2, 50, 7, 52) | region(7, 54, 17, 56)
    assert arches.neck(leaning) == pytest.approx(55)


def test_without_teeth_crowns_tell_where_the_jaws_meet() -> None:
    nothing = Teeth.empty(SIZE)
    metal = region(28, 30, 33, 50)
    assert Arches.of(nothing, PLANE, {}, metal).curve[0] == pytest.approx(30)
    assert Arches.of(nothing, PLANE, {}, NO_METAL).curve[0] == pytest.approx(20)
