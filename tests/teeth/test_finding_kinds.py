"""The table of kinds: names for files and words for people, each once."""

from __future__ import annotations

import re

from panodent.teeth.finding_kinds import KINDS, RESTORATIONS


def test_names_are_keys_and_titles_are_told_apart() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        assert re.fullmatch("[a-z]+(_[a-z]+)*", name)
    assert len({kind.title for kind in KINDS.values()}) == len(KINDS)
    assert len({kind.description for kind in KINDS.values()}) == len(KINDS)


def test_what_replaces_a_missing_tooth_is_carried_by_its_position() -> None:
    assert {name for name, kind in KINDS.items() if kind.carrier == "position"} == {
        "pontic",
        "implant",
    }
    assert {name for name, kind in KINDS.items() if kind.carrier == "either"} == {
        "crown",
        "appliance",
    }


def test_restorations_are_what_their_figures_count() -> None:
    assert RESTORATIONS == ("filling", "crown", "pontic", "post")
