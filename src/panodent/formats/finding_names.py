"""Class names of annotation files that mean findings: one table of synonyms.

Names are compared without regard to case, plural, spaces, hyphens and underscores. A map (`--map`)
says what other names mean, and comes before this table.

>>> kind_of("Root_Canal-Fillings"), kind_of("bracket"), kind_of("36")
('root_filling', 'appliance', None)
>>> kind_of("bridge") == OTHER
True
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

OTHER: Final = "finding"
"""In place of a kind: a finding of no single kind, as a bridge drawn as a whole is."""

SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "filling": (
            *("filling", "dental filling", "tooth filling", "restoration", "dental restoration"),
            *("inlay", "onlay", "amalgam", "amalgam filling", "composite filling"),
        ),
        "crown": ("crown", "artificial crown", "dental crown", "prosthetic crown", "metal crown"),
        "pontic": ("pontic", "bridge pontic", "bridge unit"),
        "root_filling": (
            *("root filling", "root canal filling", "root canal", "root canal treatment"),
            *("root canal obturation", "endodontic filling", "endodontic treatment"),
        ),
        "post": ("post", "root post", "dental post", "post core", "post and core"),
        "implant": ("implant", "dental implant", "implant fixture"),
        "appliance": (
            *("appliance", "orthodontic appliance", "bracket", "orthodontic bracket", "brace"),
            *("orthodontic wire", "archwire", "arch wire", "orthodontic band", "retainer"),
        ),
    }
)
"""Class names of each kind of `panodent.teeth.finding_kinds.KINDS`, in the singular."""

_OTHER_NAMES = ("bridge", "dental bridge", OTHER)


def kind_of(name: str) -> str | None:
    """The kind of finding that a class name means, `OTHER`, or None if it is not a finding."""
    return _BY_NAME.get(_plain(name))


def mapped_kind(value: str) -> str | None:
    """The kind that a value of a map means, `OTHER`, or None if the value is something else.

    >>> mapped_kind("finding:crown"), mapped_kind("finding"), mapped_kind("finding:caries")
    ('crown', 'finding', None)
    """
    head, colon, kind = value.partition(":")
    if head != OTHER:
        return None
    if not colon:
        return OTHER
    return kind if kind in SYNONYMS else None


def with_numbers(names: Iterable[str]) -> dict[str, str]:
    """What a map says of those names that are findings but for a number, such as '36_crown'.

    >>> with_numbers(["36_crown", "bridge 11", "36_molar"])
    {'36_crown': 'finding:crown', 'bridge 11': 'finding'}
    """
    kinds = {name: kind_of(re.sub(r"\d+", " ", name)) for name in names}
    return {
        name: kind if kind == OTHER else f"{OTHER}:{kind}" for name, kind in kinds.items() if kind
    }


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-]+", " ", name).strip().casefold().removesuffix("s")


_BY_NAME: Mapping[str, str] = {
    **{_plain(name): kind for kind, names in SYNONYMS.items() for name in names},
    **{_plain(name): OTHER for name in _OTHER_NAMES},
}
