"""Trains the network that refines outlines, and writes a bundle that has it.

The bundle's own network stays as it is. A run is a folder:

RUN/refiner.json       settings, the bundle, and which cases are on which side of the split
RUN/crops/             examples, made once
RUN/last.npz           weights, optimiser and counters after the last complete epoch
RUN/history.csv        one row an epoch: mean Dice of held-out crops before and after refinement
RUN/scores.json        scores of the held-out radiographs without and with the refiner
RUN/bundle/            the bundle with its refiner, ready for `panodent predict`
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from panodent.bundle import bundle as bundles
from panodent.bundle.bundle import Bundle
from panodent.datasets.dataset import Case
from panodent.errors import TrainingError
from panodent.evaluation.case_scores import CaseScores, score_pair
from panodent.evaluation.evaluate import summarise
from panodent.inference.refinement import CHANNELS, CROP
from panodent.inference.rescaling import predict_teeth
from panodent.training import checkpoint, history, onnx_export
from panodent.training.distillation import beside
from panodent.training.fitting import (
    Report,
    compile_network,
    compile_with_cosine,
    fit_epoch,
    read_record,
    seeded,
)
from panodent.training.history import Row
from panodent.training.refiner_batches import batch, crop_dice
from panodent.training.refiner_config import RefinerConfig, config_from
from panodent.training.refiner_crops import Crops, collect
from panodent.training.run_folder import STATE
from panodent.training.seen import seen_with
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__

RECORD_FILE = "refiner.json"
"""File of a run's settings and split."""
STEM = 2
"""The refiner answers at its input's resolution divided by this."""


@dataclass(frozen=True)
class RefinerRun:
    """A refiner's training: its folder, the bundle, both sides of the split, and the settings."""

    folder: Path
    bundle: Bundle
    training: Sequence[Case]
    validation: Sequence[Case]
    config: RefinerConfig
    report: Report
    teacher: str = ""
    """Folder of a run whose answers this one imitates; may be empty."""

    @property
    def last(self) -> Path:
        """File of the state after the last complete epoch."""
        return self.folder / STATE


def train(run: RefinerRun) -> tuple[Bundle, list[Row]]:
    """Trains or goes on; writes RUN/bundle. Returns the bundle and a row for each epoch.

    Raises `TrainingError` when the bundle finds no annotated tooth or the loss diverges.
    """
    import cv2

    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # crops are small, so that more threads only wait for each other
    try:
        with seeded(run.config.seed, run.config.precision):
            return _train(run)
    finally:
        cv2.setNumThreads(threads)


def _train(run: RefinerRun) -> tuple[Bundle, list[Row]]:
    """`train` inside the precision."""
    from panodent.training.losses import ToothLoss

    crops = _crops(run, "training", run.training, run.config.variants)
    held = _crops(run, "validation", run.validation, 1)
    if len(crops) < run.config.batch_size:
        raise TrainingError(
            f"the bundle finds {len(crops)} annotated teeth; a refiner needs at least one batch "
            f"of {run.config.batch_size}: give more radiographs or a lower --batch-size"
        )
    model = _model(run.config)
    steps = len(crops) // run.config.batch_size
    config = run.config
    loss = ToothLoss(2, STEM, config.dice_weight)
    compile_with_cosine(
        model, loss, config.learning_rate, config.weight_decay, config.epochs, steps
    )
    fitted = _with_teacher(model, loss, run)
    rows: list[Row] = checkpoint.load(run.last, model)["history"] if run.last.exists() else []
    for epoch in range(len(rows), run.config.epochs):
        rows.append(_epoch(run, model, fitted, crops, held, epoch))
        checkpoint.save(run.last, model, {"history": rows})
        history.write_table(run.folder, rows)
        run.report("epoch", rows[-1])
    return _finished(run, model, rows), rows


def _crops(run: RefinerRun, side: str, cases: Sequence[Case], variants: int) -> Crops:
    """The examples of one side, read from RUN/crops or made and written there."""
    file = run.folder / "crops" / f"{side}.npz"
    if file.exists():
        return Crops.load(file)
    config = run.config
    crops = collect(
        run.bundle,
        cases,
        variants,
        config.change,
        config.seed,
        config.least_overlap,
        lambda done, count: run.report("crops", {"done": done, "cases": count}),
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    crops.save(file)
    return crops


def _model(config: RefinerConfig) -> Any:
    from panodent.training.unet import UNetConfig, build

    sizes = UNetConfig(
        config.filters,
        classes=2,
        channels=CHANNELS,
        stem=STEM,
        encoder_convolutions=config.encoder_convolutions,
    )
    return build(sizes, CROP)


def _with_teacher(model: Any, loss: Any, run: RefinerRun) -> Any:
    """The network to fit: `model`, or one that answers with its planes and the teacher's."""
    if not run.teacher:
        return model
    from panodent.training.losses import DistillationLoss

    teacher = _trained(Path(run.teacher))
    fitted = beside(model, [teacher])
    compile_network(fitted, model.optimizer, DistillationLoss(loss, 2, run.config.teacher_weight))
    return fitted


def _trained(folder: Path) -> Any:
    """The network of a run, with the weights after its last complete epoch."""
    made = _model(config_from(read_record(folder / RECORD_FILE, "refiner")["config"]))
    checkpoint.load(folder / STATE, made, with_optimiser=False)
    return made


def _epoch(run: RefinerRun, model: Any, fitted: Any, crops: Crops, held: Crops, epoch: int) -> Row:
    """Trains `fitted`, of which `model` is a part, for an epoch (from 0), and validates `model`.

    Returns the epoch's row of the history.
    """
    config, started = run.config, time.monotonic()
    order = np.random.default_rng((config.seed, epoch)).permutation(len(crops))
    size = config.batch_size

    def changed(step: int) -> tuple[Any, Any]:
        rng = np.random.default_rng((config.seed, epoch, step))
        return batch(crops, order[step * size : (step + 1) * size], config, rng)

    loss = fit_epoch(fitted, epoch, len(order) // size, changed, run.report)
    before, after = crop_dice(lambda inputs: np.asarray(model.predict_on_batch(inputs)), held)
    return {
        "epoch": epoch + 1,
        "loss": loss,
        "dice_before": before,
        "dice_after": after,
        "seconds": time.monotonic() - started,
    }


def _finished(run: RefinerRun, model: Any, rows: Sequence[Row]) -> Bundle:
    """The bundle with its refiner, scored on the held-out radiographs and written to RUN."""
    note: dict[str, Any] = {
        "panodent": __version__,
        "settings": asdict(run.config),
        "trained_with": run.bundle.digest,
        "taught": bool(run.teacher),
        "training_cases": len(run.training),
        "validation_cases": len(run.validation),
        "crop_dice_before": _rounded(rows[-1]["dice_before"]),
        "crop_dice_after": _rounded(rows[-1]["dice_after"]),
    }
    made = replace(run.bundle, refiner=onnx_export.to_onnx(model, CROP))
    scores = {
        "without": _scores(replace(made, refiner=b""), run),
        "with": _scores(made, run),
    }
    write_whole(run.folder / "scores.json", json.dumps(scores, indent=1, allow_nan=False) + "\n")
    note["scores"] = scores
    made = replace(
        made,
        provenance={**run.bundle.provenance, "refiner": note},
        seen=seen_with(run.training, run.bundle.seen),
    )
    bundles.save(made, run.folder / "bundle")
    return made


def _scores(bundle: Bundle, run: RefinerRun) -> dict[str, Any]:
    """Scores of the held-out radiographs; empty when nothing is held out."""
    scores: list[CaseScores] = []
    for case in run.validation:
        found = predict_teeth(bundle, case.radiograph().pixels)
        scores.append(score_pair(case.teeth(), found.numbered(), key=case.key))
        run.report("scoring", {"done": len(scores), "cases": len(run.validation)})
    return dict(summarise(scores).headline()) if scores else {}


def _rounded(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
