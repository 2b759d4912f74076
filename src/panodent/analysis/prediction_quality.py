"""Whether a picture is what the network knows: an upright panoramic, judged by how sure it is.

On what is not (photograph, bitewing, a panoramic on its side) the network finds few teeth, and is
sure of none. On an upside-down panoramic it finds many, numbered by their place; but upper central
incisors are half as wide again as lower ones, whatever their place. Of one cut in half it is as
sure as of a whole one; but all teeth are of one side.
"""

from __future__ import annotations

import numpy as np

from panodent.dentition import TEETH
from panodent.teeth.teeth import Teeth

LOW = 0.75
"""A quality below this gives a warning; `docs/experiments/warnings.md` has its error rates."""


DOUBT = 0.25
"""How many teeth of score 0 are counted besides: one sure tooth does not make a panoramic."""


def quality(teeth: Teeth) -> float:
    """Mean score of the numbered teeth, 0 to below 1, a little lower where they are few."""
    scores = teeth.numbered().scores
    return float(scores.sum() / (len(scores) + DOUBT))


UPSIDE_DOWN = 1.02
"""Least ratio of the width of upper to that of lower central incisors; see `incisor_ratio`."""


def incisor_ratio(teeth: Teeth) -> float | None:
    """Width of the upper central incisors by that of the lower ones; None where a pair is missing.

    A tooth's width is the mean of its rows.
    """
    widths: dict[int, list[float]] = {1: [], 3: []}
    for fdi, _, mask in teeth:
        if fdi in (11, 21, 31, 41):
            widths[1 if fdi < 30 else 3].append(float(mask.sum() / mask.shape[0]))
    if not (widths[1] and widths[3]):
        return None
    return float(np.mean(widths[1]) / np.mean(widths[3]))


ONE_SIDED = (2, 7)
"""At most so many teeth of one side and at least so many of the other: a panoramic cut in half."""


def one_sided(teeth: Teeth) -> bool:
    """Whether (nearly) all numbered teeth are of one side, and many."""
    sides = [TEETH[fdi].side for fdi in teeth.numbered().fdi.tolist()]
    few, many = sorted((sides.count("right"), sides.count("left")))
    return few <= ONE_SIDED[0] and many >= ONE_SIDED[1]


def warning(teeth: Teeth) -> str:
    """What a user should be told; empty when all looks well."""
    if not len(teeth.numbered()):
        return "no tooth found; is it an upright panoramic radiograph?"
    if quality(teeth) < LOW:
        return (
            f"unsure of nearly every tooth (quality {quality(teeth):.2f}); is it an upright "
            "panoramic radiograph?"
        )
    ratio = incisor_ratio(teeth)
    if ratio is not None and ratio < UPSIDE_DOWN:
        return (
            "upper incisors no wider than lower ones; is the radiograph upside down? Then all "
            "numbers are wrong"
        )
    if one_sided(teeth):
        return "teeth of one side only; is it a whole panoramic radiograph, or a part of one?"
    return ""
