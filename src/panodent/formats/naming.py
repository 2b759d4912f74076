"""Class names of annotation files and the teeth or findings they mean: declared, mapped or proven.

Nothing is guessed. '11' is a central incisor in FDI numbers and a canine in Universal numbers, so a
file whose names can be read in both ways is refused until the user says which one is meant.

>>> Naming().numbers(["11", "48"], Path("a.json"))  # 48 exists in FDI only
{'11': 11, '48': 48}
>>> Naming("universal").numbers(["tooth 11"], Path("a.json"))
{'tooth 11': 23}

Names of findings are not teeth, see `panodent.formats.finding_names`:

>>> Naming().numbers(["48", "crown"], Path("a.json")), Naming().kinds(["48", "crown"])
({'48': 48, 'crown': None}, {'crown': 'crown'})

A class that no annotation uses does no harm: it is ignored, with a note. A class in use that is not
a tooth is an error in every format, until a map says what it means:

>>> Naming().numbers(["48", "teeth"], Path("a.json"), used=["48"])
{'48': 48, 'teeth': None}
>>> Naming().numbers(["48", "caries"], Path("a.json"))  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
panodent.errors.AnnotationError: a.json: class names 'caries' are not tooth numbers of one system; \
say what they mean with --map FILE, a JSON file; to start from: {"caries": null} ...
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panodent.dentition import NUMBERINGS, TEETH, from_fdi
from panodent.errors import AnnotationError, UnknownNameError, UnknownToothError
from panodent.formats.faults import FaultReport
from panodent.formats.finding_names import OTHER, SYNONYMS, kind_of, mapped_kind, with_numbers
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.json_record import is_whole, load
from panodent.formats.registry import FORMATS
from panodent.formats.tooth_numbers import bare, number_within, read_number
from panodent.teeth.teeth import UNNUMBERED

UNNUMBERED_NAME = "unnumbered"
"""Class name of a tooth without a number."""
_UNNUMBERED_NAMES = (UNNUMBERED_NAME, "supernumerary")
"""Names of teeth without a number, also with 'tooth' or 'teeth' behind them."""
CUT_OUT = -1
"""In place of an FDI number: a shape that cuts out of the teeth drawn before it, as CVAT's label
'background' does."""
_CUT_OUT_NAME = "cut-out"
"""The value of a map for such a class."""
_CUT_OUT_NAMES = ("background", "bg", "hole", "holes", "cutout", _CUT_OUT_NAME, "cut-outs")
_POSITIONS = tuple("12345678ABCDE")
"""Positions of permanent and deciduous teeth in a quadrant."""
_TOOTH_WORDS = re.compile(r"tooth|teeth|molar|incisor|canine|cuspid|dent", re.IGNORECASE)
_MAP_NAMES = 80
"""How many class names the map in an error message has at most, and how many characters each."""


@dataclass(frozen=True)
class Naming:
    """How class names name teeth.

    Parameters
    ----------
    numbering : the numbering system that was declared, one of `NUMBERINGS`. None: reading proves
        it from all names of a file together, and writing uses FDI.
    table : FDI number by class name, 0 for a tooth without a number, None for a class that is not a
        tooth and is left out, `CUT_OUT` for one that cuts out of teeth. It comes before the
        numbering.
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

    def numbers(
        self,
        names: Iterable[str],
        file: Path,
        used: Collection[str] | None = None,
        report: FaultReport | None = None,
    ) -> dict[str, int | None]:
        """FDI number by class name.

        The number is 0 for a tooth without a number, None for what is left out, `CUT_OUT` for what
        cuts out of teeth.

        Parameters
        ----------
        names : all class names that are declared. They look like '36', 'tooth 36', 'FDI-36', 'UL6',
            or 'unnumbered' or 'supernumerary' for a tooth without a number. Findings are left out.
            Without a declared numbering, all other names together must be teeth in one numbering
            only, or mean the same teeth in each.
        file : named by errors.
        used : those of the names that annotations use; None: all. Other names help to recognise the
            numbering, and those among them that are not teeth are left out. Numbers may not
            contradict the others even if nothing uses them: 1 to 60 are not FDI numbers.
        report : takes a note about the classes that are left out because nothing uses them.

        Raises `AnnotationError` if a name in use is not a tooth or the numbering remains open.
        """
        listed = list(dict.fromkeys(names))
        found = self.known(listed)
        open_names = [name for name in listed if name not in found]
        in_use = [name for name in open_names if used is None or name in used]
        readable = [name for name in open_names if self.reads(name)]
        numbers = [name for name in readable if bare(name).isdecimal()]
        readings = self._readings({*in_use, *readable}) or self._readings({*in_use, *numbers})
        if in_use and not readings:
            raise AnnotationError(self._not_teeth(in_use, file))
        if len({tuple(reading[n] for n in in_use) for reading in readings.values()}) > 1:
            raise AnnotationError(_ambiguous(in_use, readings, file))
        proven = next(iter(readings.values()), {})
        if self.numbering is None and in_use:
            _check_not_positions(in_use, readable, file)
        ignored = [name for name in open_names if name not in proven]
        if ignored and report is not None:
            report.note(
                f"class names {_shown(ignored)} are not teeth and no annotation uses them; ignored"
            )
        return {name: found[name] if name in found else proven.get(name) for name in listed}

    def clear(self, names: Iterable[str], file: Path) -> tuple[dict[str, int | None], str]:
        """(FDI number by class name of those names that are clear, what is wrong with the others).

        For label maps, where only the pixels say which classes are used. Raises as `numbers`, also
        if no name is clear.

        >>> Naming().clear(["48", "gum"], Path("a.json"))[0]
        {'48': 48}
        """
        listed = list(dict.fromkeys(names))
        known = self.known(listed)
        odd = [name for name in listed if name not in known and not self.reads(name)]
        if len(odd) == len(listed):
            return self.numbers(listed, file), ""
        numbers = self.numbers([name for name in listed if name not in odd], file)
        return numbers, self._not_teeth(odd, file) if odd else ""

    def known(self, names: Iterable[str]) -> dict[str, int | None]:
        """The meaning of those names that are not numbers: in the map, or words that are known."""
        found: dict[str, int | None] = {}
        listed = list(names)
        findings = self.kinds(listed)
        for name in listed:
            cuts = _plain(name) in _CUT_OUT_NAMES
            if name in self.table:
                # What lies under a cut-out is not a tooth, whether the cut-out is wanted or not.
                found[name] = CUT_OUT if cuts and self.table[name] is None else self.table[name]
            elif name in findings:
                found[name] = None
            elif cuts or means_no_number(name):
                found[name] = CUT_OUT if cuts else UNNUMBERED
        return found

    def reads(self, name: str) -> bool:
        """Whether a name is a tooth in the declared numbering, or in any if none is declared.

        >>> Naming().reads("tooth 36"), Naming("universal").reads("36"), Naming().reads("molar")
        (True, False, False)
        """
        return bool(self._readings([name]))

    def _readings(self, names: Collection[str]) -> dict[str, dict[str, int]]:
        """FDI number by name, for each numbering in which all these names are teeth."""
        found = {}
        for numbering in [self.numbering] if self.numbering else NUMBERINGS:
            try:
                found[numbering] = {name: read_number(name, numbering) for name in names}
            except UnknownToothError:
                continue
        return found

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

    def note_findings(self, names: Iterable[str], report: FaultReport) -> None:
        """Notes those of the names that mean findings, for a format from which none are read.

        >>> Naming().note_findings(["48", "crown"], FaultReport.of(None, "a.xml"))
        """
        if found := self.kinds(names):
            holding = [info.name for info in FORMATS if info.limits.findings != "no"]
            report.note(
                f"class names {_shown(list(found))} are findings, which are not read from this "
                f"format and left out; {', '.join(holding)} hold them"
            )

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
        odd = [name for name in names if not self.reads(name)] or names
        short = [name for name in odd if len(name) <= _MAP_NAMES][:_MAP_NAMES]
        start: dict[str, Any] = dict.fromkeys(short)
        start |= {name: UNNUMBERED for name in short if _TOOTH_WORDS.search(name)}
        start |= self._likely(short) | with_numbers(short)
        listed = json.dumps(start, ensure_ascii=not "".join(short).isprintable())
        more = f" and {len(odd) - len(short)} more names" if len(short) < len(odd) else ""
        return (
            f"{file}: class names {_shown(odd)} are not {expected}; say what they mean with --map "
            f"FILE, a JSON file; to start from: {listed}{more} (an FDI number such as 36; 0: a "
            'tooth without a number; null: left out; "finding:crown" and so on: a finding; '
            f'"cut-out": cuts out of teeth){self._spelt_otherwise(odd)}'
        )

    def _spelt_otherwise(self, names: list[str]) -> str:
        """Says of names that the map has in another spelling; empty if there is none."""
        plain = {_plain(name) for name in names}
        near = [name for name in (*self.table, *self.findings) if _plain(name) in plain]
        return f"; the map has {_shown(near)}, in another spelling" if near else ""

    def _likely(self, names: list[str]) -> dict[str, int]:
        """FDI numbers that stand in names beside other words, for a map that a person looks at.

        >>> Naming()._likely(["36-molar", "11 (incisor)", "caries"]), Naming()._likely(["right 6"])
        ({'36-molar': 36, '11 (incisor)': 11}, {})
        """
        found = {name: text for name in names if (text := number_within(name))}
        readings = list(self._readings(set(found.values())).values())
        # As FDI and as Universal numbers, as neither, or as positions in a quadrant.
        if len(readings) != 1 or all(text.lstrip("0") in _POSITIONS for text in found.values()):
            return {}
        return {name: readings[0][text] for name, text in found.items()}


def _shown(names: list[str]) -> str:
    return ", ".join(map(excerpt, names[:4])) + (", ..." if len(names) > 4 else "")


def _plain(name: str) -> str:
    """The name for comparison with `_CUT_OUT_NAMES`."""
    return re.sub(r"[\s_\-]+", "-", name.strip(" _-")).casefold()


def means_no_number(name: str) -> bool:
    """Whether a class name is that of teeth without a number.

    >>> means_no_number("unnumbered"), means_no_number("Supernumerary tooth"), means_no_number("36")
    (True, True, False)
    """
    text = re.sub(r"[\s_\-]+(tooth|teeth)$", "", name.strip().casefold())
    return text in _UNNUMBERED_NAMES


def _check_not_positions(in_use: list[str], readable: list[str], file: Path) -> None:
    """Raises `AnnotationError` if no name goes beyond 8 or E, so that none may say the quadrant."""
    if all(bare(name).upper().lstrip("0") in _POSITIONS for name in readable):
        raise AnnotationError(
            f"{file}: class names {_shown(in_use)} may be positions in a quadrant, which do not "
            "say which tooth it is, or Universal numbers of the upper right teeth; expected the "
            "quadrant as well, such as 16 or UR6; say --numbering universal if it is that"
        )


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
        if value == _CUT_OUT_NAME:
            numbers[name] = CUT_OUT
            continue
        is_tooth = is_whole(value) and (value == UNNUMBERED or value in TEETH)
        if value is not None and not is_tooth:
            kinds = ", ".join(f"{OTHER}:{kind}" for kind in SYNONYMS)
            raise AnnotationError(
                f"map: {name!r} is {excerpt(value)}; expected an FDI number, 0 (no number), null, "
                f"{_CUT_OUT_NAME}, {OTHER} or one of {kinds}"
            )
        numbers[name] = value
    return numbers, findings
