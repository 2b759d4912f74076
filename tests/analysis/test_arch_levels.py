"""Teeth compared with their jaw, on jaws drawn for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from panodent.analysis.arch_levels import AREAS, LENGTHS, ArchLevel, arch_levels
from panodent.analysis.dentition_stage import erupted
from panodent.analysis.tooth_extents import tooth_extents
from panodent.teeth.teeth import Teeth

Jaw = Callable[..., Teeth]


def levels(teeth: Teeth) -> dict[int, ArchLevel]:
    out = erupted(teeth)
    found = arch_levels(tooth_extents(teeth, out), out.tolist())
    return {int(teeth.fdi[index]): level for index, level in found.items()}


def test_the_tables_name_seven_positions_of_both_jaws() -> None:
    for table in (LENGTHS, AREAS):
        assert {jaw: len(row) for jaw, row in table.items()} == {"upper": 7, "lower": 7}


def test_teeth_at_the_ends_and_third_molars_have_no_level(jaw: Jaw) -> None:
    found = levels(jaw(lean={38: 0.0, 48: 0.0}))
    assert sorted(set(range(41, 47)) | set(range(31, 37))) == sorted(found)


@pytest.mark.parametrize("upper", [True, False])
def test_a_tooth_that_lies_deep(jaw: Jaw, upper: bool) -> None:
    fdi = 15 if upper else 45
    level = levels(jaw(upper, lift={fdi: 20.0}))[fdi]
    assert level.length == pytest.approx(1, abs=0.05)
    assert level.below == pytest.approx(0.22, abs=0.04)  # 20 of 90 pixels
    assert level.deep == pytest.approx(0.22, abs=0.08)
    assert level.lean == pytest.approx(0, abs=1)


def test_mesial_is_positive_on_both_sides(jaw: Jaw) -> None:
    found = levels(jaw(lean={35: 20.0, 44: 20.0, 41: -15.0}))
    assert found[35].lean == pytest.approx(20, abs=2)
    assert found[44].lean == pytest.approx(20, abs=2)
    assert found[41].lean == pytest.approx(-15, abs=2)


def test_a_short_tooth_is_no_neighbour(jaw: Jaw) -> None:
    assert levels(jaw(scale={44: 0.6}))[45].below == pytest.approx(0, abs=0.05)


def test_too_few_teeth(jaw: Jaw) -> None:
    few = tuple(fdi for fdi in (*range(31, 38), *range(41, 48)) if fdi not in (44, 45, 46))
    assert levels(jaw(without=few)) == {}
