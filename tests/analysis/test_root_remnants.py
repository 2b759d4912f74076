"""Root remnants, on jaws drawn for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from panodent.analysis.arch_levels import arch_levels
from panodent.analysis.dentition_stage import erupted
from panodent.analysis.root_remnants import bulge, root_remnants
from panodent.analysis.tooth_extents import tooth_extents
from panodent.teeth.teeth import Teeth

Jaw = Callable[..., Teeth]


def remnants(teeth: Teeth) -> set[int]:
    out = erupted(teeth)
    extents = tooth_extents(teeth, out)
    found = root_remnants(extents, arch_levels(extents, out.tolist()))
    return {int(teeth.fdi[index]) for index in found}


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("position", [1, 3, 5, 6])
def test_a_root_between_whole_teeth(jaw: Jaw, upper: bool, position: int) -> None:
    fdi = (10 if upper else 40) + position
    assert remnants(jaw(upper, crownless=(fdi,))) == {fdi}


def test_several_beside_each_other(jaw: Jaw) -> None:
    assert remnants(jaw(crownless=(44, 45))) == {44, 45}


@pytest.mark.parametrize(
    "drawn",
    [
        {},
        {"scale": {45: 0.7}},  # a short tooth with its crown in the bite
        {"scale": {45: 0.7}, "lift": {45: 25.0}},  # a short tooth with a crown, submerged
        {"lift": {43: 45.0}},  # not erupted: deep, and long
        {"crownless": (45,), "lift": {45: 30.0}},  # its apex lies deeper than its neighbours'
        {"crownless": (47,)},  # no tooth behind it
        {"lean": {48: 0.0}, "crownless": (48,)},  # third molars vary
        {"crownless": (45,), "lean": {45: 60.0}},  # it lies flat
    ],
)
def test_no_remnant(jaw: Jaw, drawn: dict) -> None:
    assert remnants(jaw(**drawn)) == set()


def test_a_crown_bulges(jaw: Jaw) -> None:
    teeth = jaw(crownless=(45,))
    extents = {x.fdi: x for x in tooth_extents(teeth, erupted(teeth)) if x is not None}
    assert bulge(extents[45]) < 1.28 < bulge(extents[44])
