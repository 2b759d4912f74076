"""Positions of missing teeth lie between their neighbours."""

from __future__ import annotations

import numpy as np
import pytest

import panodent.inference.arch_layout as arch_layout_module
from panodent.inference.arch_layout import JAWS, anchors, arch_layout, midline_of
from panodent.teeth.teeth import Teeth

WIDTH = 1000.0
SIZES = {fdi: (0.1, 0.05) for jaw in JAWS.values() for fdi in jaw}
"""All teeth are 50 wide."""
EVEN = {"upper": (1.0,) * 8, "lower": (1.0,) * 8}
"""Neighbours stand one width apart."""


def test_jaws_run_from_left_to_right() -> None:
    assert JAWS["upper"][0] == 18
    assert JAWS["upper"][-1] == 28
    assert JAWS["lower"][0] == 48
    assert JAWS["lower"][-1] == 38


def test_a_gap_is_shared_and_ends_continue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arch_layout_module, "SPACING", EVEN)
    known = [(14, 300.0), (21, 460.0), (36, 700.0)]
    layout = arch_layout("upper", known, SIZES, WIDTH, 500)
    at = dict(zip(layout.numbers, layout.centres.tolist(), strict=True))
    assert [at[n] for n in (14, 13, 12, 11, 21)] == pytest.approx([300, 340, 380, 420, 460])
    assert [at[n] for n in (15, 22, 23)] == pytest.approx([250, 510, 560])
    free = dict(zip(layout.numbers, layout.free.tolist(), strict=True))
    assert (free[14], free[13], free[21]) == (False, True, False)
    columns = layout.columns(1000)
    assert (columns[345], columns[390], columns[419]) == (13, 12, 11)
    assert columns[999] == 0  # no position is near


def test_one_side_alone_is_held_by_the_midline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arch_layout_module, "SPACING", EVEN)
    layout = arch_layout("lower", [(38, 800.0)], SIZES, WIDTH, 500)
    at = dict(zip(layout.numbers, layout.centres.tolist(), strict=True))
    # 7.5 steps of 40 from the midline to 38; as usual on the other side.
    assert (at[31], at[37], at[41]) == pytest.approx((520, 760, 475))


def test_without_teeth_positions_are_about_the_midline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arch_layout_module, "SPACING", EVEN)
    layout = arch_layout("lower", [], SIZES, WIDTH, 500)
    at = dict(zip(layout.numbers, layout.centres.tolist(), strict=True))
    assert (at[41], at[31], at[42], at[38]) == pytest.approx((475, 525, 425, 875))
    assert layout.free.all()


def test_leaning_molars_take_less_place_than_their_width() -> None:
    layout = arch_layout("lower", [], SIZES, WIDTH, 500)
    at = dict(zip(layout.numbers, layout.centres.tolist(), strict=True))
    assert at[47] - at[48] == pytest.approx(0.76 * 50)
    assert at[31] - at[41] == pytest.approx(0.9 * 50)


def test_numbers_out_of_order_do_not_count() -> None:
    known = [(14, 300.0), (13, 600.0), (12, 400.0), (11, 450.0)]
    layout = arch_layout("upper", known, SIZES, WIDTH, 500)
    assert (np.diff(layout.centres) > 0).all()


def test_objects_get_different_positions_in_their_order() -> None:
    known = [(44, 300.0), (34, 700.0)]
    layout = arch_layout("lower", known, SIZES, WIDTH, 500)
    # 43 42 41 31 32 33 share the gap, about 57 apart.
    assert layout.assigned([470.0, 355.0, 360.0]) == [41, 43, 42]
    assert layout.assigned([]) == []
    assert layout.assigned([990.0]) == [0]
    taken = arch_layout("lower", known, SIZES, WIDTH, 500, taken={44, 34, 43})
    assert taken.assigned([355.0]) == [42]


def test_anchors_are_the_middles_of_crowns() -> None:
    upper = np.zeros((10, 10), bool)
    upper[:5, 0:4] = upper[5:, 6:10] = True  # the root leans to the left
    teeth = Teeth.from_masks(
        (100, 200), [(14, upper, (0, 20)), (85, upper, (50, 40)), (0, upper, (0, 0))]
    )
    assert anchors(teeth, 0.5) == [(14, 14.0), (45, 21.0)]


def test_midline() -> None:
    assert midline_of([(11, 40.0), (21, 60.0)], 200) == 50
    assert midline_of([(42, 40.0), (32, 70.0), (11, 1.0)], 200) == 55
    assert midline_of([(11, 40.0)], 200) == 100
