"""The table of scores, from `panodent.evaluation.metrics`."""

from __future__ import annotations

from extensions.tables import sentence, table
from panodent.evaluation.metrics import METRICS


def markdown() -> str:
    """A row for each metric of `panodent evaluate`."""
    rows = [
        (f"`{name}`: {item.label}", sentence(item.definition), item.counted, item.better)
        for name, item in METRICS.items()
    ]
    return table(("name in scores.json", "definition", "mean over", "better"), rows)
