"""A refiner is trained on crops, can be resumed, and ends in a bundle."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent import phantom
from panodent.bundle import bundle
from panodent.errors import ConfigError, TrainingError
from panodent.inference.refinement import CHANNELS, CROP
from panodent.training import refiner
from panodent.training.refiner_batches import batch, crop_dice
from panodent.training.refiner_config import ChangeConfig, RefinerConfig
from panodent.training.refiner_crops import STORED, Crops, collect
from panodent.training.refiner_run import prepare, reopen
from panodent.training.run_data import DataSource

SMALL = RefinerConfig(filters=(4, 8), epochs=2, batch_size=8, variants=1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    phantom.write(folder, count=2, seed=31, size=(256, 512))
    return folder


def ignore(*_: object) -> None: ...


def test_crops_are_of_teeth_that_are_annotated(data: Path) -> None:
    case = DataSource(data).find().cases[0]
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


def test_batches_are_changed_at_random_but_reproducible() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.integers(-90, 90, (3, CHANNELS, *STORED), dtype=np.int8)
    outlines = np.zeros((3, *STORED), np.uint8)
    outlines[:, 40:120, 20:60] = 1
    crops = Crops(inputs, outlines)
    plain, shapes = batch(crops, np.arange(3))
    assert plain.shape == (3, *CROP, CHANNELS)
    border = (STORED[0] - CROP[0]) // 2, (STORED[1] - CROP[1]) // 2
    middle = inputs[:, :, border[0] : border[0] + CROP[0], border[1] : border[1] + CROP[1]]
    np.testing.assert_allclose(plain, np.moveaxis(middle, 1, -1) / 32, atol=1e-6)
    assert np.array_equal(shapes, outlines[:, border[0] : -border[0], border[1] : -border[1]])
    once, _ = batch(crops, np.arange(3), SMALL, np.random.default_rng(5))
    twice, _ = batch(crops, np.arange(3), SMALL, np.random.default_rng(5))
    other, _ = batch(crops, np.arange(3), SMALL, np.random.default_rng(6))
    assert np.array_equal(once, twice)
    assert not np.allclose(once, other)


def test_a_run_is_trained_resumed_and_becomes_a_bundle(
    data: Path, untraced, tmp_path: Path
) -> None:
    sources = [DataSource(data)]
    whole = prepare(tmp_path / "whole", sources, "default", SMALL, ignore, validation=0.5)
    assert (len(whole.training), len(whole.validation)) == (1, 1)
    made, rows = refiner.train(whole)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["loss"] < rows[0]["loss"]
    again = bundle.load(tmp_path / "whole")
    assert again.refiner == made.refiner
    assert again.network == bundle.load().network
    assert again.digest == made.digest != bundle.load().without_refiner().digest
    note = again.provenance["refiner"]
    assert (note["training_cases"], note["validation_cases"]) == (1, 1)
    scores = json.loads((tmp_path / "whole" / "scores.json").read_text())
    assert scores["without"]["numbering"][0] > 0.9
    assert set(scores) == {"with", "without"}

    # A bundle that has a refiner gets a new one; the old one does not matter.
    replaced = prepare(tmp_path / "new", sources, str(tmp_path / "whole"), SMALL, ignore)
    assert replaced.bundle.digest == whole.bundle.digest

    # Interrupted after the first epoch and continued, it is the same.
    half = prepare(tmp_path / "half", sources, "default", SMALL, ignore, validation=0.5)

    def stop(kind: str, row: dict[str, float]) -> None:
        if kind == "epoch" and row["epoch"] == 1:
            raise KeyboardInterrupt

    with untraced():
        with pytest.raises(KeyboardInterrupt):
            refiner.train(replace(half, report=stop))
        continued, rows_again = refiner.train(reopen(tmp_path / "half", ignore))
    assert [row["loss"] for row in rows_again] == pytest.approx([row["loss"] for row in rows])
    assert len(continued.refiner) == len(made.refiner)


def test_faults(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no training of `panodent refiner`"):
        reopen(tmp_path / "none", ignore)
    run = prepare(tmp_path / "run", [DataSource(data)], "default", SMALL, ignore)
    with pytest.raises(TrainingError, match="already holds"):
        prepare(tmp_path / "run", [DataSource(data)], "default", SMALL, ignore)
    with pytest.raises(TrainingError, match="at least one batch of 4000"):
        refiner.train(replace(run, config=replace(SMALL, batch_size=4000)))
    with pytest.raises(ConfigError, match="epochs is 0"):
        RefinerConfig(epochs=0)
    record = json.loads((tmp_path / "run" / "refiner.json").read_text())
    record["bundle_sha256"] = "0"
    (tmp_path / "run" / "refiner.json").write_text(json.dumps(record))
    with pytest.raises(TrainingError, match="has changed"):
        reopen(tmp_path / "run", ignore)
