"""What all trainings share: the optimiser, one epoch, and the record of a run's folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from panodent.bundle.bundle import Bundle
from panodent.errors import TrainingError
from panodent.training.precision import layer_precision

Report = Callable[[str, dict[str, Any]], None]
"""Called as `report(event, facts)` with progress and warnings."""

WARMUP_START, FINAL_RATE = 1 / 30, 0.01
"""Shares of the highest learning rate at the start of the warm-up and at the end."""
MAX_WARMUP = 100
"""Most steps of a warm-up that no setting fixes; it is half an epoch if that is shorter."""
CLIP_NORM = 5.0


@contextmanager
def seeded(seed: int, precision: str) -> Iterator[None]:
    """Fixes the random seed, and sets the precision of networks built inside; see `PRECISIONS`.

    Networks built later, to export, have the precision from before.
    """
    from panodent.training.backend import keras

    keras.utils.set_random_seed(seed)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(layer_precision(precision))
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def cosine_rate(
    highest: float,
    steps: int,
    warmup: int,
    warmup_start: float = WARMUP_START,
    final: float = FINAL_RATE,
) -> Any:
    """A learning rate that rises for `warmup` of all `steps`, then falls along a cosine.

    `warmup_start` and `final` are shares of the highest rate.
    """
    from panodent.training.backend import keras

    return keras.optimizers.schedules.CosineDecay(
        highest * warmup_start,
        max(steps - warmup, 1),
        alpha=final,
        warmup_target=highest,
        warmup_steps=warmup,
    )


def adamw(rate: Any, weight_decay: float, clip_norm: float = CLIP_NORM) -> Any:
    """AdamW that does not shrink biases and norms; `rate` is a number or a schedule."""
    from panodent.training.backend import keras

    optimiser = keras.optimizers.AdamW(rate, weight_decay=weight_decay, clipnorm=clip_norm)
    optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimiser


def compile_network(model: Any, optimiser: Any, loss: Any) -> None:
    """Compiles a model as the backend is fastest."""
    from panodent.training.backend import keras

    # XLA on the CPU is slower than TensorFlow's own kernels; JAX always compiles.
    jit = keras.backend.backend() != "tensorflow"
    model.compile(optimizer=optimiser, loss=loss, jit_compile=jit)


def compile_with_cosine(
    model: Any, loss: Any, learning_rate: float, weight_decay: float, epochs: int, steps: int
) -> None:
    """Compiles with AdamW, a warm-up of at most `MAX_WARMUP` steps and a cosine.

    `steps` is the number of steps of one epoch.
    """
    warmup = max(min(steps // 2, MAX_WARMUP), 1)
    rate = cosine_rate(learning_rate, epochs * steps, warmup)
    compile_network(model, adamw(rate, weight_decay), loss)


def fit_epoch(
    model: Any, epoch: int, steps: int, batch: Callable[[int], tuple[Any, Any]], report: Report
) -> float:
    """Trains one epoch (from 0); `batch(step)` makes each batch. Returns the loss.

    `report("step", row)` is called after each step. Raises `TrainingError` when the loss diverges.
    """
    from panodent.training.backend import keras

    class Epoch(keras.utils.PyDataset):
        def __len__(self) -> int:
            return steps

        def __getitem__(self, step: int) -> tuple[Any, Any]:
            return batch(step)

    def on_step(step: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {}).get("loss", np.nan))
        report("step", {"epoch": epoch, "step": step + 1, "steps": steps, "loss": loss})

    shown = keras.callbacks.LambdaCallback(on_train_batch_end=on_step)
    result = model.fit(
        Epoch(workers=1, max_queue_size=4), epochs=1, shuffle=False, verbose=0, callbacks=[shown]
    )
    loss = float(result.history["loss"][-1])
    if not np.isfinite(loss):
        raise TrainingError(
            f"loss became {loss} in epoch {epoch + 1}; start again with a lower --learning-rate"
        )
    return loss


def check_unchanged(bundle: Bundle, record: Mapping[str, Any]) -> None:
    """Raises `TrainingError` if the bundle of a run is not the one that it began with."""
    if bundle.digest != record["bundle_sha256"]:
        raise TrainingError(
            f"{record['bundle']}: its network has changed since this run began; start a new run"
        )


def read_record(file: Path, command: str) -> Mapping[str, Any]:
    """The record of a run, as `panodent COMMAND` wrote it to its folder.

    Raises `TrainingError` when there is none or it is damaged.
    """
    try:
        record: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(
            f"{file.parent}: no training of `panodent {command}` there ({error.strerror}); "
            f"expected {file.name}"
        ) from None
    except ValueError as error:
        raise TrainingError(f"{file}: not JSON ({error})") from None
    return record
