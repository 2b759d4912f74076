"""Whether an input is an upright, whole panoramic radiograph, judged by the predicted teeth.

On other images (photographs, bitewings, a panoramic radiograph on its side) the network finds few
teeth with low scores. On an upside-down panoramic radiograph it finds many teeth and numbers them
by their place; but then those numbered as upper central incisors are narrower than those numbered
as lower ones, while upright they are about 1.5 times as wide. On half a panoramic radiograph
scores are as high as on a whole one, but all teeth are of one side. On two panoramic radiographs in
one picture it finds more teeth than there are numbers, so some remain without one.
`docs/experiments/warnings.md` has the rates of right and wrong warnings.
"""

from __future__ import annotations

import numpy as np

from panodent.dentition import TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth

MIN_QUALITY = 0.75
"""Below this quality a warning is given; `docs/experiments/warnings.md` has its error rates."""
PRIOR_TEETH = 0.25
"""Teeth of score 0 added to the mean, so that a single tooth does not make a high quality."""
MIN_INCISOR_RATIO = 1.02
"""Below this `incisor_ratio` the radiograph is taken to be upside down."""
ONE_SIDED = (2, 7)
"""A radiograph is one-sided with at most the first number of teeth on one side and at least the
second number on the other."""

MANY_UNNUMBERED = 3
"""With at least so many teeth without a number there may be two radiographs in the picture."""


def quality(teeth: Teeth) -> float:
    """Mean score of the numbered teeth, 0 to below 1, slightly lower with few teeth.

    >>> quality(Teeth.empty((10, 10)))
    0.0
    """
    scores = teeth.scores[teeth.fdi != UNNUMBERED]
    return float(scores.sum() / (len(scores) + PRIOR_TEETH))


def incisor_ratio(teeth: Teeth) -> float | None:
    """Mean width of the upper central incisors divided by that of the lower ones.

    The width of a tooth is the mean width of its rows in pixels. None where one jaw has no central
    incisor.
    """
    widths: dict[int, list[float]] = {1: [], 3: []}
    for fdi, _, mask in teeth:
        if fdi in (11, 21, 31, 41):
            widths[1 if fdi < 30 else 3].append(float(mask.sum() / mask.shape[0]))
    if not (widths[1] and widths[3]):
        return None
    return float(np.mean(widths[1]) / np.mean(widths[3]))


def one_sided(teeth: Teeth) -> bool:
    """Whether nearly all numbered teeth are of one side; see `ONE_SIDED`."""
    sides = [TEETH[fdi].side for fdi in teeth.fdi.tolist() if fdi != UNNUMBERED]
    few, many = sorted((sides.count("right"), sides.count("left")))
    return few <= ONE_SIDED[0] and many >= ONE_SIDED[1]


def warning(teeth: Teeth) -> str:
    """A sentence for the user when the input may be unsuitable; empty otherwise."""
    numbered = int(np.count_nonzero(teeth.fdi != UNNUMBERED))
    if not numbered:
        return "no tooth found; is it an upright panoramic radiograph?"
    if quality(teeth) < MIN_QUALITY:
        return (
            f"unsure of nearly every tooth (quality {quality(teeth):.2f}); is it an upright "
            "panoramic radiograph?"
        )
    beyond = len(teeth) - numbered
    if beyond >= MANY_UNNUMBERED:
        return (
            f"{beyond} more teeth than a dentition has numbers for; are there two radiographs in "
            "the picture? Cut them apart and predict each"
        )
    ratio = incisor_ratio(teeth)
    if ratio is not None and ratio < MIN_INCISOR_RATIO:
        return (
            "upper incisors no wider than lower ones; is the radiograph upside down? Then all "
            "numbers are wrong"
        )
    if one_sided(teeth):
        return "teeth of one side only; is it a whole panoramic radiograph, or a part of one?"
    return ""
