"""Why a tooth should be checked, in words."""

from __future__ import annotations

from panodent.analysis.dentition_stage import beside_successor
from panodent.teeth.teeth import Teeth

LOW_SCORE = 0.75
"""A tooth with a lower score is doubtful."""


def doubt_reasons(teeth: Teeth) -> list[str]:
    """(n,) a sentence for each tooth that is flagged as doubtful or unnumbered, '' for the others.

    >>> import numpy as np
    >>> block = np.ones((4, 2), bool)
    >>> teeth = Teeth.from_masks((9, 9), [(36, block, (0, 0))], [0.61], [{"doubtful"}])
    >>> doubt_reasons(teeth)
    ['its score is low (0.61)']
    """
    beside = beside_successor(teeth)
    pairs = {**beside, **{other: index for index, other in beside.items()}}
    reasons = []
    for index, (flags, score) in enumerate(zip(teeth.flags, teeth.scores.tolist(), strict=True)):
        if "unnumbered" in flags:
            reasons.append("it fits no number that is free; it may be supernumerary")
        elif "doubtful" not in flags:
            reasons.append("")
        elif index in pairs:
            other = int(teeth.fdi[pairs[index]])
            reasons.append(
                f"it stands beside {other}: a deciduous tooth and its erupted successor are hardly "
                "ever there together"
            )
        elif score < LOW_SCORE:
            reasons.append(f"its score is low ({score:.2f})")
        else:
            reasons.append("another number is nearly as probable")
    return reasons
