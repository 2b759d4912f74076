"""Class names that mean findings: the table of synonyms, and what a map says."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import AnnotationError
from panodent.formats.finding_names import OTHER, SYNONYMS, kind_of, mapped_kind
from panodent.formats.naming import Naming
from panodent.teeth.finding_kinds import KINDS


def test_every_kind_has_its_own_name_first() -> None:
    assert tuple(SYNONYMS) == tuple(KINDS)
    assert all(kind_of(kind) == kind for kind in KINDS)


def test_no_name_has_two_meanings() -> None:
    names = [name for names in SYNONYMS.values() for name in names]
    assert len(set(names)) == len(names)
    assert all(kind_of(name) == kind for kind, names in SYNONYMS.items() for name in names)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Filling", "filling"),
        ("FILLINGS", "filling"),
        ("dental-restoration", "filling"),
        ("Crown", "crown"),
        ("Root Canal Treatment", "root_filling"),
        ("root_canal", "root_filling"),
        ("post  and core", "post"),
        ("Implants", "implant"),
        ("brackets", "appliance"),
        ("braces", "appliance"),
        ("Bridge", OTHER),
        ("36", None),
        ("unnumbered", None),
        ("caries", None),
        ("", None),
        ("crown 36", None),
    ],
)
def test_names_by_hand(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("value", "kind"),
    [("finding:post", "post"), ("finding", OTHER), ("finding:", None), ("crown", None), ("", None)],
)
def test_values_of_a_map(value: str, kind: str | None) -> None:
    assert mapped_kind(value) == kind


def test_a_map_comes_before_the_table() -> None:
    naming = Naming.of({"map": {"crown": None, "Br": "finding:pontic", "bridge": "finding:crown"}})
    assert naming.kinds(["crown", "Br", "bridge", "post", "36"]) == {
        "Br": "pontic",
        "bridge": "crown",
        "post": "post",
    }
    numbers = naming.numbers(["crown", "Br", "post", "48"], Path("a.json"))
    assert numbers == {"crown": None, "Br": None, "post": None, "48": 48}


def test_a_map_may_say_that_the_name_of_a_finding_is_a_tooth() -> None:
    naming = Naming.of({"map": {"crown": 36}})
    assert naming.kinds(["crown"]) == {}
    assert naming.numbers(["crown"], Path("a.json")) == {"crown": 36}


@pytest.mark.parametrize("value", ["finding:caries", "finding:", "36", "Finding:crown"])
def test_an_unknown_value_of_a_map_is_refused(value: str) -> None:
    with pytest.raises(AnnotationError, match="finding:crown"):
        Naming.of({"map": {"x": value}})


def test_findings_do_not_prove_a_numbering() -> None:
    with pytest.raises(AnnotationError, match="--numbering"):
        Naming().numbers(["11", "crown"], Path("a.json"))


def test_the_documentation_lists_every_name() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "formats.md").read_text()
    for kind, names in SYNONYMS.items():
        listed = ", ".join(f"`{name}`" for name in names)
        assert f"| `{kind}` | {listed} |" in page
