"""The attribute of regions that names the tooth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panodent.errors import AnnotationError
from panodent.formats.faults import FaultList, FaultReport
from panodent.formats.naming import Naming
from panodent.formats.naming_attributes import Attributes, class_name, naming_attribute

FILE = Path("via.json")


def known(*regions: dict[str, Any]) -> Attributes:
    found = Attributes()
    for region in regions:
        found.add(region)
    return found


@pytest.mark.parametrize(
    ("regions", "attribute"),
    [
        ([], "tooth"),
        ([{"a": "36"}], "a"),
        ([{"a": "x", "b": "36"}], "b"),
        ([{"a": "36", "b": "x"}, {"a": "crown", "b": "36"}], "a"),
        ([{"class": "36", "note": "11"}], "class"),
        ([{"name": "x", "tooth": "y"}], "tooth"),
        ([{"a": "x"}, {"a": "y", "b": ""}], "a"),
    ],
)
def test_choices(regions: list[dict[str, Any]], attribute: str) -> None:
    assert known(*regions).choice(None, Naming(), FILE) == attribute


def test_names_of_the_map_prove_too() -> None:
    found = known({"a": "x", "b": "molar"})
    assert found.choice(None, Naming(table={"molar": 36}), FILE) == "b"


def test_what_is_not_clear_names_the_option() -> None:
    found = known({"a": "36", "b": "37"})
    with pytest.raises(AnnotationError, match=r"attributes \['a', 'b'\]; say with --attribute"):
        found.choice(None, Naming(), FILE)
    assert found.choice("b", Naming(), FILE) == "b"
    with pytest.raises(AnnotationError, match="none is 'c', which --attribute names"):
        found.choice("c", Naming(), FILE)


def test_free_texts_are_not_kept_without_end() -> None:
    found = known(*({"a": f"text {n}", "b": str(11 + n % 8)} for n in range(2_000)))
    assert found.choice(None, Naming(), FILE) == "b"
    assert max(map(len, found._values.values())) < 1_000


@pytest.mark.parametrize(
    ("value", "name"),
    [("36", "36"), (36, "36"), (True, None), (None, None), ("", None), ({}, None), ([], None)],
)
def test_class_names(value: Any, name: str | None) -> None:
    assert class_name(value) == name


def test_an_attribute_that_is_wanted_where_shapes_have_none_is_warned_about() -> None:
    faults = FaultList()
    report = FaultReport.of({"faults": faults}, "a.json")
    with naming_attribute("tooth", known({}), Naming(), report):
        pass
    assert [str(fault) for fault in faults if fault.is_warning] == [
        "a.json: --attribute: is ignored: no shape of a tooth has attributes"
    ]
