"""Whether a picture is what the network knows: an upright panoramic, judged by how sure it is.

On what is not (photograph, bitewing, a panoramic on its side) the network finds few teeth, and is
sure of none.
"""

from __future__ import annotations

from panodent.teeth import UNNUMBERED, Teeth

LOW = 0.75
"""Below it a radiograph is warned about; `docs/experiments.md` says how often that is right."""


DOUBT = 0.25
"""How many teeth of score 0 are counted besides: one sure tooth does not make a panoramic."""


def quality(teeth: Teeth) -> float:
    """Mean score of the numbered teeth, 0 to below 1, a little lower where they are few."""
    scores = teeth.scores[teeth.fdi != UNNUMBERED]
    return float(scores.sum() / (len(scores) + DOUBT))


def warning(teeth: Teeth) -> str:
    """What a user should be told; empty when all looks well."""
    if not (teeth.fdi != UNNUMBERED).any():
        return "no tooth found; is it an upright panoramic radiograph?"
    if quality(teeth) < LOW:
        return (
            f"unsure of nearly every tooth (quality {quality(teeth):.2f}); is it an upright "
            "panoramic radiograph?"
        )
    return ""
