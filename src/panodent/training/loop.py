"""The training loop: optimiser, epochs, and the saved state after each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from panodent.training import checkpoint, history
from panodent.training.batch_pool import BatchPool
from panodent.training.batches import Augmenter, Example, load, oversampled
from panodent.training.data_checks import failing
from panodent.training.device_group import ALONE, DeviceGroup
from panodent.training.distillation import with_teachers
from panodent.training.epochs import best_of, candidates, finished
from panodent.training.fitting import adamw, compile_network, cosine_rate, fit_epoch, seeded
from panodent.training.history import Row
from panodent.training.losses import DistillationLoss, ToothLoss
from panodent.training.run import Run
from panodent.training.train_config import TrainConfig
from panodent.training.transfer import freeze, trained, with_classes
from panodent.training.unet import build, named
from panodent.training.unlabelled import ignore, unlabelled_teeth
from panodent.training.validation import validate
from panodent.utils.wording import counted


def fit(run: Run, resume: bool = False, group: DeviceGroup = ALONE) -> list[Row]:
    """Trains until the recipe's last epoch; returns the history, one row per epoch.

    All processes of the group call this with the same run; only the first of them writes. The
    number of devices may differ from that before an interruption.

    With `resume` a run continues after its last complete epoch as if it had never stopped. After an
    interruption everything up to the last complete epoch is kept. Raises `TrainingError` when the
    loss is not finite or a saved state cannot be read, `ConfigError` when a batch cannot be shared
    equally by the devices.
    """
    group.check(run.config.batch_size)
    with seeded(run.config.seed, run.config.precision), group.distributing():
        return _fit(run, resume, group)


def _fit(run: Run, resume: bool, group: DeviceGroup) -> list[Row]:
    """`fit` inside the precision and the distribution."""
    config = run.config
    model = starting_model(run)
    run.report("network", {"text": describe(run, model)})
    limit = (2 * config.frame.height, 2 * config.frame.width)
    run.report("reading", {"cases": len(run.training) + len(run.validation)})
    examples = [load(case, config.classes, limit) for case in run.training]
    held = [load(case, config.classes, limit) for case in run.validation]
    unlabelled = unlabelled_teeth(run)
    if unlabelled is not None:
        ignore(examples, unlabelled)
        cases = len({item.case for item in unlabelled})
        run.report("ignoring", {"teeth": len(unlabelled), "cases": cases, "of": len(examples)})
    repeats = oversampled(examples, run.repeats, run.repeats_mixed, config.classes)
    augmenter = Augmenter(
        examples, repeats, config.classes, config.augment, config.batch_size, config.seed
    )
    fitted = compile_model(model, config, augmenter.steps, run.teachers)
    rows: list[Row] = []
    if resume and run.last.exists():
        rows = checkpoint.load(run.last, model)["history"]
    predict = group.predictor(model)
    with BatchPool(augmenter, config.workers) as batches:
        while not finished(rows, config):
            row = _epoch(run, fitted, batches, len(rows), group)
            rows.append(_validated(row, model, predict, held, config, group))
            if group.writes:
                _keep(run, model, rows)
            _report_epoch(run, rows)
    return rows


def _report_epoch(run: Run, rows: list[Row]) -> None:
    """Reports the last epoch, and whether training ends early or may fail."""
    config = run.config
    run.report("epoch", rows[-1])
    if finished(rows, config) and len(rows) < config.epochs:
        run.report("stopped_early", {"patience": config.patience, "best": best_of(rows) + 1})
    dice = [row["val_dice"] for row in rows]
    if text := failing(dice, config.epochs, run.start, len(run.training)):
        run.report("warning", {"text": text})


def starting_model(run: Run) -> Any:
    """A new network, or the trained one that the run starts from, with frozen layers."""
    config = run.config
    if run.start:
        model = with_classes(*trained(run.start), config)
    else:
        model = build(named(config.network, classes=len(config.classes) + 1))
    if config.freeze:
        freeze(model, config.freeze)
    return model


def describe(run: Run, model: Any) -> str:
    """One or two lines about the run's network and its frozen layers."""
    config = run.config
    text = (
        f"network {config.network!r} for {counted(len(config.classes), 'tooth', 'teeth')}, "
        f"{model.count_params():,} parameters{_computed(model)}; "
        f"{counted(config.epochs, 'epoch', 'epochs')} from {_started(run.start)}"
    )
    frozen = [layer for layer in model.layers if layer.weights and not layer.trainable]
    if not frozen:
        return text
    count = sum(layer.count_params() for layer in frozen)
    return (
        f"{text}\nfrozen: {counted(len(frozen), 'layer', 'layers')} with {count:,} parameters, "
        f"{frozen[0].name} to {frozen[-1].name}; frozen batch norms stay in inference mode"
    )


def _computed(model: Any) -> str:
    """What the layers compute in, in words; empty for float32."""
    used = model.dtype_policy.name
    return "" if used == "float32" else f", computed in {used}"


def _started(start: str) -> str:
    """Where training starts from, in words."""
    if not start:
        return "random weights (scratch)"
    return "the included bundle (default)" if start == "default" else start


def _keep(run: Run, model: Any, rows: list[Row]) -> None:
    """Saves the state after an epoch; last.npz is written last, since resuming relies on it."""
    progress = {"history": rows, "best": best_of(rows)}
    if progress["best"] == len(rows) - 1:
        checkpoint.save(run.best, model, progress, with_optimiser=False)
    checkpoint.save(run.epoch_file(len(rows)), model, progress, with_optimiser=False)
    checkpoint.save(run.last, model, progress)
    if not run.config.keep_epochs:
        run.remove_epochs(candidates(rows, run.config.candidate_epochs))
    history.write(run.folder, rows)


def compile_model(model: Any, config: TrainConfig, steps: int, teachers: Sequence[str] = ()) -> Any:
    """Gives the model its optimiser, schedule and loss; returns the network to fit.

    That is `model` itself, or with teachers a network around it that answers with the planes of
    all. Both share the optimiser.
    """
    from panodent.training.backend import keras

    rate: Any = config.learning_rate
    if config.schedule == "cosine":
        warmup = max(int(config.warmup_epochs * steps), 1)
        shares = config.warmup_start, config.final_rate
        rate = cosine_rate(config.learning_rate, config.epochs * steps, warmup, *shares)
    if config.optimiser == "adamw":
        optimiser = adamw(rate, config.weight_decay, config.clip_norm)
    else:
        optimiser = keras.optimizers.Adam(rate)
    network = named(config.network, classes=len(config.classes) + 1)
    loss = ToothLoss(
        network.classes,
        network.stem,
        config.dice_weight,
        probabilities=network.softmax,
        smooth=config.dice_smoothing,
    )
    compile_network(model, optimiser, loss)
    if not teachers:
        return model
    fitted = with_teachers(model, teachers, config)
    compile_network(
        fitted, optimiser, DistillationLoss(loss, network.planes, config.teacher_weight)
    )
    return fitted


def _epoch(run: Run, fitted: Any, batches: BatchPool, epoch: int, group: DeviceGroup) -> Row:
    """Trains one epoch (from 0); returns its row of the history, without validation."""
    from panodent.training.backend import keras

    stage = run.config.stage_of(epoch)
    started = time.monotonic()
    rows = group.rows(run.config.batch_size)

    def batch(step: int) -> tuple[Any, Any]:
        return batches.batch(epoch, step, (stage.height, stage.width), rows)

    loss = fit_epoch(fitted, epoch, batches.steps, batch, run.report)
    rate = fitted.optimizer.learning_rate
    return {
        "epoch": epoch + 1,
        "height": stage.height,
        "width": stage.width,
        "loss": loss,
        "learning_rate": float(keras.ops.convert_to_numpy(rate)),
        "seconds": time.monotonic() - started,
    }


def _validated(
    row: Row,
    model: Any,
    predict: Callable[[Any], Any],
    held: Sequence[Example],
    config: TrainConfig,
    group: DeviceGroup,
) -> Row:
    """The row with Dice and loss of the held-out examples at its frame size; NaN without any."""
    if not held:
        return {**row, "val_loss": float("nan"), "val_dice": float("nan")}
    started = time.monotonic()

    def loss(truth: Any, planes: Any) -> float:
        from panodent.training.backend import ops

        return float(ops.convert_to_numpy(model.loss(truth, planes)))

    size, classes = (int(row["height"]), int(row["width"])), len(config.classes) + 1
    dice, mean_loss = validate(predict, loss, held, size, classes, config.batch_size, group)
    seconds = row["seconds"] + time.monotonic() - started
    return {**row, "val_loss": mean_loss, "val_dice": dice, "seconds": seconds}
