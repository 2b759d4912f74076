"""A findings network is trained on phantoms, can be resumed, and ends in a bundle."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.bundle import bundle
from panodent.teeth.finding_kinds import KINDS
from panodent.training import findings
from panodent.training.findings_finish import finish
from panodent.training.findings_run import reopen


def ignore(*_: object) -> None: ...


def test_a_run_is_trained_resumed_and_becomes_a_bundle(
    started_findings, untraced, tmp_path: Path
) -> None:
    whole = started_findings(tmp_path / "whole")
    assert (len(whole.training), len(whole.validation)) == (2, 2)
    with untraced():
        model, rows = findings.train(whole)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["loss"] < rows[0]["loss"]
    made = finish(whole, model, rows)
    again = bundle.load(tmp_path / "whole")
    assert again.findings == made.findings
    assert again.findings is not None
    assert again.findings.kinds == tuple(KINDS)
    assert again.network == bundle.load().network
    note = again.provenance["findings"]
    assert (note["training_cases"], note["validation_cases"], note["epochs"]) == (2, 2, 2)
    assert json.loads((tmp_path / "whole" / "scores.json").read_text())["case_count"] == 2
    # Exported as trained.
    shown = np.random.default_rng(0).normal(size=(1, 64, 128, 2)).astype(np.float32)
    kept = again.findings._session.run(np.moveaxis(shown, -1, 1))
    assert np.abs(np.moveaxis(model.predict_on_batch(shown), -1, 1) - kept).max() < 0.05

    # Interrupted after one epoch and resumed, it ends where the other one did.
    half = started_findings(tmp_path / "half")
    first = json.loads(json.dumps(rows[0]))
    with untraced():
        findings.train(replace(half, config=replace(half.config, epochs=1)))
        resumed, later = findings.train(reopen(tmp_path / "half", ignore))
    assert later[0]["loss"] == pytest.approx(first["loss"], rel=0.05)
    assert len(later) == 2
    assert [w.shape for w in resumed.get_weights()] == [w.shape for w in model.get_weights()]

    # A further run begins with its weights.
    further = started_findings(tmp_path / "further", start=str(tmp_path / "whole"))
    with untraced():
        assert findings.train(further)[1][0]["loss"] < rows[0]["loss"]
