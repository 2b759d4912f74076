"""Codes of kinds of findings: one for each, told apart, as DICOM allows them."""

from __future__ import annotations

import pytest

from panodent.dicom.finding_codes import CODES, kind_of
from panodent.teeth.finding_kinds import KINDS


def test_each_kind_has_codes_and_a_colour_of_its_own() -> None:
    assert set(CODES) == set(KINDS)
    assert len({(code.type, code.modifier) for code in CODES.values()}) == len(CODES)
    assert len({code.colour for code in CODES.values()}) == len(CODES)


def test_values_and_meanings_are_as_long_as_dicom_allows() -> None:
    listed = [code for entry in CODES.values() for code in (entry.type, entry.modifier) if code]
    assert all(len(value) <= 16 and len(meaning) <= 64 for value, _, meaning in listed)


@pytest.mark.parametrize("kind", CODES)
def test_a_kind_is_known_by_its_codes(kind: str) -> None:
    code = CODES[kind]
    assert kind_of(code.type[:2], code.modifier and code.modifier[:2]) == kind


def test_foreign_codes_are_of_no_kind() -> None:
    assert kind_of(("27606000", "SCT"), None) is None  # any dental prosthesis
    assert kind_of(("filling", "99OTHER"), None) is None
