"""Every kind of finding has codes of its own."""

from __future__ import annotations

from panodent.teeth.finding_codes import CODES, kind_of
from panodent.teeth.finding_kinds import KINDS


def test_every_kind_is_known_by_its_codes() -> None:
    assert set(CODES) == set(KINDS)
    for kind, code in CODES.items():
        modifier = None if code.modifier is None else code.modifier[:2]
        assert kind_of(code.type[:2], modifier) == kind
