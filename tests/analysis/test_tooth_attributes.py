"""Erupted, impacted, a root remnant: on jaws drawn for it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from panodent.analysis.tooth_attributes import ToothAttributes, tooth_attributes
from panodent.teeth.teeth import Teeth

Jaw = Callable[..., Teeth]


def attributes(teeth: Teeth) -> dict[int, ToothAttributes]:
    return dict(zip(teeth.fdi.tolist(), tooth_attributes(teeth), strict=True))


@pytest.mark.parametrize("upper", [True, False])
def test_a_whole_jaw_has_nothing_to_say(jaw: Jaw, upper: bool) -> None:
    assert set(attributes(jaw(upper)).values()) == {ToothAttributes(True)}


def test_each_state_in_words(jaw: Jaw) -> None:
    found = attributes(jaw(lean={38: 60.0}, crownless=(45,)))
    assert found[45].words == ("root remnant",)
    assert found[38].words == ("impacted (mesial, depth A)",)
    assert found[36].words == ()


def test_a_remnant_counts_as_erupted(jaw: Jaw) -> None:
    assert attributes(jaw(crownless=(45,)))[45] == ToothAttributes(True, remnant=True)


def test_no_remnant_where_a_deciduous_tooth_stands(jaw: Jaw) -> None:
    teeth = jaw(crownless=(45,), without=(33,))
    block = np.ones((40, 20), bool)
    items = [(int(fdi), mask, (int(box[0]), int(box[1]))) for fdi, box, mask in teeth]
    with_child = Teeth.from_masks(teeth.size, [*items, (73, block, (205, 500))])
    assert not attributes(with_child)[45].remnant


def test_plain_data(jaw: Jaw) -> None:
    data = attributes(jaw(lean={48: 60.0}))[48].to_dict()
    assert set(data) == {"erupted", "remnant", "impaction"}
    assert data["impaction"]["angulation"] == "mesial"
    assert data["impaction"]["angle"] == pytest.approx(60, abs=3)
    assert attributes(jaw())[36].to_dict()["impaction"] is None


def test_no_teeth() -> None:
    assert tooth_attributes(Teeth.empty((9, 9))) == ()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"lean": {48: 20.0}, "scale": {48: 0.65}}, False),
        ({"lean": {48: 20.0}, "scale": {48: 0.9}}, True),
        ({"lean": {48: 20.0}, "scale": {48: 0.65}, "without": (47,)}, True),  # nothing to compare
        ({"upper": True, "lean": {18: 20.0}, "scale": {18: 0.65}}, True),  # upper ones may be small
    ],
)
def test_a_growing_lower_third_molar_has_not_erupted(
    jaw: Jaw, settings: dict, expected: bool
) -> None:
    fdi = 18 if settings.get("upper") else 48
    assert attributes(jaw(**settings))[fdi].erupted == expected
