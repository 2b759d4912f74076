"""Class names: what is declared, mapped or proven is read; what could be two things is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.faults import FaultList, FaultReport
from panodent.formats.naming import CUT_OUT, Naming

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
        (["36", "supernumerary_tooth"], [36, 0]),
    ],
)
def test_names_prove_their_numbering(names: list[str], numbers: list[int]) -> None:
    assert list(Naming().numbers(names, FILE).values()) == numbers


def test_positions_in_a_quadrant_are_no_universal_numbers() -> None:
    names = [str(number) for number in range(1, 9)]
    with pytest.raises(AnnotationError, match=r"positions in a quadrant.*--numbering universal"):
        Naming().numbers(names, FILE, ["3"])
    with pytest.raises(AnnotationError, match="positions in a quadrant"):
        Naming().numbers(["a", "E"], FILE)
    assert Naming().numbers(["A", "F"], FILE) == {"A": 55, "F": 61}
    assert Naming("universal").numbers(["3"], FILE) == {"3": 16}
    assert Naming().numbers([*names, "9"], FILE, ["3"])["3"] == 16


def test_a_map_to_start_from_takes_no_position_for_a_universal_number() -> None:
    with pytest.raises(AnnotationError, match=r'"right 6": null'):
        Naming().numbers(["right 6", "left 6"], FILE)


def test_a_map_to_start_from_takes_no_crown_for_a_tooth() -> None:
    with pytest.raises(AnnotationError, match=r'"36_molar": 36, "36_crown": "finding:crown"'):
        Naming().numbers(["36_molar", "36_crown"], FILE)


def test_a_map_in_another_spelling_is_told() -> None:
    with pytest.raises(AnnotationError, match=r"the map has 'Bone loss', in another spelling$"):
        Naming(table={"Bone loss": None}).numbers(["36", "bone_loss"], FILE)


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


# --- classes that nothing uses, that are not teeth, that cut --------------------------------------


@pytest.mark.parametrize(
    ("names", "used", "numbers"),
    [
        (["teeth", "36"], ["36"], [None, 36]),
        (["0", "36"], ["36"], [None, 36]),
        # Unused teeth prove the numbering, unless they contradict what is used.
        (["11", "36"], ["11"], [11, 36]),
        (["A1", "11", "36"], ["11", "36"], [None, 11, 36]),
        (["36", "UR8"], ["36"], [36, None]),
        (["11", "21"], [], [None, None]),
        (["teeth"], [], [None]),
        (["unnumbered", "crown", "11", "48"], ["48"], [0, None, 11, 48]),
    ],
)
def test_a_class_that_nothing_uses_does_no_harm(
    names: list[str], used: list[str], numbers: list[int | None]
) -> None:
    found = Naming().numbers(names, FILE, used)
    assert [found[name] for name in names if name in used] == [
        number for name, number in zip(names, numbers, strict=True) if name in used
    ]
    assert list(found) == names
    if used:
        assert list(found.values()) == numbers


def test_what_is_left_out_because_nothing_uses_it_is_noted() -> None:
    faults = FaultList()
    Naming().numbers(["teeth", "36", "x"], FILE, ["36"], FaultReport(faults, "a.json"))
    (note,) = faults.notes
    assert str(note) == (
        "a.json: class names 'teeth', 'x' are not teeth and no annotation uses them; ignored"
    )
    Naming().numbers(["36"], FILE, ["36"], FaultReport(faults, "a.json"))
    assert len(faults) == 1


def test_unused_numbers_may_not_contradict() -> None:
    """Of 1 to 60, 11 and 36 are FDI numbers by chance."""
    names = [str(number) for number in range(1, 61)]
    with pytest.raises(AnnotationError, match=r"not tooth numbers of one system.*--map"):
        Naming().numbers(names, FILE, ["11", "36"])
    assert Naming("fdi").numbers(names, FILE, ["11", "36"])["36"] == 36


def test_unused_names_do_not_settle_what_two_numberings_share() -> None:
    with pytest.raises(AnnotationError, match="--numbering"):
        Naming().numbers(["11", "21", "teeth"], FILE, ["11", "21"])


def test_the_message_has_a_map_to_start_from(tmp_path: Path) -> None:
    names = ["36", "caries", "lower molar", "Zähne \n", "bone"]
    with pytest.raises(AnnotationError) as caught:
        Naming().numbers(names, FILE)
    text = str(caught.value)
    start = json.loads(text[text.index("{") : text.index("}") + 1])
    assert start == {"caries": None, "lower molar": 0, "Zähne \n": None, "bone": None}
    assert "\n" not in text
    (tmp_path / "map.json").write_text(json.dumps(start))
    assert Naming.of({"map": tmp_path / "map.json"}).numbers(names, FILE)["36"] == 36


def test_the_map_to_start_from_is_no_flood() -> None:
    with pytest.raises(AnnotationError, match=r"and 121 more names") as caught:
        Naming().numbers([*(f"class {n}" for n in range(200)), "x" * 10_000], FILE)
    assert len(str(caught.value)) < 5_000


@pytest.mark.parametrize("name", ["background", "_background_", "Hole", "cut out", "cutout"])
def test_cut_outs_cut_even_if_they_are_left_out(name: str) -> None:
    assert Naming().numbers([name, "36"], FILE) == {name: CUT_OUT, "36": 36}
    assert Naming.of({"map": {name: None}}).numbers([name, "36"], FILE)[name] == CUT_OUT
    assert Naming.of({"map": {name: 0}}).numbers([name, "36"], FILE)[name] == 0


def test_a_map_can_name_a_cut_out() -> None:
    naming = Naming.of({"map": {"gap": "cut-out", "caries": None}})
    assert naming.numbers(["gap", "caries", "36"], FILE) == {
        "gap": CUT_OUT,
        "caries": None,
        "36": 36,
    }


@pytest.mark.parametrize(
    ("names", "start"),
    [
        (["36-molar", "11-incisor", "gum"], '{"36-molar": 36, "11-incisor": 11, "gum": null}'),
        (["11-incisor", "gum"], '{"11-incisor": 0, "gum": null}'),  # or Universal 11
    ],
)
def test_the_map_to_start_from_has_numbers_that_are_clear(names: list[str], start: str) -> None:
    with pytest.raises(AnnotationError, match=re.escape(f"to start from: {start} (an FDI")):
        Naming().numbers(names, FILE)
