"""The end of a findings training: limits and calibration are chosen on held-out radiographs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.bundle import bundle
from panodent.bundle.calibration import Calibration
from panodent.bundle.findings_network import KindLimits
from panodent.evaluation.finding_scores import score_findings
from panodent.formats.finding_annotations import AnnotatedFindings
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.training import findings
from panodent.training.findings_finish import FindingsOutcome, chosen_limits, finish

BLOCK = np.ones((4, 4), bool)


def test_limits_keep_what_is_right() -> None:
    size = (40, 40)
    truth = AnnotatedFindings(
        Findings.from_masks(size, [("crown", 36, BLOCK, (8 * i, 0)) for i in range(5)]),
        np.zeros(size, bool),
    )
    found = Findings.from_masks(
        size,
        [("crown", 36, BLOCK, (8 * i, 0)) for i in range(5)]
        + [("crown", 36, BLOCK, (8 * i, 20)) for i in range(3)]
        + [("filling", 36, BLOCK, (0, 30))],
        [0.9] * 5 + [0.62] * 3 + [0.9],
    )
    none = Teeth.empty(size)
    outcome = FindingsOutcome(truth, found, score_findings(truth, found, none, none))
    limits = chosen_limits([outcome], dict.fromkeys(KINDS, 0.01))
    assert limits["crown"] == KindLimits(0.005, 0.65)
    assert limits["filling"] == KindLimits(0.005, 0.6)  # too few to choose by


def test_without_held_out_radiographs_limits_are_those_of_the_run_before(
    started_findings, untraced, tmp_path: Path
) -> None:
    first = started_findings(tmp_path / "first")
    with untraced():
        model, rows = findings.train(first)
    made = finish(first, model, rows)
    assert made.findings is not None
    assert made.findings.takes_parts()
    limits = {"crown": KindLimits(0.001, 0.7)}
    calibration = Calibration(2.0, -1.0)
    known = replace(made.findings, limits=limits, calibration=calibration)
    bundle.save(replace(made, findings=known), tmp_path / "first" / "bundle")
    second = started_findings(tmp_path / "second", validation=0, start=str(tmp_path / "first"))
    again = finish(second, model, rows).findings
    assert again is not None
    assert (again.limits, again.calibration) == (limits, calibration)
    # So they are where a run is named for them, also with held-out radiographs.
    named = started_findings(tmp_path / "named", limits=str(tmp_path / "first"))
    kept = finish(named, model, rows).findings
    assert kept is not None
    assert (kept.limits, kept.calibration) == (limits, calibration)
    third = started_findings(tmp_path / "third", validation=0)
    usual = finish(third, model, rows).findings
    assert usual is not None
    assert usual.limits["crown"].score == 0.6
    assert usual.calibration == Calibration()
