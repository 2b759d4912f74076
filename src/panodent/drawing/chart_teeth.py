"""The teeth of an odontogram: which were found, are doubtful, or were not found.

>>> {tooth.state for tooth in chart_teeth(Teeth.empty((9, 9)))}
{'not found'}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from panodent.analysis.tooth_attributes import ToothAttributes, tooth_attributes
from panodent.dentition import ARCH_ORDER, DECIDUOUS_ARCHES
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

State = Literal["found", "doubtful", "not found"]

_WHOLE = ToothAttributes(erupted=True)


@dataclass(frozen=True)
class ChartTooth:
    """One tooth of the chart: its state, how often its number was found, and the highest score.

    `attributes` are those of a tooth that was found. `findings` are the kinds that were found on it
    or in its place, `in_doubt` those of them that are all doubtful.
    """

    fdi: int
    state: State
    count: int = 0
    score: float = 0.0
    attributes: ToothAttributes = _WHOLE
    findings: tuple[str, ...] = ()
    in_doubt: tuple[str, ...] = ()

    @property
    def ringed(self) -> bool:
        """Whether it has not erupted, or is impacted."""
        return not self.attributes.erupted or self.attributes.impaction is not None


def chart_teeth(teeth: Teeth, findings: Findings | None = None) -> list[ChartTooth]:
    """The 32 permanent teeth in arch order; the 20 deciduous ones too, if one of them was found.

    A number that occurs several times is doubtful if one of its teeth is; the highest score and the
    attributes of an erupted one count.
    """
    charted, told = [], tooth_attributes(teeth)
    findings = findings or Findings.empty(teeth.size)
    deciduous = [fdi for arch in DECIDUOUS_ARCHES for fdi in arch]
    seen = np.isin([*teeth.fdi, *findings.fdi], deciduous).any()
    for fdi in (*ARCH_ORDER, *(deciduous if seen else ())):
        kinds, in_doubt = findings.of_tooth(fdi), findings.in_doubt(fdi)
        places = np.flatnonzero(teeth.fdi == fdi).tolist()
        if not places:
            charted.append(ChartTooth(fdi, "not found", findings=kinds, in_doubt=in_doubt))
            continue
        doubted = any("doubtful" in teeth.flags[i] for i in places)
        score = max(float(teeth.scores[i]) for i in places)
        state: State = "doubtful" if doubted else "found"
        first = max((told[i] for i in places), key=lambda one: one.erupted)
        charted.append(ChartTooth(fdi, state, len(places), score, first, kinds, in_doubt))
    return charted
