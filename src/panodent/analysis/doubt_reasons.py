"""Why a tooth should be checked, in words."""

from __future__ import annotations

from panodent.analysis.dentition_stage import beside_successor
from panodent.teeth.teeth import UNNUMBERED, Teeth

LOW_SCORE = 0.75
"""A tooth with a lower score is doubtful."""
NEAR = "another number is nearly as probable"


def doubt_reasons(teeth: Teeth) -> list[str]:
    """(n,) a sentence for each tooth that is flagged as doubtful or unnumbered and that nobody
    has accepted, '' for the others.

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
        if "accepted" in flags:
            reasons.append("")
        elif "unnumbered" in flags:
            reasons.append("it fits no number that is free; it may be supernumerary")
        elif "doubtful" not in flags:
            reasons.append("")
        elif index in pairs:
            other = int(teeth.fdi[pairs[index]])
            reasons.append(
                f"it stands beside {other}: a deciduous tooth and its erupted successor are hardly "
                "ever there together"
            )
        else:
            low = f"its score is low ({score:.2f})" if score < LOW_SCORE else ""
            reasons.append(" and ".join(filter(None, (low, _second_reading(teeth, index)))) or NEAR)
    return reasons


def _second_reading(teeth: Teeth, index: int) -> str:
    """The number that the tooth could have as well, and the teeth that would move with it.

    Empty when no such number is known.

    >>> import numpy as np
    >>> block = np.ones((4, 2), bool)
    >>> run = [(fdi, block, (0, 2 * place)) for place, fdi in enumerate((45, 46))]
    >>> _second_reading(Teeth.from_masks((9, 9), run, alternatives=[46, 47]), 0)
    'it could also be 46; then 46 would be 47'
    """
    place = {fdi: i for i, fdi in enumerate(teeth.fdi.tolist()) if fdi != UNNUMBERED}
    moves: list[str] = []
    moved, other = {index}, int(teeth.alternatives[index])
    if other == UNNUMBERED:
        return ""
    taken = other
    while taken in place and place[taken] not in moved:
        mover = place[taken]
        moved.add(mover)
        following = int(teeth.alternatives[mover])
        if following == UNNUMBERED:
            break
        moves.append(f"{taken} would be {following}")
        taken = following
    return f"it could also be {other}" + (f"; then {' and '.join(moves)}" if moves else "")
