"""Measures the stages of one radiograph in a new process, and prints them as JSON.

    python -m panodent.benchmark.cold_stages RADIOGRAPH OUTPUT BUNDLE STARTED [MODULE]

STARTED is the time (`time.time()`, seconds) at which the process was started. MODULE is imported
before the first stage: the program that is measured, whose import is part of the stage "start".
Prints milliseconds by stage: start, load, then those of `panodent.benchmark.warm.time_stages`.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path

import onnxruntime  # noqa: F401 - otherwise the stage "load" would import it

from panodent.benchmark.timing import StageTimer
from panodent.benchmark.warm import time_stages
from panodent.bundle.bundle import load
from panodent.inference.folder import import_ahead
from panodent.inference.one_input import Options
from panodent.inference.predictor import Predictor


def main(file: str, output: str, bundle_name: str, started: str, module: str = "") -> None:
    """Predicts the radiograph as `panodent predict` does."""
    if module:
        import_module(module)
    import_ahead(Options())
    timer = StageTimer()
    timer.add("start", 1000 * (time.time() - float(started)))

    def load_predictor() -> Predictor:
        bundle = load(bundle_name)
        bundle.open()
        return Predictor(bundle)

    predictor = timer.time("load", load_predictor)
    time_stages(predictor, Path(file), Path(output), timer)
    print(json.dumps(timer.latest()))


if __name__ == "__main__":
    main(*sys.argv[1:])
