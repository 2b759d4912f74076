"""The end of a run: which epoch is chosen, and what the bundle says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent import phantom
from panodent.bundle import bundle
from panodent.bundle.seen import Seen
from panodent.datasets.radiograph_digest import digest
from panodent.errors import BundleError, TrainingError
from panodent.training import checkpoint, onnx_export, transfer
from panodent.training.finalise import finalise
from panodent.training.loop import compile_model
from panodent.training.recipes import recipe
from panodent.training.run import Run, prepare
from panodent.training.run_data import DataSource
from panodent.training.train_config import Stage

ALL = bundle.load().classes


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "data"
    phantom.write(folder, count=3, seed=20, size=(256, 512))
    return folder


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Run:
    config = replace(recipe("default"), classes=ALL, validation=0.3, stages=(Stage(2, 256, 512),))
    return prepare(tmp_path / "run", [DataSource(data)], config, lambda *_: None)


def row(epoch: int, dice: float) -> dict[str, float]:
    return {"epoch": epoch, "height": 256, "width": 512, "loss": 1.0, "val_dice": dice}


def save_epochs(run: Run, start: str | Path = "default") -> None:
    """Epoch 1 is the network of a bundle; epoch 2 finds nothing, but its quick Dice claims more."""
    model, _ = transfer.trained(start)
    compile_model(model, run.config, 1)
    rows = [row(1, 0.8), row(2, 0.9)]
    (run.folder / "epochs").mkdir()
    for epoch in (1, 2):
        if epoch == 2:
            head = model.get_layer("head")
            head.set_weights([np.zeros_like(weights) for weights in head.get_weights()])
        progress = {"history": rows, "best": 1}
        file = run.folder / "epochs" / f"{epoch:03d}.npz"
        checkpoint.save(file, model, progress, with_optimiser=False)
    checkpoint.save(run.best, model, progress, with_optimiser=False)
    checkpoint.save(run.last, model, progress)


def test_without_a_finished_epoch_there_is_nothing_to_export(run: Run) -> None:
    with pytest.raises(TrainingError, match="no epoch is finished"):
        finalise(run)


def test_the_epoch_whose_decoded_teeth_are_best_is_chosen(run: Run) -> None:
    save_epochs(run)
    made, evaluations = finalise(run)
    assert made.provenance["epoch"] == 1
    assert made.provenance["validation_dice_at_frame"] == 0.8
    assert made.provenance["validation_dice_decoded"] > 0.6
    assert made.provenance["export"]["radiographs_compared"] == 3
    assert checkpoint.progress(run.best)["best"] == 0
    assert bundle.load(run.folder).digest == made.digest
    assert set(evaluations) == set(made.scores) == {"1-data"}
    assert json.loads((run.folder / "scores.json").read_text()).keys() == {"1-data"}
    assert len(list((run.folder / "panels" / "1-data").iterdir())) == len(run.validation)


def test_held_out_radiographs_that_the_start_has_seen_are_marked(
    run: Run, tmp_path: Path, small_network: Path
) -> None:
    save_epochs(run, small_network)
    held = digest(run.validation[0].radiograph())
    start = replace(bundle.load(small_network), seen=Seen((held,), complete=True))
    bundle.save(start, tmp_path / "start")
    said: list[str] = []
    started = replace(
        run,
        start=str(tmp_path / "start"),
        config=replace(run.config, candidate_epochs=1),
        report=lambda event, row: said.append(row["text"]) if event == "warning" else None,
    )
    made, evaluations = finalise(started)
    (text,) = said
    assert text.startswith("1 of 1 scored radiograph was in the training of ")
    assert evaluations["1-data"].notes == (text,)
    assert len(made.seen.digests) == 3
    assert made.seen.complete


def test_with_one_candidate_the_quick_dice_decides(run: Run, small_network: Path) -> None:
    save_epochs(run, small_network)
    single = replace(run, config=replace(run.config, candidate_epochs=1))
    assert finalise(single)[0].provenance["epoch"] == 2


def test_an_export_that_differs_from_keras_is_not_written(
    run: Run, monkeypatch: pytest.MonkeyPatch, small_network: Path
) -> None:
    save_epochs(run, small_network)
    monkeypatch.setattr(onnx_export, "TOLERANCE", -1.0)
    with pytest.raises(BundleError, match="differs from Keras by"):
        finalise(replace(run, config=replace(run.config, candidate_epochs=1)))
    assert not (run.folder / "bundle").exists()
