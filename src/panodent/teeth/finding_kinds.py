"""The kinds of findings, as a table.

A finding is something that was done to a tooth, or that stands where a tooth stood. Caries,
periapical lesions and bone level are not among them: no annotations of them were at hand.

>>> KINDS["implant"].carrier
'position'
>>> list(KINDS)[:3]
['filling', 'crown', 'pontic']
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Carrier = Literal["tooth", "position", "either"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding.

    Parameters
    ----------
    name : as in files.
    title : in words.
    carrier : what the number of a finding means: "tooth", the tooth that carries it; "position",
        the place of a tooth that is missing; "either", or none.
    description : one sentence.
    restoration : whether it replaces tooth substance above or in the root, and so counts in the
        figures of restorations together.
    """

    name: str
    title: str
    carrier: Carrier
    description: str
    restoration: bool = False

    @property
    def plural(self) -> str:
        """The title of several.

        >>> KINDS["root_filling"].plural
        'root fillings'
        """
        return f"{self.title}s"


_TABLE = (
    Kind("filling", "filling", "tooth", "filling or inlay in a crown", True),
    Kind("crown", "crown", "either", "artificial crown on a tooth or on an implant", True),
    Kind("pontic", "pontic", "position", "bridge unit in place of a missing tooth", True),
    Kind("root_filling", "root filling", "tooth", "filling material in root canals"),
    Kind("post", "post", "tooth", "post in a root, with its core", True),
    Kind("implant", "implant", "position", "implant fixture in the bone"),
    Kind("appliance", "appliance", "either", "bracket, band, wire or retainer"),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _TABLE})
"""All kinds by name, in the order of display."""

RESTORATIONS: tuple[str, ...] = tuple(name for name, kind in KINDS.items() if kind.restoration)
"""Kinds that count in the figures of restorations together."""
