"""The stages of one radiograph in a process that has done some before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from panodent.benchmark.timing import Clock
from panodent.inference.content_check import check_content
from panodent.inference.decode import decode
from panodent.inference.predictor import Predictor
from panodent.outputs.case import write_case
from panodent.radiograph.radiograph import Radiograph, read

STAGES = ("read", "frame", "network", "decode", "write")
TEETH, ALL = "file to teeth", "everything written"
_WARM_UP = 2


def stages(predictor: Predictor, file: Path, output: Path, clock: Clock) -> None:
    """Takes down each stage of one radiograph; what they are together is measured in `whole`."""
    bundle = predictor.bundle

    def opened() -> Radiograph:
        radiograph = read(file)
        check_content(radiograph)
        return radiograph

    radiograph = clock.time("read", opened)
    framed = clock.time("frame", lambda: bundle.frame.forward(radiograph.pixels))
    planes = clock.time("network", lambda: bundle.run(framed))
    teeth = clock.time(
        "decode", lambda: decode(planes, bundle.classes, radiograph.size, bundle.calibration)
    )
    clock.time("write", lambda: write_case(output, radiograph, teeth))


def whole(predictor: Predictor, file: Path, output: Path, clock: Clock) -> None:
    """Takes down what a user's call takes, to the teeth and with everything written."""
    clock.time(TEETH, lambda: predictor.predict(file))

    def written() -> None:
        found = predictor.predict(file)
        write_case(output, found.radiograph, found)

    clock.time(ALL, written)


def measure(
    predictor: Predictor, files: Sequence[Path], output: Path, rounds: int, clock: Clock
) -> None:
    """`rounds` times every file, stage by stage and as a whole in turns."""
    for number in range(-_WARM_UP, rounds):
        for file in files:
            taken = clock if number >= 0 else Clock()
            stages(predictor, file, output, taken)
            whole(predictor, file, output, taken)
