"""Rates, seeds and records that all trainings share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

from panodent.errors import TrainingError
from panodent.training import fitting
from panodent.training.backend import keras


def test_the_rate_rises_and_then_falls_along_a_cosine() -> None:
    rate = fitting.cosine_rate(0.3, steps=20, warmup=10, warmup_start=0.1, final=0.2)
    # From 0.03 to 0.3 in ten steps; half way of the next ten the mean of 0.3 and 0.06.
    expected = {0: 0.03, 5: 0.165, 10: 0.3, 15: 0.18, 20: 0.06, 30: 0.06}
    for step, value in expected.items():
        assert float(rate(step)) == pytest.approx(value, rel=1e-5)


def test_the_seed_and_the_precision_hold_inside_only() -> None:
    before = keras.config.dtype_policy().name
    drawn = []
    for _ in range(2):
        with fitting.seeded(5, "mixed_bfloat16"):
            assert keras.config.dtype_policy().name == "mixed_bfloat16"
            drawn.append(np.random.default_rng(np.random.randint(1000)).random())  # noqa: NPY002
        assert keras.config.dtype_policy().name == before
    assert drawn[0] == drawn[1]


def line() -> keras.Model:
    """y = w x, with w = 0."""
    inputs = keras.Input((1,))
    outputs = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(inputs)
    return keras.Model(inputs, outputs)


def test_an_epoch_shows_every_batch_once_and_reports_it() -> None:
    model = line()
    fitting.compile_network(model, keras.optimizers.SGD(0.0), "mean_squared_error")
    made: list[int] = []
    reports: list[tuple[str, dict[str, float]]] = []

    def batch(step: int) -> tuple[np.ndarray, np.ndarray]:
        made.append(step)
        return np.ones((2, 1), np.float32), np.full((2, 1), step + 1, np.float32)

    loss = fitting.fit_epoch(model, 4, 3, batch, lambda *report: reports.append(report))
    assert loss == pytest.approx((1 + 4 + 9) / 3)  # of targets 1, 2, 3 against 0
    assert sorted(set(made)) == [0, 1, 2]
    assert [(kind, row["epoch"], row["step"], row["steps"]) for kind, row in reports] == [
        ("step", 4, 1, 3),
        ("step", 4, 2, 3),
        ("step", 4, 3, 3),
    ]


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    model = line()
    fitting.compile_network(model, keras.optimizers.SGD(0.0), "mean_squared_error")

    def batch(step: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full((2, 1), np.nan, np.float32), np.ones((2, 1), np.float32)

    with pytest.raises(TrainingError, match="loss became nan in epoch 3"):
        fitting.fit_epoch(model, 2, 1, batch, lambda *_: None)


def test_records_are_read_or_the_command_is_named(tmp_path: Path) -> None:
    file = tmp_path / "refiner.json"
    with pytest.raises(TrainingError, match=r"no training of `panodent refiner` there"):
        fitting.read_record(file, "refiner")
    file.write_text("{", encoding="utf-8")
    with pytest.raises(TrainingError, match=r"refiner\.json: not JSON"):
        fitting.read_record(file, "refiner")
    file.write_text('{"bundle": "default"}', encoding="utf-8")
    assert fitting.read_record(file, "refiner") == {"bundle": "default"}
