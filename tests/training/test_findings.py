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
from panodent.errors import ConfigError, TrainingError
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

    # A further run begins with its weights, and ends with the mean of these and its own.
    further = started_findings(
        tmp_path / "further", start=str(tmp_path / "whole"), start_share=0.25, epochs=1
    )
    with untraced():
        mean, rows_after = findings.train(further)
    assert rows_after[0]["loss"] < rows[0]["loss"]
    with np.load(further.last) as ended:
        expected = 0.25 * model.get_weights()[0] + 0.75 * ended["model/0000"]
    assert np.allclose(mean.get_weights()[0], expected, atol=1e-6)


def test_a_run_imitates_its_teacher(started_findings, untraced, tmp_path: Path) -> None:
    started_findings(tmp_path / "teacher", epochs=1, filters=(6, 8))
    with untraced():
        teacher, _ = findings.train(reopen(tmp_path / "teacher", ignore))
    taught = started_findings(tmp_path / "taught", teacher=str(tmp_path / "teacher"), epochs=1)
    assert reopen(tmp_path / "taught", ignore).earlier.teacher == str(tmp_path / "teacher")
    with untraced():
        model, _ = findings.train(taught)
    assert model.output_shape[-1] == findings.PLANES

    # What is fitted answers as the network, the teacher, and the teacher to the mirror image.
    shown = np.random.default_rng(0).normal(size=(1, 64, 128, 2)).astype(np.float32)
    fitted = findings._with_teacher(model, "mse", taught)
    answers = np.split(np.asarray(fitted(shown, training=False)), 3, axis=-1)
    expected = [model(shown), teacher(shown), np.asarray(teacher(shown[:, :, ::-1]))[:, :, ::-1]]
    for answer, network in zip(answers, expected, strict=True):
        assert np.allclose(answer, np.asarray(network), atol=1e-4)


def test_teachers_that_do_not_fit_are_named(started_findings, untraced, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no training of `panodent findings` there"):
        started_findings(tmp_path / "a", teacher=str(tmp_path))
    wider = started_findings(tmp_path / "wider", width=256, epochs=1)
    with pytest.raises(TrainingError, match=r"last\.npz"):
        started_findings(tmp_path / "b", teacher=str(tmp_path / "wider"))
    with untraced():
        findings.train(wider)
    with pytest.raises(ConfigError, match=r"a frame of 64x256 .* this run has 64x128"):
        started_findings(tmp_path / "c", teacher=str(tmp_path / "wider"))


def test_a_share_of_the_start_needs_a_start(started_findings, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--start-share 0\.5 needs --from"):
        started_findings(tmp_path / "a", start_share=0.5)
