"""Which attribute of regions names the tooth: told, proven by its values, or called so.

>>> known = Attributes()
>>> known.add({"ToothNo": "36", "quality": "good"})
>>> known.choice(None, Naming(), Path("via.json"))
'ToothNo'
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from panodent.errors import AnnotationError
from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.json_record import Record, is_whole

ATTRIBUTES = ("tooth", "fdi", "label", "class", "name")
"""Region attributes that usually name the tooth, in the order in which they are tried."""
_MOST = 500
"""How many values of an attribute are looked at; one with more does not name teeth."""


def class_name(value: Any) -> str | None:
    """The class name in an attribute: a text, a choice, or check boxes with only one ticked.

    >>> class_name({"36": True, "37": False}), class_name(36), class_name(" ")
    ('36', '36', None)
    """
    if isinstance(value, dict):
        ticked = [name for name, state in value.items() if state is True]
        value = ticked[0] if len(ticked) == 1 else None
    if is_whole(value):
        value = str(value)
    return value if isinstance(value, str) and value.strip() else None


class Attributes:
    """The attributes of regions with their values, to find the one that names the tooth."""

    def __init__(self) -> None:
        self.count = 0
        self.having: dict[str, int] = {}
        self._values: dict[str, set[str]] = {}

    def add(self, attributes: Record) -> None:
        """Counts the attributes of one region."""
        self.count += 1
        for name, value in attributes.items():
            self.having[name] = self.having.get(name, 0) + 1
            values = self._values.setdefault(name, set())
            text = class_name(value)
            if text is not None and len(values) <= _MOST:
                values.add(text)

    def choice(self, wanted: str | None, naming: Naming, file: Path) -> str:
        """The attribute that names the tooth.

        That is `wanted`; or else the only one whose values are all teeth or findings; or else the
        only one that all regions have; or else the first of `ATTRIBUTES`. Raises `AnnotationError`
        if there is none.
        """
        known = list(self.having)
        if not self.count or wanted in known:
            return wanted or ATTRIBUTES[0]
        asked = f"none is {excerpt(wanted)}, which --attribute names"
        if wanted is None:
            proven = self.proven(naming)
            shared = [name for name in known if self.having[name] == self.count]
            for names in (proven, shared):
                if len(names) == 1:
                    return names[0]
            for name in [n for names in (proven, shared, known) for n in _usual(names)]:
                return name
            asked = "say with --attribute which one names the tooth"
        raise AnnotationError(f"{file}: regions have the attributes {excerpt(known)}; {asked}")

    def proven(self, naming: Naming) -> list[str]:
        """The attributes whose values are all teeth or findings."""
        return [name for name in self.having if self._names_teeth(name, naming)]

    def _names_teeth(self, name: str, naming: Naming) -> bool:
        values = self._values[name]
        known = naming.known(values)
        clear = [value for value in values if value in known or naming.reads(value)]
        return 0 < len(values) <= _MOST and len(clear) == len(values)


@contextmanager
def naming_attribute(
    wanted: str | None, known: Attributes, naming: Naming, report: FaultReport
) -> Iterator[None]:
    """Errors about class names inside also name the attribute whose values are teeth.

    For formats in which a shape has a class and attributes. Raises `AnnotationError` if no shape
    has the attribute that is wanted, but some have others; `report` warns if none has any.
    """
    if wanted and not known.having:
        report.warn_of_option("attribute", "no shape of a tooth has attributes")
    elif wanted and wanted not in known.having:
        raise AnnotationError(
            f"{report.file}: shapes have the attributes {excerpt(list(known.having))}; none is "
            f"{excerpt(wanted)}, which --attribute names"
        )
    try:
        yield
    except AnnotationError as error:
        teeth = [] if wanted else known.proven(naming)
        if len(teeth) != 1:
            raise
        hint = f"or the attribute {excerpt(teeth[0])} names the tooth: --attribute {teeth[0]}"
        raise AnnotationError(f"{error}; {hint}") from None


def _usual(names: list[str]) -> list[str]:
    """Those of the names that are usual ones, the most usual first."""
    return [given for usual in ATTRIBUTES for given in names if given.strip().casefold() == usual]
