"""Impacted teeth, on jaws drawn for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from panodent.analysis.impaction import Impaction, angulation
from panodent.analysis.tooth_attributes import tooth_attributes
from panodent.teeth.teeth import Teeth

Jaw = Callable[..., Teeth]


def impaction(teeth: Teeth, fdi: int) -> Impaction | None:
    return tooth_attributes(teeth)[teeth.fdi.tolist().index(fdi)].impaction


@pytest.mark.parametrize(
    ("angle", "name"),
    [
        (0, "vertical"),
        (10.4, "vertical"),
        (-10, "vertical"),
        (11, "mesial"),
        (79, "mesial"),
        (80, "horizontal"),
        (-80, "horizontal"),
        (100, "horizontal"),
        (-11, "distal"),
        (101, "inverted"),
        (-179, "inverted"),
    ],
)
def test_classes_at_their_bounds(angle: float, name: str) -> None:
    assert angulation(angle) == name


@pytest.mark.parametrize("fdi", [38, 48])
@pytest.mark.parametrize(
    ("lean", "lift", "expected"),
    [
        (0, 0, None),  # upright, erupted
        (20, 0, None),  # leans a little
        (40, 0, ("mesial", "A")),
        (40, -30, None),  # reaches higher than the second molar: erupted
        (60, 0, ("mesial", "A")),
        (90, 0, ("horizontal", "B")),
        (0, 45, ("vertical", "C")),  # deep
        (-30, 45, ("distal", "C")),
        (-30, 0, None),  # erupted
    ],
)
def test_a_third_molar(jaw: Jaw, fdi: int, lean: float, lift: float, expected) -> None:
    found = impaction(jaw(lean={fdi: lean}, lift={fdi: lift}), fdi)
    assert (found and (found.angulation, found.depth)) == expected
    if found:
        assert found.angle == pytest.approx(lean, abs=4)


def test_an_upper_third_molar(jaw: Jaw) -> None:
    found = impaction(jaw(upper=True, lean={18: -40.0}, lift={18: 45.0}), 18)
    assert found is not None
    assert (found.angulation, found.depth) == ("distal", "C")
    assert impaction(jaw(upper=True, lean={18: -85.0}, lift={18: 45.0}), 18) is None


def test_a_small_upper_third_molar_has_grown_if_it_has_descended(jaw: Jaw) -> None:
    def drawn(scale: float, lift: float) -> Teeth:
        return jaw(upper=True, lean={18: -20.0}, scale={18: scale}, lift={18: lift})

    found = impaction(drawn(0.79, 40.0), 18)
    assert found is not None
    assert (found.angulation, found.depth) == ("distal", "C")
    assert impaction(drawn(0.79, 60.0), 18) is None  # as high as germs lie
    assert impaction(drawn(0.66, 40.0), 18) is None  # its root grows


def test_a_third_molar_upside_down(jaw: Jaw) -> None:
    found = impaction(jaw(lean={38: 180.0}, lift={38: 75.0}), 38)
    assert found is not None
    assert found.angulation == "inverted"


@pytest.mark.parametrize(
    "drawn",
    [
        {"lean": {38: 60.0}, "scale": {38: 0.6}},  # its root grows
        {"lean": {38: 60.0}, "without": (37,)},  # nothing to compare it with
        {"lean": {38: 60.0, 37: 60.0}},  # the second molar leans too much
        {"lean": {38: 60.0}, "lift": {37: 60.0}},  # the second molar has not erupted
        {"lean": {38: 60.0}, "crownless": (37,)},  # it is a remnant
    ],
)
def test_not_certain(jaw: Jaw, drawn: dict) -> None:
    assert impaction(jaw(**drawn), 38) is None


def test_a_squeezed_radiograph_has_the_same_angles(jaw: Jaw) -> None:
    found = impaction(jaw(lean={38: 60.0}, width=0.5), 38)
    assert found is not None
    assert found.angulation == "mesial"
    assert found.angle == pytest.approx(60, abs=12)


def test_a_canine_deep_between_its_neighbours(jaw: Jaw) -> None:
    both = combined(jaw(upper=True, lift={13: 40.0}), jaw())
    found = impaction(both, 13)
    assert found is not None
    assert (found.angulation, found.depth) == ("vertical", "B")


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ({"lift": {13: 40.0, 17: 60.0}}, {}),  # a second molar has not erupted
        ({"lift": {13: 40.0}, "without": (17, 27)}, {}),  # too few second molars
        ({"lift": {13: 40.0}, "without": (14, 15, 16, 17)}, {}),  # no neighbour behind it
        ({"lift": {13: 40.0}, "scale": {13: 0.5}}, {}),  # it grows
        ({"lift": {13: 12.0}}, {}),  # it has nearly erupted
    ],
)
def test_no_canine_of_a_child_is_impacted(jaw: Jaw, upper: dict, lower: dict) -> None:
    assert impaction(combined(jaw(upper=True, **upper), jaw(**lower)), 13) is None


def test_a_mixed_dentition_has_no_impacted_teeth(jaw: Jaw) -> None:
    teeth = jaw(lean={38: 60.0}, without=(33, 34, 35))
    block = np.ones((40, 20), bool)
    child = [(fdi, block, (205, 400 + 30 * (fdi - 70))) for fdi in (73, 74, 75)]
    items = [(int(fdi), mask, (int(box[0]), int(box[1]))) for fdi, box, mask in teeth]
    assert impaction(Teeth.from_masks(teeth.size, [*items, *child]), 38) is None


def combined(first: Teeth, second: Teeth) -> Teeth:
    items = [(int(f), m, (int(b[0]), int(b[1]))) for teeth in (first, second) for f, b, m in teeth]
    return Teeth.from_masks(first.size, items)
