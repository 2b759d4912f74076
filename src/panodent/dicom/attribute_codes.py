"""Codes of attributes of teeth in DICOM reports: unerupted, impacted, root remnants.

DICOM (PS3.16) includes no SNOMED CT codes of them, so they have private codes of the scheme
99PANODENT.

>>> evaluations(ToothAttributes(True, remnant=True))[0][1]
('root_remnant', '99PANODENT', 'Root remnant')
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from panodent.analysis.tooth_attributes import ToothAttributes
from panodent.teeth.finding_codes import SCHEME

Code = tuple[str, str, str]

STATE: Code = ("tooth_state", SCHEME, "State of tooth")
UNERUPTED: Code = ("unerupted", SCHEME, "Unerupted")
IMPACTED: Code = ("impacted", SCHEME, "Impacted")
REMNANT: Code = ("root_remnant", SCHEME, "Root remnant")
ANGULATION: Code = ("impaction_angle", SCHEME, "Angulation of impaction")
ANGULATIONS: Mapping[str, Code] = MappingProxyType(
    {
        "mesial": ("mesial", SCHEME, "Mesioangular"),
        "distal": ("distal", SCHEME, "Distoangular"),
        "horizontal": ("horizontal", SCHEME, "Horizontal"),
        "vertical": ("vertical", SCHEME, "Vertical"),
        "inverted": ("inverted", SCHEME, "Inverted"),
    }
)
DEPTH: Code = ("impaction_depth", SCHEME, "Depth of impaction")
DEPTHS: Mapping[str, Code] = MappingProxyType(
    {
        "A": ("depth_A", SCHEME, "Level with neighbouring crown"),
        "B": ("depth_B", SCHEME, "Between neighbouring crown and neck"),
        "C": ("depth_C", SCHEME, "Below neighbouring neck"),
    }
)


def evaluations(attributes: ToothAttributes) -> list[tuple[Code, Code]]:
    """(name, value) of the qualitative evaluations of a tooth; none for a whole, erupted one."""
    if attributes.remnant:
        return [(STATE, REMNANT)]
    if (impaction := attributes.impaction) is not None:
        return [
            (STATE, IMPACTED),
            (ANGULATION, ANGULATIONS[impaction.angulation]),
            (DEPTH, DEPTHS[impaction.depth]),
        ]
    return [] if attributes.erupted else [(STATE, UNERUPTED)]
