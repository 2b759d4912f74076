"""Scores for the scripts that compare accuracy: mean Dice and numbering accuracy."""

from __future__ import annotations

from collections.abc import Iterable

from panodent.evaluation.case_scores import score_pair
from panodent.evaluation.evaluate import summarise
from panodent.teeth.teeth import Teeth


def dice_and_numbering(pairs: Iterable[tuple[Teeth, Teeth]]) -> tuple[float, float]:
    """Over pairs of (truth, prediction), as `panodent evaluate` computes them.

    Predicted teeth without a number do not count.
    """
    scores = [score_pair(truth, found.numbered()) for truth, found in pairs]
    figures = summarise(scores, 0).figures
    return figures["dice"].value or 0.0, figures["numbering"].value or 0.0
