"""Ends the training of a findings network: export, limits, calibration, scores, bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from panodent.bundle import bundle as bundles
from panodent.bundle.bundle import Bundle
from panodent.bundle.findings_network import FindingsNetwork
from panodent.training import onnx_export
from panodent.training.findings import TRAINED_KINDS, FindingsRun
from panodent.training.run import Row
from panodent.version import __version__


def finish(run: FindingsRun, model: Any, rows: Sequence[Row]) -> Bundle:
    """The bundle with its findings network, written to RUN/bundle."""
    frame = run.config.frame
    network = FindingsNetwork(onnx_export.to_onnx(model, frame.size), frame, TRAINED_KINDS)
    note = {
        "panodent": __version__,
        "settings": asdict(run.config),
        "trained_with": run.bundle.digest,
        "training_cases": len(run.training),
        "validation_cases": len(run.validation),
    }
    made = replace(
        run.bundle,
        findings=network,
        provenance={**run.bundle.provenance, "findings": note},
    )
    bundles.save(made, run.folder / "bundle")
    return made
