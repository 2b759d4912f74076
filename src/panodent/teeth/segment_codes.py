"""What the codes of a segment of a DICOM Segmentation say: a tooth, a finding and its tooth.

A segment is an item of SegmentSequence (pydicom). Teeth have SNOMED CT codes of the context groups
4018 and 4019 (DICOM PS3.16), findings those of `panodent.teeth.finding_codes`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from panodent.dentition import TEETH
from panodent.teeth.finding_codes import kind_of
from panodent.teeth.findings import NOWHERE
from panodent.teeth.teeth import UNNUMBERED

TOOTH = "38199008"
"""SNOMED CT code of "Tooth", which says no number."""
_BY_CODE = {item.snomed: fdi for fdi, item in TEETH.items()}


def coded_kind(segment: Any) -> str | None:
    """The kind of finding of a segment, None for teeth and for unknown codes."""
    type_ = _only(segment, "SegmentedPropertyTypeCodeSequence")
    if type_ is None:
        return None
    modifier = _only(type_, "SegmentedPropertyTypeModifierCodeSequence")
    return kind_of(_plain(type_), None if modifier is None else _plain(modifier))


def coded_tooth(segment: Any) -> int | None:
    """The FDI number of a segment by its property type; None if the codes say no number.

    "Tooth" with an anatomic region that is a tooth is that tooth. Supernumerary teeth (context
    group 4025) have the number 0.
    """
    code = _value(_only(segment, "SegmentedPropertyTypeCodeSequence"))
    if code in _BY_CODE:
        return _BY_CODE[code]
    if code == TOOTH:
        return _BY_CODE.get(_value(_only(segment, "AnatomicRegionSequence")))
    return UNNUMBERED if is_supernumerary(code) else None


def coded_carrier(segment: Any) -> int:
    """The FDI number of the tooth that carries a finding, 0 for none: its anatomic region."""
    return _BY_CODE.get(_value(_only(segment, "AnatomicRegionSequence")), NOWHERE)


def is_supernumerary(code: str) -> bool:
    """Whether a SNOMED CT code is that of a supernumerary tooth (context group 4025).

    >>> is_supernumerary("2541000124102"), is_supernumerary("38199008")
    (True, False)
    """
    return code in _supernumerary()


@cache
def _supernumerary() -> frozenset[str]:
    from pydicom.sr.codedict import Collection

    return frozenset(code.value for code in Collection("CID4025").concepts.values())


def _only(item: Any, name: str) -> Any:
    """The only item of a sequence, or None."""
    items = item.get(name) or []
    return items[0] if len(items) == 1 else None


def _value(code: Any) -> str:
    return "" if code is None else str(code.get("CodeValue", ""))


def _plain(code: Any) -> tuple[str, str]:
    return _value(code), str(code.get("CodingSchemeDesignator", ""))
