"""What the scripts that compare accuracy count: mean Dice and numbering of teeth with a number."""

from __future__ import annotations

from collections.abc import Iterable

from panodent.evaluation.case_scores import score_pair
from panodent.evaluation.evaluate import summarise
from panodent.teeth.teeth import Teeth


def dice_and_numbering(pairs: Iterable[tuple[Teeth, Teeth]]) -> tuple[float, float]:
    """Over pairs of truth and what was found, as `panodent evaluate` counts them."""
    scores = [score_pair(truth, found.numbered()) for truth, found in pairs]
    figures = summarise(scores, 0).figures
    return figures["dice"].value or 0.0, figures["numbering"].value or 0.0
