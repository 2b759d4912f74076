"""Tooth numbers as class names have them."""

from __future__ import annotations

import pytest

from panodent.errors import UnknownToothError
from panodent.formats.tooth_numbers import number_within, read_number


@pytest.mark.parametrize(
    "name",
    [
        *("36", "tooth_36", "T36", "#36", "No. 36", "FDI-36", "tooth #36", " 36 ", "'36'", '"36"'),
        *("36.0", "3.6", "3-6", "FDI 3.6", "tooth 36.0", "036"),
        *("Zahn 36", "diente_36", "dente36", "dent n°36", "dent n° 36", "зуб 36", "ЗУБ_36"),
        *("牙齿36", "牙36", "歯-36", "diş 36", "ząb 36"),
        *(
            "36 tooth",
            "36-tooth",
            "36号牙",
            "tooth(36)",
            "36 (FDI)",
            "tooth_fdi_36",
            "FDI_36_tooth",
        ),
        *("q3-6", "Q3T6", "quadrant 3, tooth 6", "3_6"),
    ],
)
def test_one_tooth_by_many_names(name: str) -> None:
    assert read_number(name, "fdi") == 36


@pytest.mark.parametrize("name", ["3.9", "9.1", "36.5", "3..6", "denture 36", "36 or 37", "3 6"])
def test_what_is_no_number_of_a_tooth(name: str) -> None:
    with pytest.raises(UnknownToothError):
        read_number(name, "fdi")


@pytest.mark.parametrize(
    "name",
    [
        *("UR6", "ur-6", "UR 6", "6 UR", "upper right 6", "right upper 6", "Upper-Right-6"),
        *("tooth UR6", "6┘", "6⏌"),
    ],
)
def test_a_quadrant_of_palmer_in_many_forms(name: str) -> None:
    assert read_number(name, "palmer") == 16


def test_the_signs_of_palmer_stand_for_their_quadrants() -> None:
    signs = ("6⏌", "⎿6", "⎾6", "6⏋")
    assert [read_number(name, "palmer") for name in signs] == [16, 26, 36, 46]


@pytest.mark.parametrize("numbering", ["fdi", "universal", "palmer"])
def test_the_name_of_a_tooth_says_which_it_is(numbering: str) -> None:
    assert read_number("Upper_Right First-Molar", numbering) == 16


def test_universal_numbers_may_have_a_zero_before() -> None:
    assert read_number("03", "universal") == 16


def test_a_dot_is_for_fdi_numbers_alone() -> None:
    assert read_number("3.0", "universal") == 16  # as tables write whole numbers
    with pytest.raises(UnknownToothError):
        read_number("1.6", "universal")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("36-molar", "36"),
        ("36_tooth", "36"),
        ("Q3-6", "36"),
        ("q3t6", "36"),
        ("molar", ""),
        ("3 of 6", ""),
        ("caries 2024", ""),
        ("11 12", ""),
    ],
)
def test_a_number_beside_words(name: str, number: str) -> None:
    assert number_within(name) == number
