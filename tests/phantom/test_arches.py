"""Tests of `panodent.phantom.arches`."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.dentition import PERMANENT
from panodent.phantom.arches import (
    LOSS_POSITIONS,
    LOSS_PROBABILITIES,
    WIDTH,
    Placement,
    tooth_placements,
)


def placements(seed: int, missing: list[int] | None = None) -> dict[int, Placement]:
    found = tooth_placements(np.random.default_rng(seed), missing)
    return {placement.fdi: placement for placement in found}


@pytest.mark.parametrize(
    ("fdi", "angle", "root"),
    [
        (11, 0, (0, -1)),  # roots of upper teeth point up
        (41, 0, (0, 1)),
        (48, 90, (-1, 0)),  # away from the midline: to the left on the patient's right
        (38, 90, (1, 0)),
        (28, -30, (-0.5, -np.sqrt(0.75))),
    ],
)
def test_direction_of_a_root(fdi: int, angle: float, root: tuple[float, float]) -> None:
    assert Placement(fdi, 0, 0, 100, 40, angle).root == pytest.approx(root)


def test_facts_about_a_placement() -> None:
    upper_right, lower_left = Placement(16, 0, 0, 1, 1, 0), Placement(38, 0, 0, 1, 1, 0)
    assert (upper_right.upper, upper_right.outwards, upper_right.position) == (True, -1, 6)
    assert (lower_left.upper, lower_left.outwards, lower_left.position) == (False, 1, 8)


def test_every_tooth_but_the_missing() -> None:
    assert sorted(placements(0, [])) == sorted(PERMANENT)
    assert set(PERMANENT) - set(placements(0, [36, 11])) == {36, 11}


def test_quadrants_are_on_their_sides() -> None:
    for seed in range(5):
        for placement in placements(seed, []).values():
            assert (placement.x - WIDTH * 0.506) * placement.outwards > -30


def test_teeth_move_into_a_gap() -> None:
    # The same random numbers until 36 is left out: 35 and 37 move towards each other.
    whole, gap = placements(3, []), placements(3, [36])
    assert gap[35].x > whole[35].x  # on the patient's left, outwards is to the right
    assert gap[37].x < whole[37].x
    assert gap[35].root_angle < whole[35].root_angle
    assert gap[33] == whole[33]


def test_random_losses() -> None:
    assert sum(LOSS_PROBABILITIES) == pytest.approx(1)
    assert len(LOSS_PROBABILITIES) == len(LOSS_POSITIONS)
    lost = [fdi for seed in range(200) for fdi in set(PERMANENT) - set(placements(seed))]
    by_position = np.bincount([fdi % 10 for fdi in lost], minlength=9)
    assert by_position[8] / (4 * 200) == pytest.approx(0.35, abs=0.05)
    assert by_position[6] > by_position[5] > by_position[1]
    assert by_position[3] == 0
