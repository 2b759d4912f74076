"""Eight-bit networks: smaller, and they say the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from panodent import phantom
from panodent.bundle import bundle
from panodent.bundle.quantise import quantise
from panodent.errors import BundleError
from panodent.evaluation.case_scores import score_pair
from panodent.inference.predictor import Predictor

pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def made() -> bundle.Bundle:
    return quantise(bundle.load(), [phantom.draw(seed, (256, 512))[0].pixels for seed in range(8)])


def test_it_is_smaller_and_finds_the_same_teeth(made: bundle.Bundle, drawn) -> None:
    default = bundle.load()
    assert len(made.network) < 0.6 * len(default.network)
    before, after = Predictor(default)(drawn[0]), Predictor(made)(drawn[0])
    assert before.fdi.tolist() == after.fdi.tolist()
    dice = score_pair(before, after).dice
    assert dice is not None
    assert dice > 0.95


def test_it_is_saved_and_loaded_and_not_trained_on(made: bundle.Bundle, tmp_path: Path) -> None:
    bundle.save(made, tmp_path)
    again = bundle.load(tmp_path)
    assert again.provenance["quantised"]["from"] == bundle.load().digest
    with pytest.raises(BundleError, match="already"):
        quantise(again, [np.zeros((64, 64), np.float32)])
    pytest.importorskip("panodent.training.backend")
    from panodent.training.transfer import trained

    with pytest.raises(BundleError, match="quantised"):
        trained(tmp_path)


def test_without_radiographs_there_are_no_ranges() -> None:
    with pytest.raises(BundleError, match="ranges"):
        quantise(bundle.load(), [])
