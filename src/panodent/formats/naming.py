"""Class names of annotation files -> FDI numbers: declared, mapped or proven, never guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panodent.dentition import NUMBERINGS, TEETH, from_fdi, to_fdi
from panodent.errors import AnnotationError, UnknownNameError, UnknownToothError
from panodent.teeth.teeth import UNNUMBERED

UNNUMBERED_NAME = "unnumbered"
_PREFIX = re.compile(r"^(?:tooth|teeth|number|no\.?|#|t(?=[\W_]*\d))[\s_\-.:#]*", re.IGNORECASE)
_DECLARED = re.compile(r"^(fdi|iso|universal|palmer)[\s_\-.:#]*", re.IGNORECASE)
_SYSTEM = {"fdi": "fdi", "iso": "fdi", "universal": "universal", "palmer": "palmer"}


@dataclass(frozen=True)
class Naming:
    """How class names name teeth.

    `numbering` is the declared system ('fdi', 'universal', 'palmer') or None: then reading proves
    it from the names and writing uses FDI. `table` maps class names to FDI numbers, 0 for an
    unnumbered tooth, None for what is no tooth and is left out; it goes before everything else.
    """

    numbering: str | None = None
    table: Mapping[str, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, options: Mapping[str, Any] | None) -> Naming:
        """From a format's options: 'numbering', and 'map' (a mapping or a JSON file of one)."""
        given = options or {}
        numbering, table = given.get("numbering"), given.get("map") or {}
        if numbering is not None and numbering not in NUMBERINGS:
            raise UnknownNameError("numbering", numbering, NUMBERINGS)
        if not isinstance(table, Mapping):
            table = _load(Path(table))
        return cls(numbering, _checked(table))

    def numbers(self, names: Iterable[str], file: Path) -> dict[str, int | None]:
        """FDI number of every class name, 0 for unnumbered, None for what the table leaves out.

        Names are such as '36', 'tooth 36', 'FDI-36', 'UL6'. Without a declaration all names
        together must make sense in one numbering alone. Raises `AnnotationError` naming `file`.
        """
        found: dict[str, int | None] = {}
        open_names: list[str] = []
        listed = list(dict.fromkeys(names))
        for name in listed:
            if name in self.table:
                found[name] = self.table[name]
            elif name.strip().casefold() == UNNUMBERED_NAME:
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

    def name(self, fdi: int) -> str:
        """The class name to write for an FDI number, 'unnumbered' for 0."""
        for name, number in self.table.items():
            if number == fdi:
                return name
        return from_fdi(fdi, self.numbering or "fdi") if fdi else UNNUMBERED_NAME

    def names(self, numbers: Iterable[int]) -> list[str]:
        """The class names of these numbers; raises `AnnotationError` where two share one."""
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
            f"{file}: class names {shown} are no {expected}; say what they mean with --map, a "
            'JSON such as {"molar 36": 36, "caries": null}'
        )


def _read(name: str, numbering: str) -> int:
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
    systems = list(readings)
    name = next(n for n in names if len({readings[system][n] for system in systems}) > 1)
    meanings = " or ".join(
        f"{TEETH[readings[system][name]].name} ({system}, FDI {readings[system][name]})"
        for system in systems
    )
    return f"{file}: class {name!r} may be the {meanings}; say which with --numbering"


def _load(file: Path) -> Mapping[str, Any]:
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AnnotationError(
            f"{file}: cannot be read as a JSON map of class names ({error})"
        ) from None
    if not isinstance(table, dict):
        raise AnnotationError(f"{file}: expected a JSON object, class name -> FDI number or null")
    return table


def _checked(table: Mapping[str, Any]) -> dict[str, int | None]:
    for name, number in table.items():
        whole = isinstance(number, int) and not isinstance(number, bool)
        if number is not None and not (whole and (number == UNNUMBERED or number in TEETH)):
            raise AnnotationError(
                f"map: {name!r} is {number!r}; expected an FDI number, 0 (unnumbered) or null"
            )
    return dict(table)
