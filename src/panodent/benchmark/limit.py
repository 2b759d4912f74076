"""Measures how close the network comes to the processor's speed limit.

The limit is the time that the network's multiply-adds would take at the rate of a plain float32
matrix product (NumPy's BLAS) on the same cores in the same run.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnxruntime

from panodent.benchmark.timing import Spread, paired_ratio
from panodent.bundle.bundle import Bundle
from panodent.utils.arrays import Float32Array

_MATRIX_SIDE = 2048
_PRODUCTS = 4
_NETWORK_RUNS = 8
_PAUSE_SECONDS = 0.2
"""After a matrix product: its threads spin for a while before they free their cores."""


@dataclass(frozen=True)
class Limit:
    """The network compared with a plain float32 matrix product.

    multiply_adds : multiply-add operations of the network for one radiograph.
    gflops : GFLOP/s (10^9 operations a second, 2 a multiply-add) of the matrix product, the
        fastest of all rounds.
    milliseconds : duration of the network's multiply-adds at that rate.
    network : duration of the network, the fastest run of each round.
    ratio : duration of the network divided by the limit of the same round.
    """

    multiply_adds: int
    gflops: float
    milliseconds: float
    network: Spread
    ratio: Spread


def measure(bundle: Bundle, rounds: int) -> Limit:
    """Runs matrix product and network in turns, `rounds` times, both on all cores."""
    bundle = replace(bundle, threads=0)
    operations = 2 * multiply_adds(bundle)
    framed = np.zeros(bundle.frame.size, np.float32)
    bundle.run(framed)
    rates, network, limits = [], [], []
    for _ in range(rounds):
        rates.append(_matrix_product_gflops(_MATRIX_SIDE))
        time.sleep(_PAUSE_SECONDS)
        network.append(min(_milliseconds(bundle, framed) for _ in range(_NETWORK_RUNS)))
        limits.append(operations / rates[-1] / 1e6)
    fastest = max(rates)
    return Limit(
        multiply_adds=operations // 2,
        gflops=round(fastest, 1),
        milliseconds=round(operations / fastest / 1e6, 2),
        network=Spread.of(network),
        ratio=paired_ratio(network, limits),
    )


def _matrix_product_gflops(side: int) -> float:
    """GFLOP/s of a product of two (side, side) float32 matrices, the fastest of some."""
    left, right = (np.full((side, side), 0.5, np.float32) for _ in range(2))
    result = np.empty_like(left)
    fastest = math.inf
    for _ in range(_PRODUCTS):
        start = time.perf_counter()
        np.matmul(left, right, out=result)
        fastest = min(fastest, time.perf_counter() - start)
    return 2 * side**3 / fastest / 1e9


def _milliseconds(bundle: Bundle, framed: Float32Array) -> float:
    start = time.perf_counter()
    bundle.run(framed)
    return 1000 * (time.perf_counter() - start)


def multiply_adds(bundle: Bundle) -> int:
    """Multiply-adds of the network's convolutions and matrix products for one radiograph.

    Counted from the tensor shapes that ONNX Runtime reports when it runs the graph without
    optimising it.
    """
    with TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(
            bundle.network, options, providers=["CPUExecutionProvider"]
        )
        framed = np.zeros((1, 1, *bundle.frame.size), np.float32)
        session.run(None, {session.get_inputs()[0].name: framed})
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return sum(
        _node_multiply_adds(event["args"])
        for event in events
        if event["name"].endswith("_kernel_time")
    )


def _node_multiply_adds(node: dict[str, Any]) -> int:
    """Of one node, from its profiling record; 0 for other operators."""
    kind = node["op_name"]
    if kind not in ("Conv", "ConvTranspose", "MatMul", "Gemm"):
        return 0
    inputs = [next(iter(tensor.values())) for tensor in node["input_type_shape"]]
    output = next(iter(node["output_type_shape"][0].values()))
    if kind == "Conv":
        return math.prod(output) * math.prod(inputs[1][1:])
    if kind == "ConvTranspose":
        return math.prod(inputs[0]) * math.prod(inputs[1][1:])
    return math.prod(output) * int(inputs[0][-1])
