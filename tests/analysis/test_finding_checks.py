"""Findings checked against the annotated teeth."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.analysis.annotation_checks import KINDS
from panodent.analysis.finding_checks import finding_suspicions
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

DOT = np.ones((2, 2), bool)
TEETH = Teeth.from_masks((9, 9), [(36, DOT, (0, 0)), (37, DOT, (0, 3))])


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], []),
        ([("filling", 36), ("crown", 37), ("implant", 46), ("pontic", 35)], []),
        ([("appliance", 0), ("crown", 0), ("crown", 46), ("appliance", 46)], []),
        (
            [("filling", 0), ("filling", 0)],
            [("loose", (), "2 fillings without the number of a tooth")],
        ),
        ([("implant", 0)], [("loose", (), "1 implant without the number of a position")]),
        (
            [("root_filling", 46)],
            [("absent", (46,), "1 root filling on 46, which is not annotated")],
        ),
        (
            [("pontic", 36)],
            [("taken", (36,), "1 pontic in place of 36, which is annotated as a tooth")],
        ),
    ],
)
def test_what_looks_wrong(items: list[tuple[str, int]], expected: list) -> None:
    findings = Findings.from_masks((9, 9), [(*item, DOT, (5, 5)) for item in items])
    found = finding_suspicions(TEETH, findings)
    assert [(one.kind, one.teeth, one.message) for one in found] == expected
    assert {one.kind for one in found} <= set(KINDS)
