"""The state of a run on disk: whole, without pickle, and of this very network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

import keras

from panodent.errors import TrainingError
from panodent.training import checkpoint
from panodent.training.unet import UNetConfig, build


def network(filters: tuple[int, ...] = (4, 8)) -> object:
    model = build(UNetConfig(filters=filters, classes=3))
    model.compile(optimizer=keras.optimizers.AdamW(1e-2), loss="mse")
    return model


def step(model) -> float:
    rng = np.random.default_rng(0)
    images, target = rng.normal(size=(2, 16, 16, 1)), rng.normal(size=(2, 8, 8, 3))
    return float(model.train_on_batch(images.astype("f4"), target.astype("f4")))


def test_going_on_is_as_if_it_never_stopped(untraced, tmp_path: Path) -> None:
    model = network()
    with untraced():
        step(model)
    checkpoint.save(tmp_path / "a.npz", model, {"best": 3})
    with untraced():
        expected = [step(model) for _ in range(3)]
    again = network()
    assert checkpoint.load(tmp_path / "a.npz", again) == {"best": 3}
    with untraced():
        assert [step(again) for _ in range(3)] == pytest.approx(expected, rel=1e-4)
    assert int(again.optimizer.iterations) == 4
    assert [file.name for file in tmp_path.iterdir()] == ["a.npz"]


def test_nothing_is_pickled(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.npz", network(), {})
    with np.load(tmp_path / "a.npz", allow_pickle=False) as data:
        assert all(data[name].dtype != object for name in data.files)


def test_damage_and_strangers_are_told(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    model = network()
    with pytest.raises(TrainingError, match="cannot be read"):
        checkpoint.load(file, model)
    checkpoint.save(file, model, {}, with_optimiser=False)
    with pytest.raises(TrainingError, match="no state of this optimiser"):
        checkpoint.load(file, model)
    with pytest.raises(TrainingError, match="another network"):
        checkpoint.load(file, network((4, 16)), with_optimiser=False)
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(TrainingError, match="cannot be read"):
        checkpoint.load(file, model, with_optimiser=False)
    np.savez(file, x=np.zeros(3))
    with pytest.raises(TrainingError, match="lacks 'progress"):
        checkpoint.load(file, model, with_optimiser=False)
