"""The 52 teeth: numbers in three systems both ways, codes, names, mirror partners and colours."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.dentition import (
    ARCH_ORDER,
    ARCHES,
    DECIDUOUS,
    NUMBERINGS,
    PERMANENT,
    TEETH,
    TOOTH_TYPES,
    from_fdi,
    from_palmer,
    from_universal,
    mirror,
    to_fdi,
    tooth,
)
from panodent.errors import UnknownNameError, UnknownToothError

# Written out from the charts, not computed.
PERMANENT_ROWS = {
    # quadrant: FDI 1-8 from the midline, Universal, Palmer side
    1: ("8 7 6 5 4 3 2 1", "UR"),
    2: ("9 10 11 12 13 14 15 16", "UL"),
    3: ("24 23 22 21 20 19 18 17", "LL"),
    4: ("25 26 27 28 29 30 31 32", "LR"),
}
DECIDUOUS_ROWS = {
    5: ("E D C B A", "UR"),
    6: ("F G H I J", "UL"),
    7: ("O N M L K", "LL"),
    8: ("P Q R S T", "LR"),
}
CHART = [
    (quadrant * 10 + position, universal, side + mark)
    for rows, marks in ((PERMANENT_ROWS, "12345678"), (DECIDUOUS_ROWS, "ABCDE"))
    for quadrant, (numbers, side) in rows.items()
    for position, (universal, mark) in enumerate(zip(numbers.split(), marks, strict=True), 1)
]


def test_there_are_52_teeth():
    assert len(TEETH) == len(CHART) == 52
    assert sorted(TEETH) == sorted(fdi for fdi, _, _ in CHART)
    assert len(PERMANENT) == 32
    assert len(DECIDUOUS) == 20
    assert tuple(q * 10 + p for q in (1, 2, 3, 4) for p in range(1, 9)) == PERMANENT
    assert tuple(q * 10 + p for q in (5, 6, 7, 8) for p in range(1, 6)) == DECIDUOUS


@pytest.mark.parametrize(("fdi", "universal", "palmer"), CHART)
def test_numbers_convert_both_ways(fdi, universal, palmer):
    assert from_fdi(fdi, "fdi") == str(fdi)
    assert from_fdi(fdi, "universal") == universal
    assert from_fdi(fdi, "palmer") == palmer
    assert from_universal(universal) == fdi
    assert from_palmer(palmer) == fdi
    assert to_fdi(str(fdi), "fdi") == to_fdi(fdi, "fdi") == fdi
    assert to_fdi(universal, "universal") == fdi
    assert to_fdi(palmer, "palmer") == fdi
    assert to_fdi(f" {palmer.lower()} ", "palmer") == fdi


@pytest.mark.parametrize(
    ("fdi", "name", "kind", "quadrant", "position"),
    [
        (11, "upper right central incisor", "incisor", 1, 1),
        (22, "upper left lateral incisor", "incisor", 2, 2),
        (33, "lower left canine", "canine", 3, 3),
        (44, "lower right first premolar", "premolar", 4, 4),
        (15, "upper right second premolar", "premolar", 1, 5),
        (26, "upper left first molar", "molar", 2, 6),
        (37, "lower left second molar", "molar", 3, 7),
        (48, "lower right third molar", "molar", 4, 8),
        (54, "upper right deciduous first molar", "molar", 1, 4),
        (63, "upper left deciduous canine", "canine", 2, 3),
        (75, "lower left deciduous second molar", "molar", 3, 5),
        (81, "lower right deciduous central incisor", "incisor", 4, 1),
    ],
)
def test_names_and_places(fdi, name, kind, quadrant, position):
    item = tooth(fdi)
    assert (item.name, item.type, item.quadrant, item.position) == (name, kind, quadrant, position)
    assert item.fdi == fdi
    assert name.startswith(f"{item.jaw} {item.side} ")
    assert item.deciduous == ("deciduous" in name)


def test_types_are_counted_as_anatomy_has_them():
    permanent = [TEETH[fdi].type for fdi in PERMANENT]
    deciduous = [TEETH[fdi].type for fdi in DECIDUOUS]
    assert [permanent.count(kind) for kind in TOOTH_TYPES] == [8, 4, 8, 12]
    assert [deciduous.count(kind) for kind in TOOTH_TYPES] == [8, 4, 0, 8]


@pytest.mark.parametrize("fdi", list(TEETH))
def test_mirroring_changes_the_side_alone_and_twice_is_none(fdi):
    here, there = tooth(fdi), tooth(mirror(fdi))
    assert mirror(there.fdi) == fdi
    assert {here.side, there.side} == {"right", "left"}
    assert (here.jaw, here.type, here.position, here.deciduous) == (
        there.jaw,
        there.type,
        there.position,
        there.deciduous,
    )


def test_arch_order_is_universal_order():
    assert ARCH_ORDER[:3] == (18, 17, 16)
    assert ARCH_ORDER[7:9] == (11, 21)
    assert ARCH_ORDER[15:17] == (28, 38)
    assert ARCH_ORDER[23:25] == (31, 41)
    assert ARCH_ORDER[-1] == 48
    assert [int(TEETH[fdi].universal) for fdi in ARCH_ORDER] == list(range(1, 33))


def test_arches_are_the_two_jaws():
    assert [[arch[0], arch[7], arch[8], arch[15]] for arch in ARCHES] == [
        [18, 11, 21, 28],
        [38, 31, 41, 48],
    ]


def test_no_two_teeth_share_a_mark_or_a_colour():
    for field in ("universal", "palmer", "name", "colour", "snomed"):
        assert len({getattr(item, field) for item in TEETH.values()}) == 52, field
    for item in TEETH.values():
        assert all(isinstance(part, int) and 0 <= part <= 255 for part in item.colour)


def test_colours_never_change():
    # Masks and overlays saved by one version must look the same in the next.
    assert [TEETH[fdi].colour for fdi in (11, 26, 38, 75)] == [
        (76, 240, 124),
        (76, 240, 94),
        (237, 176, 38),
        (243, 104, 129),
    ]


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        TEETH[11] = TEETH[12]  # type: ignore[index]
    with pytest.raises(AttributeError):
        TEETH[11].fdi = 12  # type: ignore[misc]


# --- against DICOM's context groups -------------------------------------------------------------

_ORDINALS = {"central": 1, "lateral": 2}
_MOLARS = {"first": 1, "second": 2, "third": 3}


def from_meaning(meaning: str) -> int:
    """FDI of a DICOM code meaning: 'Permanent maxillary right first molar tooth' and its like."""
    words = meaning.lower().split()
    deciduous = "deciduous" in words
    jaw, side = "mandibular" in words, "left" in words
    quadrant = {(False, False): 1, (False, True): 2, (True, True): 3, (True, False): 4}[jaw, side]
    ordinal = next((word for word in words if word in _ORDINALS or word in _MOLARS), "")
    if "incisor" in words:
        position = _ORDINALS[ordinal]
    elif "lateral" in words:  # 'Mandibular left lateral tooth', as the standard spells it
        position = 2
    elif "canine" in words:
        position = 3
    elif "premolar" in words:
        position = 3 + _MOLARS[ordinal]
    else:
        position = (3 if deciduous else 5) + _MOLARS[ordinal]
    return (quadrant + 4 * deciduous) * 10 + position


@pytest.mark.parametrize(("group", "numbers"), [(4018, PERMANENT), (4019, DECIDUOUS)])
def test_snomed_codes_are_those_of_dicom(group, numbers):
    codedict = pytest.importorskip("pydicom.sr.codedict", reason="the standard's codes are its")
    codes = list(codedict.Collection(f"CID{group}").concepts.values())
    assert {from_meaning(code.meaning): code.value for code in codes} == {
        fdi: TEETH[fdi].snomed for fdi in numbers
    }
    assert {code.scheme_designator for code in codes} == {"SCT"}


# --- what is no tooth ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [0, 1, 10, 19, 20, 49, 50, 56, 66, 76, 86, 91, -11, 255, True, None, "36", "x", 36.0, 36.7],
)
def test_what_is_no_fdi_number_is_refused(number):
    with pytest.raises(UnknownToothError, match=r"no FDI number; expected 11-18.*81-85"):
        tooth(number)
    with pytest.raises(UnknownToothError, match="no FDI number"):
        mirror(number)


@pytest.mark.parametrize("number", [np.int64(36), np.uint8(36), np.int16(36)])
def test_numpy_integers_are_numbers(number):
    assert tooth(number).fdi == 36


@pytest.mark.parametrize(
    ("numbering", "number", "expected"),
    [
        ("fdi", "", "11-18"),
        ("fdi", "19", "11-18"),
        ("fdi", "3_6", "11-18"),
        ("fdi", "+36", "11-18"),
        ("fdi", "36.0", "11-18"),
        ("fdi", "UR6", "11-18"),
        ("universal", "0", "1-32 or A-T"),
        ("universal", "33", "1-32 or A-T"),
        ("universal", "U", "1-32 or A-T"),
        ("universal", "", "1-32 or A-T"),
        ("universal", "01", "1-32 or A-T"),
        ("palmer", "6", "UR, UL, LL or LR"),
        ("palmer", "UR9", "such as UR6"),
        ("palmer", "URF", "such as UR6"),
        ("palmer", "RU6", "such as UR6"),
    ],
)
def test_unknown_numbers_are_refused_with_what_was_expected(numbering, number, expected):
    with pytest.raises(UnknownToothError, match="expected") as caught:
        to_fdi(number, numbering)
    assert expected in str(caught.value)
    assert number in str(caught.value)


@pytest.mark.parametrize("call", [lambda name: to_fdi("11", name), lambda name: from_fdi(11, name)])
def test_an_unknown_numbering_is_refused_with_a_suggestion(call):
    with pytest.raises(UnknownNameError, match="known: fdi, universal, palmer") as caught:
        call("univeral")
    assert "Did you mean 'universal'?" in str(caught.value)
    assert NUMBERINGS == ("fdi", "universal", "palmer")
