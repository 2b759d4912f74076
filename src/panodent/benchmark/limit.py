"""How far the network is from what this processor can do at all.

The limit is the time that its multiply-adds would take at the rate of a plain float32 matrix
product (NumPy's BLAS) on the same cores in the same run.
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

from panodent.benchmark.timing import Spread, ratio
from panodent.bundle.bundle import Bundle

_SIDE = 2048
_TRIES = 8
_SETTLE = 0.2
"""Seconds until the threads of a matrix product have gone to sleep and free their cores."""


@dataclass(frozen=True)
class Limit:
    """The network beside a plain matrix product."""

    multiply_adds: int
    gflops: float
    """Of the matrix product, the best of all rounds."""
    milliseconds: float
    """What the network's multiply-adds take at that rate."""
    network: Spread
    times: Spread
    """How many times the limit the network takes, each round beside its own matrix product."""


def measure(bundle: Bundle, rounds: int) -> Limit:
    """Network and matrix product in turns, both on all cores."""
    bundle = replace(bundle, threads=0)
    work = multiply_adds(bundle)
    framed = np.zeros(bundle.frame.size, np.float32)
    bundle.run(framed)
    rates, network, limits = [], [], []
    for _ in range(rounds):
        rates.append(_rate(_SIDE))
        time.sleep(_SETTLE)
        network.append(min(_milliseconds(bundle, framed) for _ in range(_TRIES)))
        limits.append(2 * work / rates[-1] / 1e6)
    best = max(rates)
    return Limit(
        work,
        round(best, 1),
        round(2 * work / best / 1e6, 2),
        Spread.of(network),
        ratio(network, limits),
    )


def _rate(side: int) -> float:
    """GFLOP/s of the best of some matrix products."""
    left, right = (np.full((side, side), 0.5, np.float32) for _ in range(2))
    result = np.empty_like(left)
    best = math.inf
    for _ in range(_TRIES // 2):
        start = time.perf_counter()
        np.matmul(left, right, out=result)
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 / best / 1e9


def _milliseconds(bundle: Bundle, framed: Any) -> float:
    start = time.perf_counter()
    bundle.run(framed)
    return 1000 * (time.perf_counter() - start)


def multiply_adds(bundle: Bundle) -> int:
    """Multiply-adds of the network's convolutions and matrix products for one radiograph.

    Counted from the shapes that the runtime sees when it runs the graph as it was written.
    """
    import onnxruntime

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
        _of_node(event["args"]) for event in events if event["name"].endswith("_kernel_time")
    )


def _of_node(node: dict[str, Any]) -> int:
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
