"""Stage of the dentition and eruption, on rectangles worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from panodent.analysis.dentition_stage import beside_successor, erupted, stage
from panodent.teeth.teeth import Teeth

SIZE = (100, 200)
Item = tuple[int, int, int]


def teeth(*items: Item, scores: list[float] | None = None) -> Teeth:
    """(FDI, top, left) of teeth of 20 x 10 pixels."""
    block = np.ones((20, 10), bool)
    return Teeth.from_masks(SIZE, [(fdi, block, (top, left)) for fdi, top, left in items], scores)


UPPER = ((16, 20, 10), (55, 20, 20), (54, 20, 30))


@pytest.mark.parametrize(
    ("germ", "expected"),
    [
        ((15, 0, 20), False),  # its crown ends 20 pixels above that of 55, all of a tooth's height
        ((15, 13, 20), True),  # 7 pixels, 0.35 of the height
        ((15, 12, 20), False),
        ((45, 60, 20), True),  # no neighbour in its jaw
    ],
)
def test_a_germ_lies_below_its_neighbours(germ: Item, expected: bool) -> None:
    assert erupted(teeth(*UPPER, germ)).tolist() == [True, True, True, expected]


def test_lower_teeth_reach_upwards() -> None:
    found = erupted(teeth((46, 60, 10), (85, 60, 20), (45, 75, 20)))
    assert found.tolist() == [True, True, False]


def test_a_molar_waits_for_the_one_before_it() -> None:
    # 47 reaches as far as 46, its only neighbour, which lies below 85.
    found = erupted(teeth((85, 60, 40), (46, 75, 30), (47, 75, 10)))
    assert found.tolist() == [True, False, False]


def test_unnumbered_and_deciduous_teeth_have_erupted() -> None:
    assert erupted(teeth((0, 0, 10), (55, 0, 20), (16, 20, 10))).tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("items", "scores", "expected"),
    [
        ((), [], None),
        (((0, 0, 0),), [0.9], None),
        (((16, 20, 10), (17, 20, 20)), [0.5, 1.0], ("permanent", 0.75)),
        (((55, 20, 10), (54, 20, 20), (15, 0, 10)), [0.5, 0.5, 1.0], ("primary", 0.75)),
        (((55, 20, 10), (54, 20, 20), (16, 20, 30)), [0.5, 0.5, 0.9], ("mixed", 0.75)),
        (((55, 20, 10), (16, 20, 30)), [1.0, 0.6], ("mixed", 0.6)),
    ],
)
def test_stages(items: tuple[Item, ...], scores: list[float], expected) -> None:
    found = stage(teeth(*items, scores=scores))
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert found[0] == expected[0]
        assert found[1] == pytest.approx(expected[1])


@pytest.mark.parametrize(
    ("successor", "expected"),
    [
        ((15, 20, 30), {0: 1}),  # beside it, erupted
        ((15, 0, 20), {}),  # its germ above it
        ((15, 0, 30), {}),  # not erupted
        ((25, 20, 30), {}),  # of the other side
    ],
)
def test_a_deciduous_tooth_beside_its_successor(successor: Item, expected: dict) -> None:
    assert beside_successor(teeth((55, 20, 20), successor, (16, 20, 10))) == expected


RISING = {fdi + side: -4 * (fdi - 32) ** 2 for fdi in (33, 34, 35, 36, 37) for side in (0, 10)}


def test_a_jaw_that_rises_backwards(jaw: Callable[..., Teeth]) -> None:
    # 47 reaches 36 pixels higher than 46, more than a third of the usual height.
    assert erupted(jaw(lift=RISING)).all()


def test_a_germ_below_the_curve(jaw: Callable[..., Teeth]) -> None:
    teeth = jaw(lift={**RISING, 35: RISING[35] + 50})
    assert [fdi for fdi, out in zip(teeth.fdi, erupted(teeth), strict=True) if not out] == [35]


@pytest.mark.parametrize(("scale", "expected"), [(1.0, True), (0.8, False)])
def test_a_second_molar_that_grows_is_not_compared_with_the_curve(
    jaw: Callable[..., Teeth], scale: float, expected: bool
) -> None:
    # The third molar behind it reaches far above it.
    teeth = jaw(lean={48: 0.0}, lift={48: -40.0}, scale={47: scale})
    assert erupted(teeth)[teeth.fdi.tolist().index(47)] == expected
