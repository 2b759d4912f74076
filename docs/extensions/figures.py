"""The table of scores, from `panodent.evaluation.metrics`."""

from __future__ import annotations

from extensions.tables import sentence, table
from panodent.evaluation.metrics import FIGURES


def markdown() -> str:
    """A row for each figure of `panodent evaluate`."""
    rows = [
        (f"`{name}`: {kind.label}", sentence(kind.about), kind.counted, kind.better)
        for name, kind in FIGURES.items()
    ]
    return table(("name in scores.json", "definition", "mean over", "better"), rows)
