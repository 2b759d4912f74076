from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panodent.inference.appliances import cut_appliance, nearest
from panodent.utils.arrays import BoolArray

PLANE = 100, 200  # a wire's square has a side of 3, a bracket at least 2 thick pixels


def arch(*brackets: tuple[int, int], wire: bool = True) -> tuple[BoolArray, npt.NDArray[np.int16]]:
    """Brackets (left, width) of seven rows on a wire of one; numbers 11, 12, ... by 25 columns."""
    region = np.zeros((20, 200), bool)
    region[10] = wire
    for left, width in brackets:
        region[7:14, left : left + width] = True
    numbers = np.tile((11 + np.arange(200) // 25).astype(np.int16), (20, 1))
    return region, numbers


def test_brackets_beside_a_large_band_stay_one_object_each() -> None:
    region, numbers = arch((5, 6), (30, 6), (55, 40))
    parts = cut_appliance(region, numbers, PLANE)
    assert [fdi for fdi, _ in parts] == [11, 12, 13, 14, 0]
    bracket = dict(parts)[12]
    assert bracket.sum() == 7 * 6
    assert bracket[7:14, 30:36].all()


def test_a_wire_runs_on_across_the_brackets() -> None:
    region, numbers = arch((5, 6), (105, 6))
    wire = dict(cut_appliance(region, numbers, PLANE))[0]
    assert wire[10].all()
    assert wire.sum(axis=0)[105:111].max() <= 3


def test_a_short_wire_belongs_to_the_brackets() -> None:
    region, numbers = arch((15, 9), (26, 9), wire=False)
    region[10, 15:35] = True
    parts = cut_appliance(region, numbers, PLANE)
    assert [fdi for fdi, _ in parts] == [11, 12]
    assert (parts[0][1] | parts[1][1]).sum() == region.sum()


def test_what_is_nowhere_thick_is_a_wire() -> None:
    region, numbers = arch()
    [(fdi, mask)] = cut_appliance(region, numbers, PLANE)
    assert fdi == 0
    assert np.array_equal(mask, region)


def test_an_appliance_where_no_tooth_is_stays_whole() -> None:
    region, numbers = arch((5, 6), (30, 6))
    [(fdi, mask)] = cut_appliance(region, np.zeros_like(numbers), PLANE)
    assert fdi == 0
    assert np.array_equal(mask, region)


def test_what_is_too_small_for_a_bracket_stays_whole() -> None:
    region, numbers = arch((5, 6))
    [(fdi, mask)] = cut_appliance(region, numbers, (100, 20_000))
    assert fdi == 11
    assert np.array_equal(mask, region)


def test_nearest_seed() -> None:
    numbers = np.array([[11, 0, 0, 0, 12]], np.int16)
    assert nearest(numbers > 0, numbers)[0].tolist()[:2] == [11, 11]
    assert nearest(numbers > 0, numbers)[0].tolist()[3:] == [12, 12]
