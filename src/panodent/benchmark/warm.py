"""Measures the stages of predicting a radiograph in a process that has predicted some before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from panodent.benchmark.timing import StageTimer
from panodent.bundle.bundle import Bundle
from panodent.inference.content_check import check_content
from panodent.inference.decode import find_teeth, outlined
from panodent.inference.predictor import Predictor
from panodent.inference.refinement import refined_leads
from panodent.inference.rescaling import Located, with_findings
from panodent.outputs.case import write_case
from panodent.radiograph.radiograph import Radiograph, read
from panodent.utils.arrays import Float32Array

FILE_TO_TEETH, FILE_TO_OUTPUTS = "file to teeth", "everything written"
_WARM_UP_ROUNDS = 2


def time_stages(predictor: Predictor, file: Path, output: Path, timer: StageTimer) -> None:
    """Predicts one radiograph by stages: read, frame, network, refiner, decode, findings, write.

    "network" and "refiner" are the two networks alone. "decode" is everything between them and the
    teeth, also what the refiner is given and what becomes of its answer. "findings" includes a
    network of its own. A bundle without refiner or findings has no such stage. `time_prediction`
    measures the whole.
    """
    bundle = predictor.bundle

    def open_radiograph() -> Radiograph:
        radiograph = read(file)
        check_content(radiograph)
        return radiograph

    radiograph = timer.time("read", open_radiograph)
    framed = timer.time("frame", lambda: bundle.frame.forward(radiograph.pixels))
    planes = timer.time("network", lambda: bundle.run(framed))
    located = _time_decoding(bundle, radiograph, planes, timer)
    teeth, findings = located.teeth, None
    if bundle.findings is not None:
        look = partial(with_findings, bundle, radiograph.pixels, located)
        teeth, findings = timer.time("findings", look)
    timer.time("write", lambda: write_case(output, radiograph, teeth, findings=findings))


def _time_decoding(
    bundle: Bundle, radiograph: Radiograph, planes: Float32Array, timer: StageTimer
) -> Located:
    """The teeth of the network's planes, with refined outlines; measures "refiner" and "decode"."""
    within = StageTimer()

    def refiner(crops: Float32Array) -> Float32Array:
        return within.time("refiner", lambda: bundle.refine(crops))

    def decoded() -> Located:
        found, none = find_teeth(planes, len(bundle.classes))
        size = radiograph.size
        refine = partial(refined_leads, refiner, radiograph.pixels, bundle.classes)
        used = refine if bundle.refiner else None
        teeth = outlined(found, none, bundle.classes, size, bundle.calibration, used)
        return Located(teeth, (0, 0, *size), 1 - none)

    located = within.time("decode", decoded)
    spent = {"refiner": 0.0, **within.latest()}
    if bundle.refiner:
        timer.add("refiner", spent["refiner"])
    timer.add("decode", spent["decode"] - spent["refiner"])
    return located


def time_prediction(predictor: Predictor, file: Path, output: Path, timer: StageTimer) -> None:
    """Predicts one radiograph twice: to its teeth, and with all outputs written."""
    timer.time(FILE_TO_TEETH, lambda: predictor.predict(file))

    def predict_and_write() -> None:
        prediction = predictor.predict(file)
        write_case(output, prediction.radiograph, prediction, findings=prediction.findings)

    timer.time(FILE_TO_OUTPUTS, predict_and_write)


def measure(
    predictor: Predictor, files: Sequence[Path], output: Path, rounds: int, timer: StageTimer
) -> None:
    """Measures every file `rounds` times, by stage and as a whole in turns, after a warm-up."""
    for number in range(-_WARM_UP_ROUNDS, rounds):
        for file in files:
            used = timer if number >= 0 else StageTimer()
            time_stages(predictor, file, output, used)
            time_prediction(predictor, file, output, used)
