"""Codes of segments: teeth, findings and the teeth that carry them."""

from __future__ import annotations

from typing import Any

import pytest

pydicom = pytest.importorskip("pydicom")

from panodent.dentition import TEETH  # noqa: E402
from panodent.teeth.segment_codes import (  # noqa: E402
    TOOTH,
    coded_carrier,
    coded_kind,
    coded_tooth,
    is_supernumerary,
)


def code(value: str, scheme: str = "SCT") -> Any:
    made = pydicom.Dataset()
    made.CodeValue, made.CodingSchemeDesignator = value, scheme
    return made


def segment(value: str, scheme: str = "SCT", modifier: str = "", region: str = "") -> Any:
    made = pydicom.Dataset()
    type_ = code(value, scheme)
    if modifier:
        type_.SegmentedPropertyTypeModifierCodeSequence = [code(modifier, "99PANODENT")]
    made.SegmentedPropertyTypeCodeSequence = [type_]
    if region:
        made.AnatomicRegionSequence = [code(region)]
    return made


@pytest.mark.parametrize("fdi", [11, 48, 51, 85])
def test_teeth(fdi: int) -> None:
    snomed = TEETH[fdi].snomed
    assert coded_tooth(segment(snomed)) == coded_tooth(segment(TOOTH, region=snomed)) == fdi
    assert coded_kind(segment(snomed)) is None


def test_a_supernumerary_tooth_has_no_number_and_others_are_open() -> None:
    assert is_supernumerary("2541000124102")
    assert coded_tooth(segment("2541000124102")) == 0
    assert coded_tooth(segment(TOOTH)) is None
    assert coded_tooth(segment("1")) is None
    assert coded_tooth(pydicom.Dataset()) is None
    assert coded_kind(pydicom.Dataset()) is None


def test_findings_and_their_teeth() -> None:
    crown = segment("27606000", "SCT", "crown", TEETH[36].snomed)
    assert (coded_kind(crown), coded_carrier(crown)) == ("crown", 36)
    filling = segment("filling", "99PANODENT")
    assert (coded_kind(filling), coded_carrier(filling)) == ("filling", 0)
    assert coded_kind(segment("27606000")) is None
    assert coded_kind(segment("filling", "SCT")) is None
