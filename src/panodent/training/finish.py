"""The end of training: a run's best network, or the mean of several, as a bundle.

Checked against Keras, calibrated, scored and shown on the radiographs that the run held out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np

from panodent.bundle import bundle, calibration
from panodent.bundle.bundle import Bundle
from panodent.bundle.calibration import Calibration
from panodent.bundle.frame import Frame
from panodent.drawing.overlay import to_png_bytes
from panodent.drawing.panel import panel
from panodent.errors import BundleError, TrainingError
from panodent.evaluation.evaluate import CaseScores, Evaluation, summarise
from panodent.inference.rescaling import usual_sizes
from panodent.training import checkpoint, onnx_export, transfer
from panodent.training.held_out import folder_name, held_out
from panodent.training.run import Row, Run
from panodent.training.unet import UNetConfig, build, named
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__

CHECKED, SHOWN = 4, 8
"""How many validation radiographs the export is checked on, and how many panels are drawn."""
CONTENDERS = 5
"""How many epochs, the best by quick Dice, are scored as users will see them to choose one."""


def finish(run: Run) -> tuple[Bundle, dict[str, Evaluation]]:
    """Writes RUN/bundle, RUN/panels and RUN/scores.json from the best epoch so far.

    The best is the one of `CONTENDERS` whose decoded teeth have the highest Dice over all held-out
    radiographs; RUN/best.npz becomes it. Returns the bundle and, for each data folder with
    held-out radiographs, its scores. The exported network must agree with Keras on radiographs of
    the run, else `BundleError`. Raises `TrainingError` when no epoch is finished.
    """
    if not run.best.exists():
        raise TrainingError(f"{run.folder}: no epoch is finished, so there is nothing to export")
    settings = named(run.config.network, classes=len(run.config.classes) + 1)
    model = build(settings)
    plain = partial(exported, run, model, settings)
    row = _best(run, model, plain)
    origin = {
        "epoch": int(row["epoch"]),
        "validation_dice_at_frame": round(float(row["val_dice"]), 4),
        "validation_dice_decoded": round(float(row["decoded_dice"]), 4)
        if "decoded_dice" in row
        else None,
    }
    return completed(run, plain(row), model, origin)


def completed(
    run: Run, made: Bundle, model: Any, origin: Mapping[str, Any]
) -> tuple[Bundle, dict[str, Evaluation]]:
    """The bundle of an exported network with all that belongs to it; written with its scores."""
    largest = _checked(run, made.network, model, made.frame)
    made = replace(
        made,
        sizes=usual_sizes(case.teeth() for case in run.training),
        provenance=_provenance(run, origin, largest),
        norms=transfer.norms(model),
    )
    made = replace(made, calibration=_calibration(run, made))
    evaluations = {name: summarise(cases) for name, cases in _score(run, made).items()}
    made = replace(made, scores={name: e.headline() for name, e in evaluations.items()})
    scores = {name: evaluation.to_dict() for name, evaluation in evaluations.items()}
    write_whole(run.folder / "scores.json", json.dumps(scores, indent=1, allow_nan=False) + "\n")
    bundle.save(made, run.folder / "bundle")
    return made, evaluations


def _best(run: Run, model: Any, exported: Callable[[Row], Bundle]) -> Row:
    """Puts the weights of the best epoch into `model`; returns its row of the history."""
    progress = checkpoint.load(run.best, model, with_optimiser=False)
    rows: list[Row] = checkpoint.progress(run.last)["history"]
    best = rows[progress["best"]]
    saved = {
        int(row["epoch"]): file
        for row in rows
        if (row["height"], row["width"]) == (best["height"], best["width"])
        and (file := run.folder / "epochs" / f"{int(row['epoch']):03d}.npz").exists()
    }
    contenders = sorted(saved, key=lambda epoch: -rows[epoch - 1]["val_dice"])[:CONTENDERS]
    if not run.validation or len(contenders) < 2:
        return best
    dice = {}
    for epoch in contenders:
        checkpoint.load(saved[epoch], model, with_optimiser=False)
        cases = [item.scores for item in held_out(run, exported(rows[epoch - 1]))]
        dice[epoch] = summarise(cases, samples=0).figures["dice"].value or 0.0
    chosen = max(contenders, key=lambda epoch: (dice[epoch], epoch))
    checkpoint.load(saved[chosen], model, with_optimiser=False)
    state = {"history": rows, "best": chosen - 1}
    checkpoint.save(run.best, model, state, with_optimiser=False)
    return {**rows[chosen - 1], "decoded_dice": dice[chosen]}


def exported(run: Run, model: Any, settings: UNetConfig, row: Row) -> Bundle:
    frame = Frame(int(row["height"]), int(row["width"]))
    network = onnx_export.to_onnx(model, frame.size)
    return Bundle(network, frame, run.config.classes, asdict(settings))


def _checked(run: Run, network: bytes, model: Any, frame: Frame) -> float:
    cases = [*run.validation, *run.training][:CHECKED]
    images = np.stack([frame.forward(case.radiograph().pixels) for case in cases])[..., None]
    largest = onnx_export.differences(network, model, images)
    if not largest <= onnx_export.TOLERANCE:
        raise BundleError(
            f"the exported network differs from Keras by {largest:.3g} in a logit on real input; "
            f"at most {onnx_export.TOLERANCE} is rounding. The bundle was not written"
        )
    return largest


def _provenance(run: Run, origin: Mapping[str, Any], largest: float) -> dict[str, Any]:
    import keras

    return {
        "panodent": __version__,
        "keras": f"{keras.__version__} ({keras.backend.backend()})",
        "data": [
            {
                "folder": folder_name(item["root"]),
                "training_cases": len(item["training"]),
                "validation_cases": len(item["validation"]),
                "repeat": item["repeat"],
            }
            for item in run.data
        ],
        "started_from": folder_name(run.start),
        "config": run.config.to_dict(),
        **origin,
        "export": {
            "largest_logit_difference": round(largest, 5),
            "radiographs_compared": min(CHECKED, len(run.validation) + len(run.training)),
        },
    }


def _calibration(run: Run, made: Bundle) -> Calibration:
    """Scores of held-out teeth made to mean what they say.

    A run that holds nothing out keeps what the bundle that it started from was calibrated to.
    """
    if not run.validation:
        return _calibration_of(run.start)
    scores = _score(run, made, panels=False)
    teeth = [tooth for cases in scores.values() for case in cases for tooth in case.prediction]
    return calibration.fit([tooth.score for tooth in teeth], [tooth.correct for tooth in teeth])


def _calibration_of(start: str) -> Calibration:
    try:
        return bundle.load(start).calibration if start else Calibration()
    except BundleError:  # a run that was never finished
        return Calibration()


def _score(run: Run, made: Bundle, panels: bool = True) -> dict[str, list[CaseScores]]:
    """Scores the bundle on each folder's validation side; draws panels of the first cases."""
    scores: dict[str, list[CaseScores]] = {}
    for item in held_out(run, made):
        cases = scores.setdefault(item.folder, [])
        cases.append(item.scores)
        if panels and len(cases) <= SHOWN:
            picture = to_png_bytes(panel(item.radiograph, item.found, item.truth))
            write_whole(run.folder / "panels" / item.folder / f"{item.case.key}.png", picture)
    return scores
