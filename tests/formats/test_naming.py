"""Class names: what is declared, mapped or proven is read; what could be two things is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.naming import Naming

FILE = Path("meta.json")


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["36", "11"], [36, 11]),
        (["1", "16", "17"], [18, 28, 38]),
        (["UR8", "lla"], [18, 71]),
        (["tooth_36", "Tooth 48"], [36, 48]),
        (["T-36", "#41"], [36, 41]),
        (["FDI 11", "fdi_21"], [11, 21]),
        (["universal 3"], [16]),
        (["36", "unnumbered"], [36, 0]),
        (["36", "Supernumerary"], [36, 0]),
    ],
)
def test_names_prove_their_numbering(names: list[str], numbers: list[int]) -> None:
    assert list(Naming().numbers(names, FILE).values()) == numbers


def test_both_readings_are_shown_where_two_are_possible() -> None:
    with pytest.raises(AnnotationError, match="--numbering") as error:
        Naming().numbers(["11", "21"], FILE)
    assert "FDI 11" in str(error.value)
    assert "FDI 23" in str(error.value)


def test_a_declaration_decides() -> None:
    assert Naming("universal").numbers(["11"], FILE) == {"11": 23}
    assert Naming("fdi").numbers(["11"], FILE) == {"11": 11}


def test_a_declaration_that_the_names_contradict_is_refused() -> None:
    with pytest.raises(AnnotationError, match=r"'36'.*universal"):
        Naming("universal").numbers(["3", "36"], FILE)


def test_names_that_are_no_teeth_are_named() -> None:
    with pytest.raises(AnnotationError, match=r"class names 'caries' are .*--map"):
        Naming().numbers(["36", "caries"], FILE)


def test_a_map_goes_first_and_may_leave_out(tmp_path: Path) -> None:
    file = tmp_path / "map.json"
    file.write_text(json.dumps({"caries": None, "molar": 36, "stump": 0}))
    naming = Naming.of({"map": file})
    assert naming.numbers(["caries", "molar", "stump", "47"], FILE) == {
        "caries": None,
        "molar": 36,
        "stump": 0,
        "47": 47,
    }
    assert naming.name(36) == "molar"
    assert naming.name(0) == "stump"


@pytest.mark.parametrize("content", ["[]", "{", '{"a": 99}', '{"a": true}', '{"a": "36"}'])
def test_a_bad_map_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "map.json"
    file.write_text(content)
    with pytest.raises(AnnotationError, match="map"):
        Naming.of({"map": file})


def test_unknown_numberings_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="universal"):
        Naming.of({"numbering": "univresal"})


@pytest.mark.parametrize(
    ("numbering", "name"), [(None, "36"), ("universal", "19"), ("palmer", "LL6")]
)
def test_names_are_written_in_the_declared_numbering(numbering: str | None, name: str) -> None:
    assert Naming(numbering).name(36) == name
    assert Naming(numbering).name(0) == "unnumbered"
