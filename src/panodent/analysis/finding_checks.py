"""Checks of annotated findings against the annotated teeth: hints to look at, not proof of errors.

>>> import numpy as np
>>> dot = np.ones((4, 4), bool)
>>> found = Findings.from_masks((4, 4), [("filling", 0, dot), ("implant", 46, dot)])
>>> [suspicion.kind for suspicion in finding_suspicions(Teeth.empty((4, 4)), found)]
['loose']
"""

from __future__ import annotations

from collections import Counter

from panodent.analysis.annotation_checks import Suspicion
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.teeth import Teeth
from panodent.utils.wording import counted


def finding_suspicions(teeth: Teeth, findings: Findings) -> list[Suspicion]:
    """What looks wrong with the teeth of findings; empty when all is as expected.

    Findings whose kind needs a tooth or a position and that have none; those on a tooth that is not
    annotated; implants and pontics in the place of a tooth that is.
    """
    there = set(teeth.fdi.tolist())
    loose, absent, taken = (Counter[tuple[str, int]]() for _ in range(3))
    for kind, fdi in zip(findings.kinds, findings.fdi.tolist(), strict=True):
        carrier = KINDS[kind].carrier
        if fdi == NOWHERE and carrier != "either":
            loose[kind, NOWHERE] += 1
        elif carrier == "tooth" and fdi != NOWHERE and fdi not in there:
            absent[kind, fdi] += 1
        elif carrier == "position" and fdi in there:
            taken[kind, fdi] += 1
    return [
        *(_loose(kind, count) for (kind, _), count in loose.items()),
        *(
            Suspicion(
                "absent",
                (fdi,),
                f"{_said(kind, count)} on {fdi}, which is not annotated",
            )
            for (kind, fdi), count in absent.items()
        ),
        *(
            Suspicion(
                "taken",
                (fdi,),
                f"{_said(kind, count)} in place of {fdi}, which is annotated as a tooth",
            )
            for (kind, fdi), count in taken.items()
        ),
    ]


def _loose(kind: str, count: int) -> Suspicion:
    what = "tooth" if KINDS[kind].carrier == "tooth" else "position"
    return Suspicion("loose", (), f"{_said(kind, count)} without the number of a {what}")


def _said(kind: str, count: int) -> str:
    return counted(count, KINDS[kind].title, KINDS[kind].plural)
