"""Crops for the refiner are of teeth that the bundle finds and that are annotated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.bundle import bundle
from panodent.inference.refinement import CHANNELS
from panodent.training.refiner_batches import crop_dice
from panodent.training.refiner_config import ChangeConfig
from panodent.training.refiner_crops import STORED, Crops, collect
from panodent.training.run_data import DataSource


def ignore(*_: object) -> None: ...


def test_crops_are_of_teeth_that_are_annotated(refiner_data: Path) -> None:
    case = DataSource(refiner_data).find().cases[0]
    seen: list[tuple[int, int]] = []
    made = bundle.load()
    crops = collect(made, [case], 2, ChangeConfig(), 0, 0.3, lambda *at: seen.append(at))
    assert seen == [(1, 1)]
    assert crops.inputs.shape[1:] == (CHANNELS, *STORED)
    assert crops.outlines.shape == (len(crops), *STORED)
    teeth = len(case.teeth())
    assert 1.5 * teeth < len(crops) <= 2 * teeth
    # An outline fills much of its crop, and the lead that is shown says nearly the same.
    share = crops.outlines.mean(axis=(1, 2))
    assert share.min() > 0.1
    assert share.max() < 0.8
    before, _ = crop_dice(lambda inputs: np.zeros((len(inputs), 64, 32, 2), np.float32), crops)
    assert before > 0.85
    again = collect(made, [case], 2, ChangeConfig(), 0, 0.3, ignore)
    assert np.array_equal(again.inputs, crops.inputs)


def test_crops_are_read_as_they_were_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    inputs = rng.integers(-90, 90, (2, CHANNELS, *STORED), dtype=np.int8)
    crops = Crops(inputs, rng.integers(0, 2, (2, *STORED), dtype=np.uint8))
    crops.save(tmp_path / "crops.npz")
    again = Crops.load(tmp_path / "crops.npz")
    assert len(again) == 2
    assert np.array_equal(again.inputs, crops.inputs)
    assert np.array_equal(again.outlines, crops.outlines)
