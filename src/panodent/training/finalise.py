"""The end of training: a run's best network becomes a bundle.

`finalise` exports the best epoch; `complete` adds to an exported network all that a bundle holds:
it is compared with Keras, calibrated, and scored on the radiographs that the run held out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
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
from panodent.evaluation.seen_cases import about_seen
from panodent.inference.rescaling import usual_sizes
from panodent.training import checkpoint, onnx_export, transfer
from panodent.training.epochs import candidates, finished
from panodent.training.held_out import folder_name, folder_names, held_out
from panodent.training.history import Row
from panodent.training.run import Run
from panodent.training.seen import known_before, seen_by, seen_with
from panodent.training.unet import UNetConfig, build, named
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__

CHECKED = 4
"""Radiographs on which the exported network is compared with Keras."""
SHOWN = 8
"""Panels drawn for each data folder."""


def finalise(run: Run) -> tuple[Bundle, dict[str, Evaluation]]:
    """Writes RUN/bundle, RUN/panels and RUN/scores.json from the best epoch so far.

    The best is the one of the recipe's `candidate_epochs` whose decoded teeth have the highest Dice
    over all held-out radiographs; its weights replace RUN/best.npz. Returns the bundle and, by data
    folder, the scores of its held-out radiographs. Raises `BundleError` when the exported network
    and Keras disagree on radiographs of the run, `TrainingError` when no epoch is finished.
    """
    if not run.best.exists():
        raise TrainingError(f"{run.folder}: no epoch is finished, so there is nothing to export")
    settings = named(run.config.network, classes=len(run.config.classes) + 1)
    model = build(settings)
    export_row = partial(export, run, model, settings)
    row = _best(run, model, export_row)
    origin = {
        "epoch": int(row["epoch"]),
        "validation_dice_at_frame": round(float(row["val_dice"]), 4),
        "validation_dice_decoded": round(float(row["decoded_dice"]), 4)
        if "decoded_dice" in row
        else None,
    }
    return complete(run, export_row(row), model, origin)


def complete(
    run: Run,
    made: Bundle,
    model: Any,
    origin: Mapping[str, Any],
    further: Sequence[str | Path] = (),
) -> tuple[Bundle, dict[str, Evaluation]]:
    """Completes the bundle of an exported network and writes RUN/bundle, panels and scores.json.

    `model` is the Keras network that was exported, `origin` becomes a part of the provenance.
    `further` are other bundles and runs whose networks are a part of it. Held-out radiographs that
    the bundle which the run started from was trained on are reported, and noted in the scores.
    Raises `BundleError` when the exported network and Keras disagree.
    """
    largest = _check_export(run, made.network, model, made.frame)
    made = replace(
        made,
        sizes=usual_sizes(case.teeth() for case in run.training),
        provenance=_provenance(run, origin, largest),
        norms=transfer.norms(model),
        seen=seen_with(run.training, *map(seen_by, (run.start, *run.teachers, *further))),
    )
    made = _with_further_networks(made, run.start)
    made = replace(made, calibration=_calibration(run, made))
    notes = _notes_on_seen(run)
    evaluations = {
        name: summarise(cases, notes=notes[name]) for name, cases in _score(run, made).items()
    }
    for text in dict.fromkeys(text for texts in notes.values() for text in texts):
        run.report("warning", {"text": text})
    made = replace(made, scores={name: e.headline() for name, e in evaluations.items()})
    scores = {name: evaluation.to_dict() for name, evaluation in evaluations.items()}
    write_whole(run.folder / "scores.json", json.dumps(scores, indent=1, allow_nan=False) + "\n")
    bundle.save(made, run.folder / "bundle")
    return made, evaluations


def _best(run: Run, model: Any, export_row: Callable[[Row], Bundle]) -> Row:
    """Loads the weights of the best epoch into `model`; returns its row of the history."""
    progress = checkpoint.load(run.best, model, with_optimiser=False)
    rows: list[Row] = checkpoint.progress(run.last)["history"]
    best = rows[progress["best"]]
    ranked = candidates(rows, len(rows))
    saved = [epoch for epoch in ranked if run.epoch_file(epoch).exists()]
    saved = saved[: run.config.candidate_epochs]
    if not run.validation or len(saved) < 2:
        return {**best, **progress.get("decoded", {})}
    dice = {}
    for epoch in saved:
        checkpoint.load(run.epoch_file(epoch), model, with_optimiser=False)
        cases = [item.scores for item in held_out(run, export_row(rows[epoch - 1]))]
        dice[epoch] = summarise(cases, samples=0).figures["dice"].value or 0.0
    chosen = max(saved, key=lambda epoch: (dice[epoch], epoch))
    checkpoint.load(run.epoch_file(chosen), model, with_optimiser=False)
    decoded = {"decoded_dice": dice[chosen]}
    state = {"history": rows, "best": chosen - 1, "decoded": decoded}
    checkpoint.save(run.best, model, state, with_optimiser=False)
    if finished(rows, run.config) and not run.config.keep_epochs:
        run.remove_epochs([chosen])
    return {**rows[chosen - 1], **decoded}


def export(run: Run, model: Any, settings: UNetConfig, row: Row) -> Bundle:
    """The network as a bundle without scores; `row` gives the frame's height and width."""
    frame = Frame(int(row["height"]), int(row["width"]))
    network = onnx_export.to_onnx(model, frame.size)
    return Bundle(network, frame, run.config.classes, asdict(settings))


def _check_export(run: Run, network: bytes, model: Any, frame: Frame) -> float:
    """The largest difference of a logit between the exported network and Keras."""
    cases = [*run.validation, *run.training][:CHECKED]
    images = np.stack([frame.forward(case.radiograph().pixels) for case in cases])[..., None]
    largest = onnx_export.differences(network, model, images)
    if not largest <= onnx_export.TOLERANCE:
        raise BundleError(
            f"the exported network differs from Keras by {largest:.3g} in a logit on real input; "
            f"at most {onnx_export.TOLERANCE} is expected from rounding. The bundle was not written"
        )
    return largest


def _notes_on_seen(run: Run) -> dict[str, list[str]]:
    """By data folder, what to know of held-out radiographs that the start was trained on."""
    if not run.start:
        return {name: [] for name in folder_names(run)}
    seen = seen_by(run.start)
    known = known_before(run, seen)
    held = dict(zip(folder_names(run), (len(item["validation"]) for item in run.data), strict=True))
    texts = {
        name: about_seen(run.start, seen, known.get(name, ()), count)
        for name, count in held.items()
    }
    return {name: [text] if text else [] for name, text in texts.items()}


def _provenance(run: Run, origin: Mapping[str, Any], largest: float) -> dict[str, Any]:
    """How and from which data the network was made; plain data."""
    from panodent.training.backend import keras

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
    """Calibration fitted to the held-out teeth.

    A run that holds nothing out keeps the calibration of the bundle that it started from.
    """
    if not run.validation:
        return _calibration_of(run.start)
    scores = _score(run, made, panels=False)
    teeth = [tooth for cases in scores.values() for case in cases for tooth in case.prediction]
    return calibration.fit([tooth.score for tooth in teeth], [tooth.correct for tooth in teeth])


def _with_further_networks(made: Bundle, start: str) -> Bundle:
    """The bundle with refiner and findings network of the one that the run started from, if any.

    Neither knows numbers, so they suit a network that was trained further.
    """
    try:
        source = bundle.load(start) if start else None
    except BundleError:  # a run that was never finished
        return made
    if source is None:
        return made
    had = {"refiner": bool(source.refiner), "findings": source.findings is not None}
    notes = {name: source.provenance.get(name, {}) for name, there in had.items() if there}
    provenance = {**made.provenance, **notes}
    return replace(made, refiner=source.refiner, findings=source.findings, provenance=provenance)


def _calibration_of(start: str) -> Calibration:
    """The calibration of the bundle that a run started from; the identity without one."""
    try:
        return bundle.load(start).calibration if start else Calibration()
    except BundleError:  # a run that was never finished
        return Calibration()


def _score(run: Run, made: Bundle, panels: bool = True) -> dict[str, list[CaseScores]]:
    """Scores of the held-out cases by data folder; draws panels of the first `SHOWN` of each.

    With panels, reports how many teeth of the ground truth the network has no class for.
    """
    scores: dict[str, list[CaseScores]] = {}
    unscored = 0
    for item in held_out(run, made):
        cases = scores.setdefault(item.folder, [])
        cases.append(item.scores)
        unscored += item.unscored
        if panels and len(cases) <= SHOWN:
            picture = to_png_bytes(panel(item.radiograph, item.found, item.truth))
            write_whole(run.folder / "panels" / item.folder / f"{item.case.key}.png", picture)
    if panels and unscored:
        run.report("unscored", {"teeth": unscored, "classes": len(made.classes)})
    return scores
