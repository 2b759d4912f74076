"""Class names of annotation files and the teeth or findings they mean: declared, mapped or proven.

Nothing is guessed. '11' is a central incisor in FDI numbers and a canine in Universal numbers, so a
file whose names can be read in both ways is refused until the user says which one is meant.

>>> Naming().numbers(["11", "48"], Path("a.json"))  # 48 exists in FDI only
{'11': 11, '48': 48}
>>> Naming("universal").numbers(["tooth 11"], Path("a.json"))
{'tooth 11': 23}

Names of findings are no teeth, see `panodent.formats.finding_names`:

>>> Naming().numbers(["48", "crown"], Path("a.json")), Naming().kinds(["48", "crown"])
({'48': 48, 'crown': None}, {'crown': 'crown'})
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panodent.dentition import NUMBERINGS, TEETH, from_fdi, to_fdi
from panodent.errors import AnnotationError, UnknownNameError, UnknownToothError
from panodent.formats.finding_names import OTHER, SYNONYMS, kind_of, mapped_kind
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.json_record import is_whole, load
from panodent.teeth.teeth import UNNUMBERED

UNNUMBERED_NAME = "unnumbered"
"""Class name of a tooth without a number."""
_UNNUMBERED_NAMES = (UNNUMBERED_NAME, "supernumerary")
_PREFIX = re.compile(r"^(?:tooth|teeth|number|no\.?|#|t(?=[\W_]*\d))[\s_\-.:#]*", re.IGNORECASE)
_DECLARED = re.compile(r"^(fdi|iso|universal|palmer)[\s_\-.:#]*", re.IGNORECASE)
_SYSTEM = {"fdi": "fdi", "iso": "fdi", "universal": "universal", "palmer": "palmer"}


@dataclass(frozen=True)
class Naming:
    """How class names name teeth.

    Parameters
    ----------
    numbering : the numbering system that was declared, one of `NUMBERINGS`. None: reading proves
        it from all names of a file together, and writing uses FDI.
    table : FDI number by class name, 0 for a tooth without a number, None for a class that is not a
        tooth and is left out. It comes before the numbering.
    findings : kind of finding by class name, `OTHER` for a finding of no single kind. It comes
        before the names that are known by themselves, as `table` does.
    """

    numbering: str | None = None
    table: Mapping[str, int | None] = field(default_factory=dict)
    findings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any] | None) -> Naming:
        """From the options of a format: `numbering`, and `map`, a mapping or a JSON file of one.

        Raises `UnknownNameError` for an unknown numbering, `AnnotationError` for a bad map.
        """
        given = options or {}
        numbering, table = given.get("numbering"), given.get("map") or {}
        if numbering is not None and numbering not in NUMBERINGS:
            raise UnknownNameError("numbering", numbering, NUMBERINGS)
        if not isinstance(table, Mapping):
            table = load(Path(table))
        return cls(numbering, *_checked(table))

    def numbers(self, names: Iterable[str], file: Path) -> dict[str, int | None]:
        """FDI number by class name; 0 for a tooth without a number, None for what is left out.

        Names look like '36', 'tooth 36', 'FDI-36', 'UL6', or 'unnumbered' or 'supernumerary' for a
        tooth without a number. Findings are left out. Without a declared numbering, all other
        names together must be teeth in one numbering only, or mean the same teeth in each.

        Raises `AnnotationError`, which names `file`, if a name is not a tooth or the numbering
        remains open.
        """
        found: dict[str, int | None] = {}
        open_names: list[str] = []
        listed = list(dict.fromkeys(names))
        findings = self.kinds(listed)
        for name in listed:
            if name in self.table:
                found[name] = self.table[name]
            elif name in findings:
                found[name] = None
            elif means_no_number(name):
                found[name] = UNNUMBERED
            else:
                open_names.append(name)
        readings = {}
        for numbering in [self.numbering] if self.numbering else NUMBERINGS:
            try:
                readings[numbering] = {name: _read(name, numbering) for name in open_names}
            except UnknownToothError:
                continue
        if not open_names:
            return found
        if not readings:
            raise AnnotationError(self._not_teeth(open_names, file))
        if len(readings) > 1 and len({tuple(r.values()) for r in readings.values()}) > 1:
            raise AnnotationError(_ambiguous(open_names, readings, file))
        proven = next(iter(readings.values()))
        return {name: found[name] if name in found else proven[name] for name in listed}

    def kinds(self, names: Iterable[str]) -> dict[str, str]:
        """Kind of finding by class name, for those names that mean findings.

        The kind is a name of `panodent.teeth.finding_kinds.KINDS`, or `OTHER`.

        >>> Naming(findings={"Br": "finding"}, table={"post": None}).kinds(["Br", "post", "36"])
        {'Br': 'finding'}
        """
        found = {
            name: self.findings.get(name) or kind_of(name)
            for name in names
            if name not in self.table
        }
        return {name: kind for name, kind in found.items() if kind is not None}

    def kind_name(self, kind: str) -> str:
        """The class name to write for a kind of finding: that of the map, or the kind itself.

        >>> Naming(findings={"Br": "pontic"}).kind_name("pontic"), Naming().kind_name("post")
        ('Br', 'post')
        """
        return next((name for name, known in self.findings.items() if known == kind), kind)

    def name(self, fdi: int) -> str:
        """The class name to write for an FDI number; 'unnumbered' for 0.

        >>> Naming("universal").name(36), Naming(table={"molar": 36}).name(36)
        ('19', 'molar')
        """
        for name, number in self.table.items():
            if number == fdi:
                return name
        return from_fdi(fdi, self.numbering or "fdi") if fdi else UNNUMBERED_NAME

    def names(self, numbers: Iterable[int]) -> list[str]:
        """The class names of these numbers; raises `AnnotationError` if two share one name."""
        taken: dict[str, int] = {}
        for fdi in numbers:
            name = self.name(fdi)
            if name in taken:
                raise AnnotationError(
                    f"map: {taken[name]} and {fdi} would both be written as {name!r}; "
                    "give one of them a name of its own"
                )
            taken[name] = fdi
        return list(taken)

    def _not_teeth(self, names: list[str], file: Path) -> str:
        expected = f"{self.numbering} numbers" if self.numbering else "tooth numbers of one system"
        odd = [name for name in names if not _reads_at_all(name, self.numbering)] or names
        shown = ", ".join(repr(name) for name in odd[:4]) + (", ..." if len(odd) > 4 else "")
        return (
            f"{file}: class names {shown} are not {expected}; say what they mean with --map, a "
            'JSON file such as {"molar 36": 36, "Cr": "finding:crown", "caries": null}'
        )


def means_no_number(name: str) -> bool:
    """Whether a class name is that of teeth without a number.

    >>> means_no_number("unnumbered"), means_no_number("Supernumerary "), means_no_number("36")
    (True, True, False)
    """
    return name.strip().casefold() in _UNNUMBERED_NAMES


def _read(name: str, numbering: str) -> int:
    """The FDI number of a class name in this numbering; raises `UnknownToothError`."""
    text = name.strip()
    declared = _DECLARED.match(text)
    if declared:
        if _SYSTEM[declared[1].lower()] != numbering:
            raise UnknownToothError(f"{name!r} declares another numbering")
        text = text[declared.end() :]
    return to_fdi(_PREFIX.sub("", text), numbering)


def _reads_at_all(name: str, numbering: str | None) -> bool:
    for system in [numbering] if numbering else NUMBERINGS:
        try:
            _read(name, system)
        except UnknownToothError:
            continue
        return True
    return False


def _ambiguous(names: list[str], readings: Mapping[str, Mapping[str, int]], file: Path) -> str:
    """The message about the first name that has two meanings."""
    systems = list(readings)
    name = next(n for n in names if len({readings[system][n] for system in systems}) > 1)
    meanings = " or ".join(
        f"{TEETH[readings[system][name]].name} ({system}, FDI {readings[system][name]})"
        for system in systems
    )
    return f"{file}: class {name!r} may be the {meanings}; say which with --numbering"


def _checked(table: Mapping[str, Any]) -> tuple[dict[str, int | None], dict[str, str]]:
    """The teeth and the findings of a map."""
    numbers: dict[str, int | None] = {}
    findings: dict[str, str] = {}
    for name, value in table.items():
        kind = mapped_kind(value) if isinstance(value, str) else None
        if kind is not None:
            findings[name] = kind
            continue
        is_tooth = is_whole(value) and (value == UNNUMBERED or value in TEETH)
        if value is not None and not is_tooth:
            kinds = ", ".join(f"{OTHER}:{kind}" for kind in SYNONYMS)
            raise AnnotationError(
                f"map: {name!r} is {excerpt(value)}; expected an FDI number, 0 (no number), null, "
                f"{OTHER} or one of {kinds}"
            )
        numbers[name] = value
    return numbers, findings
