"""A findings training begins with a bundle's weights, which get their batch norms back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.bundle import bundle
from panodent.errors import BundleError, ConfigError
from panodent.training import findings
from panodent.training.backend import keras
from panodent.training.findings_finish import finish
from panodent.training.findings_start import begin_with


def test_a_bundle_gives_its_weights_and_batch_norms(
    started_findings, untraced, tmp_path: Path
) -> None:
    run = started_findings(tmp_path / "run", epochs=1)
    with untraced():
        model, rows = findings.train(run)
        finish(run, model, rows)
    shown = np.random.default_rng(0).normal(size=(4, 64, 128, 2)).astype(np.float32)
    fresh = findings.network(run.config)
    begin_with(fresh, str(tmp_path / "run" / "bundle"), [shown])
    answer = np.asarray(fresh(shown, training=False))
    assert np.abs(answer - np.asarray(model(shown, training=False))).max() < 0.05
    # The batch norms have the means of what the layers before them answer to this batch.
    first = keras.Model(fresh.inputs[0], fresh.get_layer("encoder_0_0").output)
    means = np.asarray(first(shown)).mean(axis=(0, 1, 2))
    assert np.allclose(fresh.get_layer("encoder_0_0_norm").get_weights()[2], means, atol=1e-4)

    # A run begins with a bundle as with a run, and may end with the mean of both.
    start = str(tmp_path / "run" / "bundle")
    further = started_findings(tmp_path / "further", start=start, start_share=0.5, epochs=1)
    with untraced():
        _, later = findings.train(further)
    assert later[0]["loss"] < rows[0]["loss"]


def test_starts_that_do_not_fit_are_named(started_findings, untraced, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no-such-run"):
        started_findings(tmp_path / "a", start=str(tmp_path / "no-such-run"))
    bundle.save(replace(bundle.load(), findings=None), tmp_path / "teeth")
    with pytest.raises(ConfigError, match="its bundle has no findings network"):
        started_findings(tmp_path / "b", start=str(tmp_path / "teeth"))
    other = started_findings(tmp_path / "c", start="default")
    with (
        untraced(),
        pytest.raises(ConfigError, match=r"another one at layer 'encoder_0_0'; give the --filters"),
    ):
        findings.train(other)
