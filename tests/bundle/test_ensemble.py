"""Several bundles as one: the mean of what each says, and only what goes together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from panodent.bundle import bundle
from panodent.bundle.bundle import Bundle
from panodent.bundle.calibration import Calibration
from panodent.bundle.ensemble import ensemble
from panodent.bundle.frame import Frame
from panodent.errors import BundleError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

onnx = pytest.importorskip("onnx")


def shifted(made: Bundle, by: float) -> Bundle:
    """The same network, its last bias moved: every answer differs by a constant."""
    model = onnx.load_from_string(made.network)
    for item in model.graph.initializer:
        if item.name == "head_bias":
            item.CopyFrom(
                onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(item) + by, item.name)
            )
    return replace(made, network=model.SerializeToString())


def test_the_answer_is_the_mean(drawn: tuple[Radiograph, Teeth], tmp_path: Path) -> None:
    one = bundle.load()
    two = replace(shifted(one, 2.0), calibration=Calibration(3.0, 1.0))
    one = replace(one, calibration=Calibration(1.0, 0.0))
    made = ensemble([one, two])
    pixels = drawn[0].pixels
    assert np.allclose(made.predict_planes(pixels), one.predict_planes(pixels) + 1, atol=1e-3)
    assert made.calibration == Calibration(2.0, 0.5)
    bundle.save(made, tmp_path)
    again = bundle.load(tmp_path)
    assert np.array_equal(again.predict_planes(pixels), made.predict_planes(pixels))
    assert [m["sha256"] for m in again.provenance["members"]] == [one.digest, two.digest]


def test_what_does_not_go_together_is_refused() -> None:
    one = bundle.load()
    two = shifted(one, 1.0)
    with pytest.raises(BundleError, match="at least two"):
        ensemble([one])
    with pytest.raises(BundleError, match="twice"):
        ensemble([one, one])
    with pytest.raises(BundleError, match="differ in frame"):
        ensemble([one, replace(two, frame=Frame(128, 256))])
    with pytest.raises(BundleError, match="differ in classes"):
        ensemble([one, replace(two, classes=two.classes[::-1])])
    with pytest.raises(BundleError, match="offset"):
        ensemble([one, replace(two, architecture={})])


def test_an_ensemble_is_not_trained_on(tmp_path: Path) -> None:
    pytest.importorskip("panodent.training.backend")
    from panodent.training.transfer import trained

    one = bundle.load()
    bundle.save(ensemble([one, shifted(one, 1.0)]), tmp_path)
    with pytest.raises(BundleError, match="train on one of its members"):
        trained(tmp_path)
