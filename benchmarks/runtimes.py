"""The network in several runtimes and precisions: time in turns, and accuracy on held-out cases.

    python benchmarks/runtimes.py [DATA] [--format coco] [--values hitl] [--rounds 20]

DATA is annotated; of its radiographs 15 % are scored (the split of `panodent train`), and 32 of the
others give int8 its ranges. Left out, phantoms are drawn. Needs panodent[train] for int8; OpenVINO
is measured where it is installed (runtimes.requirements.txt).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import radiographs
from scoring import dice_and_numbering

from panodent.bundle.bundle import Bundle, load
from panodent.bundle.quantise import quantise
from panodent.datasets.dataset import Case
from panodent.inference.decode import decode
from panodent.teeth.teeth import Teeth

CALIBRATION = 32
Engine = Callable[[np.ndarray], np.ndarray]
"""A framed radiograph (height, width) -> planes (p, h, w)."""


def engines(bundle: Bundle, small: Bundle) -> dict[str, Engine]:
    """Every runtime and precision that there is here."""
    found: dict[str, Engine] = {
        "ONNX Runtime, float32": bundle.run,
        "ONNX Runtime, int8": small.run,
    }
    try:
        import openvino
    except ImportError:
        return found
    core = openvino.Core()
    able = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    kinds = [("float32", bundle, "f32"), ("int8", small, "f32")]
    if "BF16" in able:
        kinds.insert(1, ("bfloat16", bundle, "bf16"))
    for name, source, hint in kinds:
        found[f"OpenVINO, {name}"] = _openvino(core, source, hint)
    return found


def _openvino(core, bundle: Bundle, hint: str) -> Engine:
    model = core.read_model(model=bundle.network)
    model.reshape([1, 1, *bundle.frame.size])
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": hint}
    request = core.compile_model(model, "CPU", settings).create_infer_request()

    def run(framed: np.ndarray) -> np.ndarray:
        return next(iter(request.infer([framed[None, None]]).values()))[0]

    return run


def timed(found: dict[str, Engine], framed: np.ndarray, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each, taking turns; the best of three a turn."""
    times: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, run in found.items():
            tries = []
            for _ in range(3):
                start = time.perf_counter()
                run(framed)
                tries.append(1000 * (time.perf_counter() - start))
            times[name].append(min(tries))
    return times


def scored(run: Engine, bundle: Bundle, cases: Sequence[Case]) -> tuple[float, float]:
    """Dice and numbering over the cases."""

    def found(case: Case) -> Teeth:
        radiograph = case.radiograph()
        planes = run(bundle.frame.forward(radiograph.pixels))
        return decode(planes, bundle.classes, radiograph.size, bundle.calibration)

    return dice_and_numbering((case.teeth(), found(case)) for case in cases)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, help="annotated radiographs")
    parser.add_argument("--format", help="their format; recognised if left out")
    parser.add_argument("--values", help="what label images mean")
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    folders = [given.data] if given.data else []
    for _, training, held_out in radiographs.split(folders, given.values, given.format):
        step = max(len(training) // CALIBRATION, 1)
        bundle = load(given.bundle)
        chosen = training[::step][:CALIBRATION]
        small = quantise(bundle, [case.radiograph().pixels for case in chosen])
        found = engines(bundle, small)
        framed = bundle.frame.forward(held_out[0].radiograph().pixels)
        times = timed(found, framed, given.rounds)
        plain = times["ONNX Runtime, float32"]
        print(f"{len(held_out)} cases scored, {len(chosen)} for the ranges of int8")
        for name, run in found.items():
            share = statistics.median(a / b for a, b in zip(times[name], plain, strict=True))
            dice, numbering = scored(run, bundle, held_out)
            print(
                f"{name:<24} {statistics.median(times[name]):6.1f} ms, {share:.2f} of float32, "
                f"dice {dice:.4f}, numbering {numbering:.4f}"
            )


if __name__ == "__main__":
    main()
