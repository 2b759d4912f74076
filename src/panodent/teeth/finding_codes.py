"""Codes of findings in DICOM objects, as a table.

Codes of SNOMED CT are those that DICOM includes (PS3.16, context groups 7151 and 7157); it has none
for fillings, crowns, pontics, root fillings, posts and appliances. These have private codes of the
scheme 99PANODENT, whose values are the names of the kinds. A crown and a pontic are the SNOMED CT
concept "Dental Prosthesis" with the private code as a modifier.

>>> CODES["pontic"].type, CODES["pontic"].modifier
(('27606000', 'SCT', 'Dental Prosthesis'), ('pontic', '99PANODENT', 'Pontic'))
>>> kind_of(("40388003", "SCT"), None), kind_of(("27606000", "SCT"), ("crown", "99PANODENT"))
('implant', 'crown')
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from panodent.teeth.findings import NOWHERE

SCHEME = "99PANODENT"
"""Designator of panodent's private coding scheme."""
KIND: tuple[str, str, str] = ("finding_kind", SCHEME, "Kind of finding")
"""Name of the item of a report with the modifier."""
_PROSTHESIS = ("27606000", "SCT", "Dental Prosthesis")


class FindingCode(NamedTuple):
    """Codes of a kind of finding, each (value, scheme, meaning), and its colour.

    type : what the object is.
    modifier : what distinguishes kinds with the same type; None if nothing has to.
    colour : (red, green, blue), 0 to 255.
    """

    type: tuple[str, str, str]
    modifier: tuple[str, str, str] | None
    colour: tuple[int, int, int]


CODES: Mapping[str, FindingCode] = MappingProxyType(
    {
        "filling": FindingCode(("filling", SCHEME, "Dental filling"), None, (0, 114, 178)),
        "crown": FindingCode(_PROSTHESIS, ("crown", SCHEME, "Artificial crown"), (230, 159, 0)),
        "pontic": FindingCode(_PROSTHESIS, ("pontic", SCHEME, "Pontic"), (240, 228, 66)),
        "root_filling": FindingCode(
            ("root_filling", SCHEME, "Root canal filling"), None, (204, 121, 167)
        ),
        "post": FindingCode(("post", SCHEME, "Root post with core"), None, (213, 94, 0)),
        "implant": FindingCode(("40388003", "SCT", "Implant"), None, (86, 180, 233)),
        "appliance": FindingCode(("appliance", SCHEME, "Dental appliance"), None, (0, 158, 115)),
    }
)
"""Codes by kind, see `panodent.teeth.finding_kinds.KINDS`."""


def finding_label(fdi: int, kind: str) -> str:
    """The label of a finding.

    >>> finding_label(36, "root_filling"), finding_label(0, "appliance")
    ('FDI 36 root_filling', 'appliance')
    """
    return f"FDI {fdi} {kind}" if fdi != NOWHERE else kind


def kind_of(code: tuple[str, str], modifier: tuple[str, str] | None) -> str | None:
    """The kind with these codes, each (value, scheme); None if they are not of a finding."""
    for kind, known in CODES.items():
        if known.type[:2] == code and (known.modifier is None or known.modifier[:2] == modifier):
            return kind
    return None
