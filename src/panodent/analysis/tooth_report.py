"""What there is to say of each tooth, in words.

>>> import numpy as np
>>> teeth = Teeth.from_masks((4, 4), [(36, np.ones((4, 4), bool))])
>>> found = [("root_filling", 36), ("crown", 36), ("implant", 46), ("crown", 46), ("appliance", 0)]
>>> findings = Findings.from_masks((4, 4), [(*item, np.ones((4, 4), bool)) for item in found])
>>> "; ".join(line.text() for line in tooth_report(teeth, findings) if line.findings)
'36: crown, root filling; 46: missing, implant, crown; no single tooth: appliance'
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from panodent.analysis.tooth_attributes import tooth_attributes
from panodent.dentition import PERMANENT, Numbering, from_fdi
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.teeth import Teeth

REPLACING = ("implant", "pontic")
"""Kinds that stand in place of a tooth, so that it is missing, not only not found."""


@dataclass(frozen=True)
class ToothReport:
    """One tooth in words.

    Parameters
    ----------
    fdi : its number, 0 for findings on no single tooth.
    states : "missing", "not found", "doubtful", and those of
        `panodent.analysis.tooth_attributes.ToothAttributes.words`; none for a whole, erupted tooth.
    findings : what was found on it or in its place, such as "root filling".
    """

    fdi: int
    states: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    def text(self, numbering: Numbering = "fdi") -> str:
        """The number in a numbering, and the words."""
        number = from_fdi(self.fdi, numbering) if self.fdi else "no single tooth"
        return f"{number}: {', '.join((*self.states, *self.findings))}"


def tooth_report(teeth: Teeth, findings: Findings | None = None) -> list[ToothReport]:
    """The teeth of which there is something to say, by FDI number.

    These are permanent teeth that were not found, teeth that have not erupted, impacted teeth, root
    remnants, doubtful teeth, and those with `findings`; last comes what was found on no single
    tooth.
    """
    held = findings if findings is not None else Findings.empty(teeth.size)
    numbers = set(teeth.fdi.tolist()) - {0}
    told = {
        fdi: attributes.words
        for fdi, attributes in zip(teeth.fdi.tolist(), tooth_attributes(teeth), strict=True)
    }
    doubtful = {
        fdi
        for fdi, flags in zip(teeth.fdi.tolist(), teeth.flags, strict=True)
        if "doubtful" in flags
    }
    report = []
    for fdi in sorted({*PERMANENT, *numbers, *held.fdi.tolist()} - {NOWHERE}):
        kinds = held.of_tooth(fdi)
        if fdi in numbers:
            states = (*told[fdi], *(("doubtful",) if fdi in doubtful else ()))
        else:
            states = ("missing" if set(kinds) & set(REPLACING) else "not found",)
        words = _listed(kinds, held.in_doubt(fdi))
        if states or words:
            report.append(ToothReport(fdi, states, words))
    if words := _listed(held.of_tooth(NOWHERE), held.in_doubt(NOWHERE)):
        report.append(ToothReport(NOWHERE, (), words))
    return report


def in_words(kinds: Collection[str], in_doubt: Collection[str] = ()) -> str:
    """Kinds of findings as words; "?" follows those `in_doubt`.

    >>> in_words(["crown", "root_filling"], ["crown"])
    'crown?, root filling'
    """
    return ", ".join(_listed(kinds, in_doubt))


def _listed(kinds: Collection[str], in_doubt: Collection[str]) -> tuple[str, ...]:
    """The words of `in_words`; an implant comes before the crown on it."""
    order = list(KINDS)
    ordered = sorted(kinds, key=lambda kind: (kind != "implant", order.index(kind)))
    return tuple(KINDS[kind].title + "?" * (kind in in_doubt) for kind in ordered)
