"""The tool that lets a findings network see parts of its frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the train extra")

import open_sides
from panodent.bundle import bundle
from panodent.bundle.bundle import Bundle
from panodent.bundle.fast import fast_bundle, networks_of
from panodent.bundle.fast_files import NAMES, FastNetworks
from panodent.bundle.files import sha256


def test_both_forms_take_parts_and_answer_as_before(
    finding_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert finding_bundle.findings is not None
    networks = networks_of(finding_bundle)
    made_from = {name: sha256(data) for name, data in networks.items()}
    fast = FastNetworks(made_from, dict.fromkeys(NAMES, 1.0), 1, networks)
    bundle.save(replace(finding_bundle, fast=fast), tmp_path)
    open_sides.main([str(tmp_path)])
    made = bundle.load(tmp_path)
    assert made.findings is not None
    assert made.findings.takes_parts()
    assert sha256(made.findings.network) in capsys.readouterr().out
    pixels, tooth = np.eye(128, 256, dtype=np.float32), np.zeros((2, 2), np.float32)
    before = finding_bundle.findings.predict_planes(pixels, tooth)
    assert np.array_equal(made.findings.predict_planes(pixels, tooth), before)
    small = fast_bundle(made)
    assert small.findings is not None
    assert small.findings.takes_parts()
    assert (made.network, made.refiner) == (finding_bundle.network, finding_bundle.refiner)


def test_a_bundle_without_findings(finding_bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(finding_bundle.without_findings(), tmp_path)
    with pytest.raises(SystemExit):
        open_sides.main([str(tmp_path)])
