"""Codes of attributes of teeth: one for each value, unique, as DICOM allows them."""

from __future__ import annotations

from typing import get_args

import pytest

from panodent.analysis.impaction import DEPTHS as CLASSES
from panodent.analysis.impaction import Angulation, Impaction
from panodent.analysis.tooth_attributes import ToothAttributes
from panodent.dicom import attribute_codes as codes


def test_each_value_has_a_code() -> None:
    assert set(codes.ANGULATIONS) == set(get_args(Angulation))
    assert set(codes.DEPTHS) == {depth for _, depth in CLASSES}


def test_codes_are_unique_and_short() -> None:
    listed = [
        codes.STATE, codes.UNERUPTED, codes.IMPACTED, codes.REMNANT, codes.ANGULATION, codes.DEPTH,
        *codes.ANGULATIONS.values(), *codes.DEPTHS.values(),
    ]  # fmt: skip
    assert len({value for value, _, _ in listed}) == len(listed)
    assert all(len(value) <= 16 and len(meaning) <= 64 for value, _, meaning in listed)


@pytest.mark.parametrize(
    ("attributes", "values"),
    [
        (ToothAttributes(True), []),
        (ToothAttributes(False), ["unerupted"]),
        (ToothAttributes(True, remnant=True), ["root_remnant"]),
        (
            ToothAttributes(True, impaction=Impaction("mesial", 45.0, "B", 0.2)),
            ["impacted", "mesial", "depth_B"],
        ),
    ],
)
def test_evaluations(attributes: ToothAttributes, values: list[str]) -> None:
    assert [value[0] for _, value in codes.evaluations(attributes)] == values
