"""Compares runtimes and precisions of the network: duration in turns, and accuracy.

    python benchmarks/runtimes.py [DATA] [--format coco] [--values hitl] [--rounds 20]

DATA is a folder of annotated radiographs. The 15 % that `panodent train` holds out are scored, and
32 of the others give the value ranges for int8. Without DATA, phantoms are drawn. Needs
panodent[train] for int8; measures OpenVINO where it is installed (runtimes.requirements.txt).
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
"""A framed radiograph (height, width) float32 -> planes (planes, height, width)."""


def engines(bundle: Bundle, small: Bundle) -> dict[str, Engine]:
    """The runtimes and precisions that this computer supports, by name; `small` is in int8."""
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
    """Milliseconds of each engine in each round: the fastest of three runs, engines in turns."""
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
    """(Dice, numbering accuracy) over the cases."""

    def found(case: Case) -> Teeth:
        radiograph = case.radiograph()
        planes = run(bundle.frame.forward(radiograph.pixels))
        return decode(planes, bundle.classes, radiograph.size, bundle.calibration)

    return dice_and_numbering((case.teeth(), found(case)) for case in cases)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, help="folder of annotated radiographs")
    parser.add_argument("--format", help="format of the annotations; recognised if left out")
    parser.add_argument("--values", help="meaning of pixel values in label images")
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
