"""Trains the network that finds fillings, crowns, implants and more, and writes a bundle with it.

The bundle's other networks stay as they are. A run is a folder:

RUN/findings.json      settings, the bundle, and which cases are on which side of the split
RUN/examples/          the radiographs as class images, made once
RUN/last.npz           weights, optimiser and counters after the last complete epoch
RUN/history.csv        one row an epoch: loss and Dice of each kind on the held-out radiographs
RUN/scores.json        scores of the held-out radiographs
RUN/bundle/            the bundle with its findings network, ready for `panodent predict`
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from panodent.bundle.bundle import Bundle
from panodent.bundle.findings_network import CHANNELS
from panodent.datasets.dataset import Case
from panodent.errors import ConfigError
from panodent.formats.finding_annotations import AnnotatedFindings
from panodent.teeth.finding_kinds import KINDS
from panodent.training import checkpoint, history
from panodent.training.batch_pool import BatchPool
from panodent.training.distillation import beside, mirrored
from panodent.training.findings_batches import FindingsAugmenter, plain_input
from panodent.training.findings_config import FindingsConfig, config_from
from panodent.training.findings_examples import FindingsExample, collect
from panodent.training.findings_start import BATCHES, begin_with
from panodent.training.fitting import (
    Report,
    compile_network,
    compile_with_cosine,
    fit_epoch,
    read_record,
    seeded,
)
from panodent.training.history import Row
from panodent.training.run_folder import STATE

RECORD_FILE = "findings.json"
"""File of a run's settings and split."""
STEM = 2
"""The network answers at its input's resolution divided by this."""
TRAINED_KINDS: tuple[str, ...] = tuple(KINDS)
"""Kinds of a new network's classes 1, 2, ..."""
PLANES = 1 + len(TRAINED_KINDS)
"""Planes of a new network: no finding, then each kind."""


@dataclass(frozen=True)
class EarlierRuns:
    """Folders of runs that a training reads; each may be empty.

    start : whose network this one begins with; it may be a bundle.
    teacher : whose answers this one imitates; it was trained with the same frame.
    limits : bundle or run whose limits and calibration the new bundle gets.
    """

    start: str = ""
    teacher: str = ""
    limits: str = ""


NO_EARLIER_RUNS = EarlierRuns()


@dataclass(frozen=True)
class FindingsRun:
    """A training: its folder, the bundle, both sides of the split, annotations and settings.

    `annotated` holds findings by key; cases without an entry show no finding.
    """

    folder: Path
    bundle: Bundle
    training: Sequence[Case]
    validation: Sequence[Case]
    annotated: Mapping[str, AnnotatedFindings]
    config: FindingsConfig
    report: Report
    earlier: EarlierRuns = NO_EARLIER_RUNS

    @property
    def last(self) -> Path:
        """File of the state after the last complete epoch."""
        return self.folder / STATE


def train(run: FindingsRun) -> tuple[Any, list[Row]]:
    """Trains or goes on; returns the Keras network and a row for each epoch.

    With a `start_share`, its weights are the mean of those at the end and those it began with
    (Wortsman et al. 2022, arXiv:2109.01903). Raises `TrainingError` when the loss diverges or the
    run to start from does not fit.
    """
    with seeded(run.config.seed, run.config.precision):
        return _train(run)


def _train(run: FindingsRun) -> tuple[Any, list[Row]]:
    """`train` inside the precision."""
    from panodent.training.losses import ToothLoss

    batches = FindingsAugmenter(_examples(run, "training"), TRAINED_KINDS, run.config)
    held = _examples(run, "validation")
    model = network(run.config)
    config = run.config
    loss = ToothLoss(PLANES, STEM, config.dice_weight, present_only=True)
    compile_with_cosine(
        model, loss, config.learning_rate, config.weight_decay, config.epochs, batches.steps
    )
    fitted = _with_teacher(model, loss, run)
    rows: list[Row] = []
    if run.last.exists():
        rows = checkpoint.load(run.last, model)["history"]
    elif run.earlier.start:
        _begin_with(model, run, batches)
    with BatchPool(batches, config.workers) as pool:
        for epoch in range(len(rows), run.config.epochs):
            rows.append(_epoch(run, model, fitted, pool, held, epoch))
            checkpoint.save(run.last, model, {"history": rows})
            history.write_table(run.folder, rows)
            run.report("epoch", rows[-1])
    if config.start_share:
        _mean_with_start(model, run, batches)
    return model, rows


def _mean_with_start(model: Any, run: FindingsRun, batches: FindingsAugmenter) -> None:
    """Gives the model the mean of its weights and those that it began with."""
    share, ended = run.config.start_share, model.get_weights()
    _begin_with(model, run, batches)
    both = zip(model.get_weights(), ended, strict=True)
    model.set_weights([share * began + (1 - share) * later for began, later in both])


def _begin_with(model: Any, run: FindingsRun, batches: FindingsAugmenter) -> None:
    """Loads the weights of the run or bundle that this one begins with."""
    steps = range(min(BATCHES, batches.steps))
    begin_with(model, run.earlier.start, (batches.batch(0, step)[0] for step in steps))


def _with_teacher(model: Any, loss: Any, run: FindingsRun) -> Any:
    """The network to fit: `model`, or one that answers with its planes and the teacher's.

    The teacher also answers to the mirror image: the mean of both is better than either.
    """
    if not run.earlier.teacher:
        return model
    from panodent.training.losses import DistillationLoss

    teacher = _trained(Path(run.earlier.teacher))
    fitted = beside(model, [teacher, mirrored(teacher)])
    weight = run.config.teacher_weight
    compile_network(fitted, model.optimizer, DistillationLoss(loss, PLANES, weight))
    return fitted


def _trained(folder: Path) -> Any:
    """The network of a run, with the weights after its last complete epoch."""
    record = read_record(folder / RECORD_FILE, "findings")
    made = network(config_from(record["config"]))
    checkpoint.load(folder / STATE, made, with_optimiser=False)
    return made


def check_teacher(folder: Path, config: FindingsConfig) -> None:
    """Raises `TrainingError` if the folder holds no run, `ConfigError` if its frame differs."""
    theirs = config_from(read_record(folder / RECORD_FILE, "findings")["config"]).frame.size
    checkpoint.progress(folder / STATE)
    if theirs != config.frame.size:
        raise ConfigError(
            f"--teacher {folder} was trained with a frame of {theirs[0]}x{theirs[1]} (height, "
            f"width), this run has {config.height}x{config.width}; give the same --size"
        )


def _examples(run: FindingsRun, side: str) -> list[FindingsExample]:
    cases = run.training if side == "training" else run.validation
    return collect(
        run.bundle,
        cases,
        run.annotated,
        TRAINED_KINDS,
        run.folder / "examples" / f"{side}.npz",
        lambda done, count: run.report("examples", {"done": done, "cases": count}),
    )


def network(config: FindingsConfig) -> Any:
    """The untrained Keras network: inputs (n, height, width, CHANNELS) -> logits (n, h, w, p)."""
    from panodent.training.unet import UNetConfig, build

    sizes = UNetConfig(
        config.filters,
        classes=PLANES,
        channels=CHANNELS,
        stem=STEM,
        dropout=config.dropout,
    )
    return build(sizes, config.frame.size)


def _epoch(
    run: FindingsRun,
    model: Any,
    fitted: Any,
    batches: BatchPool,
    held: Sequence[FindingsExample],
    epoch: int,
) -> Row:
    """Trains `fitted`, of which `model` is a part, for an epoch (from 0), and validates `model`.

    Returns the epoch's row of the history.
    """
    started = time.monotonic()

    def batch(step: int) -> tuple[Any, Any]:
        return batches.batch(epoch, step)

    loss = fit_epoch(fitted, epoch, batches.steps, batch, run.report)
    dice = pixel_dice(lambda seen: np.asarray(model.predict_on_batch(seen)), held, run.config)
    return {"epoch": epoch + 1, "loss": loss, **dice, "seconds": time.monotonic() - started}


def pixel_dice(
    predict: Callable[[Any], Any], examples: Sequence[FindingsExample], config: FindingsConfig
) -> Row:
    """Dice of the pixels of each kind over all examples together; NaN where a kind is absent.

    `predict` maps inputs (1, *frame, CHANNELS) to logits (1, h, w, 1 + kinds).
    """
    import cv2

    from panodent.training.augmentation.augment import IGNORED

    count = 1 + len(TRAINED_KINDS)
    both, total = np.zeros(count), np.zeros(count)
    for item in examples:
        best = predict(plain_input(item, config)[None])[0].argmax(axis=-1).astype(np.uint8)
        truth = cv2.resize(item.kinds, best.shape[::-1], interpolation=cv2.INTER_NEAREST)
        counted = truth != IGNORED
        for kind in range(1, count):
            found, there = (best == kind) & counted, truth == kind
            both[kind] += np.count_nonzero(found & there)
            total[kind] += np.count_nonzero(found) + np.count_nonzero(there)
    return {
        name: float(2 * both[kind] / total[kind]) if total[kind] else float("nan")
        for kind, name in enumerate(TRAINED_KINDS, start=1)
    }
