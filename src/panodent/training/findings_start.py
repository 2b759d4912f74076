"""The weights that a findings training begins with: those of a run, or of a bundle.

A bundle's network has its batch norms folded into the convolutions before them. They are set anew
from what the convolutions answer to training batches, so that the network's answers stay the same
and training has batch norms to go on with.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from panodent.bundle import bundle as bundles
from panodent.bundle.findings_network import FindingsNetwork
from panodent.errors import ConfigError
from panodent.training import checkpoint
from panodent.training.run_folder import STATE
from panodent.training.transfer import constants
from panodent.training.unet import NORM_EPSILON
from panodent.utils.arrays import Float32Array, Float64Array

BATCHES = 20
"""Batches that the batch norms of a bundle's network are set from."""


def check_start(start: str) -> None:
    """Raises an error unless `start` is a run, or a bundle that `begin_with` can read.

    `BundleError` if it is neither, `ConfigError` if the bundle has no findings network.
    """
    if _is_run(start):
        checkpoint.progress(Path(start) / STATE)
    else:
        _network_of(start)


def begin_with(model: Any, start: str, inputs: Iterable[Float32Array]) -> None:
    """Gives a built Keras network the weights of a run or bundle.

    inputs : batches (n, height, width, CHANNELS) that are read for a bundle only; at least one.

    Raises `TrainingError` or `ConfigError` when the start is of another network.
    """
    if _is_run(start):
        checkpoint.load(Path(start) / STATE, model, with_optimiser=False)
        return
    folded = _set_kernels(model, constants(_network_of(start).network), start)
    _set_norms(model, folded, inputs)


def _network_of(start: str) -> FindingsNetwork:
    """The findings network of a bundle; raises as `check_start` does."""
    findings = bundles.load(start).findings
    if findings is None:
        raise ConfigError(
            f"--from {start}: its bundle has no findings network; name a bundle or run of "
            "`panodent findings`"
        )
    return findings


def _is_run(start: str) -> bool:
    return (Path(start) / STATE).exists()


def _set_kernels(model: Any, stored: dict[str, Any], start: str) -> list[Any]:
    """Sets kernels, and batch norms that only add; returns the layers before batch norms."""
    folded = []
    for layer in model.layers:
        if not layer.weights or type(layer).__name__ == "BatchNormalization":
            continue
        name = layer.name
        half = stored.get(f"{name}_kernel_half")
        kernel, bias = stored.get(f"{name}_kernel") if half is None else half, f"{name}_bias"
        wanted = layer.get_weights()[0].shape
        if kernel is None or bias not in stored or kernel.transpose(2, 3, 1, 0).shape != wanted:
            raise ConfigError(
                f"--from {start}: its findings network is another one at layer {name!r}; give the "
                "--filters that it was trained with"
            )
        weights = [np.asarray(kernel, np.float32).transpose(2, 3, 1, 0)]
        shift = np.asarray(stored[bias], np.float32)
        if layer.use_bias:
            weights.append(shift)
        else:
            one = np.ones_like(shift)
            norm = [one * np.float32(np.sqrt(1 + NORM_EPSILON)), shift, 0 * one, one]
            model.get_layer(f"{name}_norm").set_weights(norm)
            folded.append(layer)
        layer.set_weights(weights)
    return folded


def _set_norms(model: Any, layers: list[Any], inputs: Iterable[Float32Array]) -> None:
    """Gives the batch norms after these layers the means and variances of what they answer."""
    from panodent.training.backend import keras

    answers = keras.Model(model.inputs[0], [layer.output for layer in layers])
    count = 0
    sums: list[Float64Array] = [np.zeros((2, layer.filters)) for layer in layers]
    for batch in inputs:
        count += 1
        for total, answer in zip(sums, answers.predict_on_batch(batch), strict=True):
            pixels = np.asarray(answer, np.float64).reshape(-1, answer.shape[-1])
            total += pixels.mean(axis=0), (pixels**2).mean(axis=0)
    for layer, total in zip(layers, sums, strict=True):
        mean, square = total / count
        variance = np.maximum(square - mean**2, 0)
        norm = model.get_layer(f"{layer.name}_norm")
        shift = norm.get_weights()[1]
        norm.set_weights([np.sqrt(variance + NORM_EPSILON), shift + mean, mean, variance])
