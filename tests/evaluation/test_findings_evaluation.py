"""Scores of findings of several radiographs; all values are computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.errors import ConfigError
from panodent.evaluation.finding_scores import FindingCase, score_findings
from panodent.evaluation.findings_evaluation import (
    FINDING_METRICS,
    KIND_METRICS,
    average_precision,
    summarise_findings,
)
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (40, 60)
TEN = np.ones((10, 10), bool)
TEETH = Teeth.from_masks(SIZE, [(36, TEN, (20, 0)), (37, TEN, (20, 12)), (46, TEN, (20, 40))])


def findings(
    *items: tuple[str, int, tuple[int, int]], scores: list[float] | None = None
) -> Findings:
    """Squares of 10 x 10 pixels at (row, column)."""
    return Findings.from_masks(SIZE, [(k, fdi, TEN, at) for k, fdi, at in items], scores)


def case(truth: Findings, found: Findings) -> FindingCase:
    annotated = AnnotatedFindings(truth, np.zeros(SIZE, bool))
    return score_findings(annotated, found, TEETH, TEETH, "a")


def test_summary() -> None:
    one = case(
        findings(("filling", 36, (0, 0)), ("filling", 37, (0, 20))),
        findings(("filling", 36, (0, 0)), ("filling", 46, (0, 40)), scores=[0.9, 0.6]),
    )
    plain = case(Findings.empty(SIZE), Findings.empty(SIZE))
    scores = summarise_findings([one, plain], samples=20)
    filling = scores.by_kind["filling"]
    assert filling["f1_30"].value == 0.5
    assert filling["ap_30"].value == 0.5
    assert (filling["recall"].value, filling["precision"].value) == (0.5, 0.5)
    assert filling["sensitivity"].value == 0.5
    # 46 wrongly in the first, three teeth rightly not in the second.
    assert filling["specificity"].value == 0.75
    assert filling["assigned"].value == 1
    assert scores.figures["restoration_recall"].value == 0.5
    assert scores.figures["restoration_dice"].value == 0.5
    assert scores.figures["plain_with_false"].value == 0
    assert scores.figures["plain_with_false"].count == 1
    assert scores.by_kind["implant"]["f1_30"].reason == "nothing to count"
    low, high = filling["specificity"].low, filling["specificity"].high
    assert low is not None
    assert high is not None
    assert low <= 0.75 <= high
    data = scores.to_dict()
    assert set(data["figures"]) == set(FINDING_METRICS)
    assert all(set(figures) == set(KIND_METRICS) for figures in data["by_kind"].values())
    assert scores.to_json() == summarise_findings([one, plain], samples=20).to_json()
    assert scores.confusion.sum() == 3


def test_average_precision_of_nothing_found_is_zero() -> None:
    assert average_precision(np.zeros(0), np.zeros(0, bool), 3) == 0


def test_faults() -> None:
    with pytest.raises(ConfigError, match="samples is -1"):
        summarise_findings([], samples=-1)
