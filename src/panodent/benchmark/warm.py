"""Measures the stages of predicting a radiograph in a process that has predicted some before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from panodent.benchmark.timing import StageTimer
from panodent.bundle.bundle import Bundle
from panodent.bundle.findings_network import FindingsNetwork
from panodent.inference.content_check import check_content
from panodent.inference.decode import decode
from panodent.inference.findings import find
from panodent.inference.predictor import Predictor
from panodent.inference.rescaling import refine_with
from panodent.inference.softmax import softmax
from panodent.outputs.case import write_case
from panodent.radiograph.radiograph import Radiograph, read
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import Float32Array

FILE_TO_TEETH, FILE_TO_OUTPUTS = "file to teeth", "everything written"
_WARM_UP_ROUNDS = 2


def time_stages(predictor: Predictor, file: Path, output: Path, timer: StageTimer) -> None:
    """Predicts one radiograph stage by stage: read, frame, network, decode, findings, write.

    "decode" includes the refinement of outlines, "findings" a network of its own; a bundle without
    it has no such stage. `time_prediction` measures the whole.
    """
    bundle = predictor.bundle

    def open_radiograph() -> Radiograph:
        radiograph = read(file)
        check_content(radiograph)
        return radiograph

    radiograph = timer.time("read", open_radiograph)
    framed = timer.time("frame", lambda: bundle.frame.forward(radiograph.pixels))
    planes = timer.time("network", lambda: bundle.run(framed))
    refine = refine_with(bundle, radiograph.pixels)
    teeth = timer.time(
        "decode",
        lambda: decode(planes, bundle.classes, radiograph.size, bundle.calibration, refine),
    )
    findings = None
    if bundle.findings is not None:
        look = partial(_findings, bundle, bundle.findings, radiograph, planes, teeth)
        teeth, findings = timer.time("findings", look)
    timer.time("write", lambda: write_case(output, radiograph, teeth, findings=findings))


def _findings(
    bundle: Bundle,
    network: FindingsNetwork,
    radiograph: Radiograph,
    planes: Float32Array,
    teeth: Teeth,
) -> tuple[Teeth, Findings]:
    """The findings, and the teeth without those that are implants or pontics."""
    tooth = 1 - softmax(planes[: 1 + len(bundle.classes)])[0]
    replaced, findings = find(network, radiograph.pixels, tooth, teeth, bundle.sizes)
    return teeth.select(np.setdiff1d(np.arange(len(teeth)), replaced)), findings


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
