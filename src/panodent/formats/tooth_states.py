"""What a person saw of an annotated tooth, as attributes of COCO and CVAT.

Files written here have the attribute 'state', one of `panodent.teeth.validation.STATES`. Files of
others may also say yes or no in attributes of their own: 'impacted', 'remnant' (or 'root remnant')
and 'erupted'.

>>> state_of({"state": "impacted"}), state_of({"Impacted": "false", "root remnant": "true"})
('impacted', 'remnant')
>>> state_of({"occluded": False}) is None
True
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from panodent.errors import AnnotationError
from panodent.formats.faults import FaultReport
from panodent.formats.parsing.excerpt import excerpt
from panodent.teeth.teeth import Teeth
from panodent.teeth.validation import STATES, Flag

STATE = "state"
"""The attribute that holds the state in files written here."""
UNKNOWN = "unknown"
"""Its value for a tooth of which nothing was said."""
_NAMES = {
    "impacted": "impacted",
    "impaction": "impacted",
    "remnant": "remnant",
    "root_remnant": "remnant",
    "erupted": "erupted",
}
_ANSWERS = {
    **dict.fromkeys(("true", "yes", "1"), True),
    **dict.fromkeys(("vertical", "mesial", "distal", "horizontal", "inverted"), True),
    **dict.fromkeys(("false", "no", "0", "none"), False),
    **dict.fromkeys(("", UNKNOWN), None),
}


def state_of(attributes: Mapping[str, object]) -> Flag | None:
    """The state that attributes of a shape tell; None if they tell none.

    A remnant goes before impacted, and that before erupted. Raises `AnnotationError` for a value
    that is neither a state nor yes or no.

    >>> state_of({"erupted": False, "impacted": False}), state_of({"impacted": 0})
    ('growing', 'ordinary')
    """
    said: dict[str, bool] = {}
    for given, value in attributes.items():
        name = re.sub(r"[\s\-]+", "_", str(given).strip().casefold())
        if name == STATE and (word := _word(value)) in (*STATES, UNKNOWN):
            return None if word == UNKNOWN else word
        if name in _NAMES and (answer := _answer(given, value)) is not None:
            said[_NAMES[name]] = answer
    for state in ("remnant", "impacted"):
        if said.get(state):
            return state
    if "erupted" in said:
        return "erupted" if said["erupted"] else "growing"
    return "ordinary" if said else None


def read_state(attributes: object, report: FaultReport, item: str) -> Flag | None:
    """As `state_of`; what cannot be understood is noted, and no state. Anything may be given."""
    if not isinstance(attributes, Mapping):
        return None
    try:
        return state_of(attributes)
    except AnnotationError as error:
        report.note(f"{error}; the tooth is read without it", item)
        return None


def _word(value: object) -> str:
    return "" if value is None else str(value).strip().casefold()


def _answer(name: str, value: object) -> bool | None:
    if (word := _word(value)) not in _ANSWERS:
        raise AnnotationError(f"attribute {excerpt(name)} is {excerpt(value)}; expected yes or no")
    return _ANSWERS[word]


def written_state(teeth: Teeth, index: int) -> Flag | None:
    """The state of tooth `index` as it is written; None if it has none."""
    return next((state for state in STATES if state in teeth.flags[index]), None)
