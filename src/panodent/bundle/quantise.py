"""Quantises networks to 8-bit integers: half the size, faster on some processors.

Static quantisation: ranges of activations are measured on given radiographs, weights have one scale
for each output channel. The first convolution and the head stay in float32. Processors with VNNI or
similar instructions become faster; on others float32 is as fast and more exact.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from panodent.bundle.bundle import Bundle
from panodent.bundle.fast import with_networks
from panodent.bundle.session import Session
from panodent.errors import BundleError, MissingExtraError
from panodent.utils.arrays import Float32Array, FloatImage

LEAST_AGREEMENT = 0.98
"""Smallest share of tooth pixels on which both networks must predict the same tooth."""


def quantise(bundle: Bundle, pictures: Sequence[FloatImage]) -> Bundle:
    """The bundle with an 8-bit network; ranges are measured on `pictures`, (H, W) in [0, 1] each.

    Raises `BundleError` without pictures, for a quantised bundle, and when the new network agrees
    with the old one on too few pixels.
    """
    if not pictures:
        raise BundleError("quantising needs radiographs to measure ranges on; give at least one")
    if bundle.architecture.get("precision"):
        raise BundleError("the bundle is quantised already; give the one that it was made from")
    frames = [bundle.frame.forward(pixels)[None, None] for pixels in pictures]
    network, agreement = quantised(bundle.network, frames, 1 + len(bundle.classes))
    made = with_networks(bundle, {"network": network})
    note = {
        "from": bundle.digest,
        "radiographs": len(pictures),
        "agreement": round(agreement, 4),
    }
    return replace(made, provenance={**bundle.provenance, "quantised": note})


def quantised(
    network: bytes, batches: Sequence[Float32Array], planes: int, least: float = LEAST_AGREEMENT
) -> tuple[bytes, float]:
    """The 8-bit form of an ONNX network, and its `agreement` with it over the batches.

    batches : inputs of the network, on which ranges are measured.
    planes : how many of the answer's planes are logits, the first of which is "nothing".

    Raises `BundleError` where the agreement is below `least`.
    """
    made = _converted(network, batches)
    first, second = Session(network), Session(made)
    share = float(
        np.mean(
            [
                agreement(first.run(batch)[:, :planes], second.run(batch)[:, :planes])
                for batch in batches
            ]
        )
    )
    if share < least:
        raise BundleError(
            f"the eight-bit network agrees on {share:.3f} of the pixels in objects only; expected "
            f"{least}; give more radiographs, of the kind that it is to read"
        )
    return made, share


def agreement(first: Float32Array, second: Float32Array) -> float:
    """Share of the pixels that either answer assigns to an object on which both agree, 0 to 1.

    Answers are logits (batch, planes, height, width), the first plane of which is "nothing".
    """
    one, two = first.argmax(axis=1), second.argmax(axis=1)
    objects = (one > 0) | (two > 0)
    return float((one == two)[objects].mean()) if objects.any() else 1.0


def _converted(network: bytes, frames: Sequence[Float32Array]) -> bytes:
    try:
        import onnx
        import onnxruntime
        from onnxruntime import quantization as q
        from onnxruntime.quantization.shape_inference import quant_pre_process
    except ImportError:
        raise MissingExtraError("train", "quantising a network", "onnx") from None

    class Ranges(q.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left: Iterator[Float32Array] = iter(frames)

        def get_next(self) -> dict[str, Any] | None:
            frame = next(self.left, None)
            return None if frame is None else {name: frame}

    logging.getLogger().setLevel(max(logging.getLogger().level, logging.WARNING))
    with TemporaryDirectory() as folder:
        plain, ready, done = (str(Path(folder) / f"{n}.onnx") for n in ("plain", "ready", "done"))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        # Kernels are widened from half precision once, so that they can be quantised.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = plain
        session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        quant_pre_process(plain, ready, skip_symbolic_shape=True)
        convolutions = [node.name for node in onnx.load(ready).graph.node if node.op_type == "Conv"]
        q.quantize_static(
            ready,
            done,
            Ranges(),
            quant_format=q.QuantFormat.QDQ,
            activation_type=q.QuantType.QUInt8,
            weight_type=q.QuantType.QInt8,
            per_channel=True,
            calibrate_method=q.CalibrationMethod.MinMax,
            nodes_to_exclude=[convolutions[0], convolutions[-1]],
        )
        return Path(done).read_bytes()
