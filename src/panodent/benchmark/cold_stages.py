"""One radiograph in a fresh process, stage by stage: `python -m panodent.benchmark.cold_stages`.

Arguments: radiograph, output folder, bundle, and the seconds (`time.time`) at which the process
was started. Prints milliseconds by stage as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path


def main(file: str, output: str, bundle_name: str, launched: str) -> None:
    """Does what `panodent predict` does, and says how long each stage took."""
    # All that the command imports, so that no stage after this one imports anything.
    import onnxruntime  # noqa: F401

    import_module("panodent.cli")  # the command itself is above this package
    from panodent.benchmark.timing import Clock
    from panodent.benchmark.warm import stages
    from panodent.bundle.bundle import load
    from panodent.inference.folder import Options, import_ahead
    from panodent.inference.predictor import Predictor

    import_ahead(Options())
    clock = Clock()
    clock.add("start", 1000 * (time.time() - float(launched)))

    def opened() -> Predictor:
        bundle = load(bundle_name)
        bundle.open()
        return Predictor(bundle)

    predictor = clock.time("load", opened)
    stages(predictor, Path(file), Path(output), clock)
    print(json.dumps({stage: values[0] for stage, values in clock.times.items()}))


if __name__ == "__main__":
    main(*sys.argv[1:5])
