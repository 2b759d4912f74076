"""Trains the network that refines outlines, and writes a bundle that has it.

The bundle's own network stays as it is. A run is a folder:

RUN/config.json        settings, the bundle, and which cases are on which side of the split
RUN/crops/             examples, made once
RUN/last.npz           weights, optimiser and counters after the last complete epoch
RUN/history.csv        one row an epoch: mean Dice of held-out crops before and after refinement
RUN/scores.json        scores of the held-out radiographs without and with the refiner
RUN/bundle/            the bundle with its refiner, ready for `panodent predict`
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.bundle import bundle as bundles
from panodent.bundle.bundle import Bundle
from panodent.datasets.dataset import Case
from panodent.errors import TrainingError
from panodent.evaluation.case_scores import CaseScores, score_pair
from panodent.evaluation.evaluate import summarise
from panodent.inference.refinement import CHANNELS, CROP, LIMIT
from panodent.inference.rescaling import predict_teeth
from panodent.training import checkpoint, onnx_export
from panodent.training.refiner_crops import STEPS, STORED, ChangeConfig, Crops, collect
from panodent.training.run import Row
from panodent.training.settings import check_ranges, setting
from panodent.utils.arrays import BoolArray, Float32Array, Float64Array
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__

STEM = 2
"""The refiner answers at its input's resolution divided by this."""
Report = Callable[[str, Row], None]


@dataclass(frozen=True)
class RefinerConfig:
    """Settings of a refiner's training; each field's metadata holds its help."""

    filters: tuple[int, ...] = setting((16, 32, 64, 96), "Filters of each level of the network.")
    epochs: int = setting(12, "Passes over all crops.", (1, 10_000), "epochs")
    batch_size: int = setting(64, "Crops a training step.", (1, 4096), "crops")
    learning_rate: float = setting(3e-3, "Highest learning rate.", (1e-6, 1))
    weight_decay: float = setting(1e-2, "Weight decay of AdamW.", (0, 1))
    dice_weight: float = setting(1.0, "Weight of the Dice loss beside cross-entropy.", (0, 100))
    precision: str = setting("float32", "Keras's dtype policy: float32 or mixed_bfloat16.")
    variants: int = setting(2, "How often each radiograph is shown to the bundle.", (1, 100))
    least_overlap: float = setting(
        0.3, "Smallest overlap (IoU) of a found tooth with the annotated one.", (0, 1)
    )
    seed: int = setting(0, "Random seed of weights, changes and batches.", (0, 2**31))
    rotation: float = setting(6.0, "Largest rotation of a crop.", (0, 45), "degrees")
    scale: float = setting(0.12, "Largest change of scale, as a natural logarithm.", (0, 1))
    shift: float = setting(3.0, "Largest shift of a crop, across the tooth.", (0, 8), "pixels")
    gamma: float = setting(0.2, "Largest change of the pixels' exponent, as a logarithm.", (0, 1))
    contrast: float = setting(0.25, "Largest change of contrast, as a natural logarithm.", (0, 1))
    noise: float = setting(0.25, "Largest standard deviation of added noise.", (0, 2))
    blur: float = setting(1.5, "Largest standard deviation of a blur.", (0, 10), "pixels")
    bias: float = setting(0.25, "Largest shift of what the first network says.", (0, 2))
    change: ChangeConfig = field(default_factory=ChangeConfig)

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class RefinerRun:
    """A refiner's training: its folder, the bundle, both sides of the split, and the settings."""

    folder: Path
    bundle: Bundle
    training: Sequence[Case]
    validation: Sequence[Case]
    config: RefinerConfig
    report: Report

    @property
    def last(self) -> Path:
        """File of the state after the last complete epoch."""
        return self.folder / "last.npz"


def train(run: RefinerRun) -> tuple[Bundle, list[Row]]:
    """Trains or goes on; writes RUN/bundle. Returns the bundle and a row for each epoch.

    Raises `TrainingError` when the bundle finds no annotated tooth or the loss diverges.
    """
    import keras

    keras.utils.set_random_seed(run.config.seed)
    keras.config.set_dtype_policy(run.config.precision)
    crops = _crops(run, "training", run.training, run.config.variants)
    held = _crops(run, "validation", run.validation, 1)
    if len(crops) < run.config.batch_size:
        raise TrainingError(
            f"the bundle finds {len(crops)} annotated teeth; a refiner needs at least one batch "
            f"of {run.config.batch_size}: give more radiographs or a lower --batch-size"
        )
    model = _model(run.config)
    steps = len(crops) // run.config.batch_size
    _compile(model, run.config, steps)
    rows: list[Row] = checkpoint.load(run.last, model)["history"] if run.last.exists() else []
    for epoch in range(len(rows), run.config.epochs):
        rows.append(_epoch(run, model, crops, held, epoch))
        checkpoint.save(run.last, model, {"history": rows})
        _write_history(run.folder / "history.csv", rows)
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

    return build(UNetConfig(config.filters, classes=2, channels=CHANNELS, stem=STEM), CROP)


def _compile(model: Any, config: RefinerConfig, steps: int) -> None:
    import keras

    from panodent.training.losses import ToothLoss

    warmup = max(min(steps // 2, 100), 1)
    rate = keras.optimizers.schedules.CosineDecay(
        config.learning_rate / 30,
        max(config.epochs * steps - warmup, 1),
        alpha=0.01,
        warmup_target=config.learning_rate,
        warmup_steps=warmup,
    )
    optimiser = keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, clipnorm=5.0)
    optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    loss = ToothLoss(2, STEM, config.dice_weight)
    model.compile(
        optimizer=optimiser, loss=loss, jit_compile=keras.backend.backend() != "tensorflow"
    )


def _epoch(run: RefinerRun, model: Any, crops: Crops, held: Crops, epoch: int) -> Row:
    """Trains one epoch (from 0) and validates; returns its row of the history."""
    import keras

    config, started = run.config, time.monotonic()
    order = np.random.default_rng((config.seed, epoch)).permutation(len(crops))
    size = config.batch_size

    class Epoch(keras.utils.PyDataset):
        def __len__(self) -> int:
            return len(order) // size

        def __getitem__(self, step: int) -> tuple[Any, Any]:
            rng = np.random.default_rng((config.seed, epoch, step))
            return batch(crops, order[step * size : (step + 1) * size], config, rng)

    def on_step(step: int, logs: dict[str, float] | None = None) -> None:
        loss = float((logs or {}).get("loss", np.nan))
        steps = len(order) // size
        run.report("step", {"epoch": epoch, "step": step + 1, "steps": steps, "loss": loss})

    shown = keras.callbacks.LambdaCallback(on_train_batch_end=on_step)
    result = model.fit(
        Epoch(workers=1, max_queue_size=4), epochs=1, shuffle=False, verbose=0, callbacks=[shown]
    )
    loss = float(result.history["loss"][-1])
    if not np.isfinite(loss):
        raise TrainingError(
            f"loss became {loss} in epoch {epoch + 1}; start again with a lower --learning-rate"
        )
    before, after = crop_dice(lambda inputs: np.asarray(model.predict_on_batch(inputs)), held)
    return {
        "epoch": epoch + 1,
        "loss": loss,
        "dice_before": before,
        "dice_after": after,
        "seconds": time.monotonic() - started,
    }


def batch(
    crops: Crops,
    chosen: npt.NDArray[np.integer],
    config: RefinerConfig | None = None,
    rng: np.random.Generator | None = None,
) -> tuple[Float32Array, npt.NDArray[np.uint8]]:
    """Inputs float32 (n, *CROP, CHANNELS) and outlines uint8 (n, *CROP) of the chosen crops.

    Changed at random with `config` and `rng`, unchanged without them.
    """
    import cv2

    inputs = np.empty((len(chosen), *CROP, CHANNELS), np.float32)
    outlines = np.empty((len(chosen), *CROP), np.uint8)
    for slot, index in enumerate(chosen):
        place = _random_place(config, rng)
        image = np.ascontiguousarray(np.moveaxis(crops.inputs[index], 0, -1)).astype(np.float32)
        image = cv2.warpAffine(
            image / np.float32(STEPS),
            place,
            CROP[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        outlines[slot] = cv2.warpAffine(
            crops.outlines[index],
            place,
            CROP[::-1],
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        )
        if config is not None and rng is not None:
            image[..., 0] = _exposed(image[..., 0], config, rng)
            image[..., 1:] += rng.uniform(-config.bias, config.bias, CHANNELS - 1)
        inputs[slot] = image
    return inputs, outlines


def _random_place(config: RefinerConfig | None, rng: np.random.Generator | None) -> Float64Array:
    """2 x 3 map from (x, y) of a crop to that of a stored one."""
    stored = np.array([STORED[1] - 1, STORED[0] - 1]) / 2
    middle = np.array([CROP[1] - 1, CROP[0] - 1]) / 2
    if config is None or rng is None:
        return np.c_[np.eye(2), stored - middle]
    # Crops are enlarged twice as much across the tooth as along it.
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation))
    turn = np.array([[np.cos(angle), -np.sin(angle) / 2], [2 * np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag(np.exp(rng.uniform(-config.scale, config.scale, 2)))
    shift = rng.uniform(-config.shift, config.shift, 2) * (1, 2)
    return np.c_[linear, stored + shift - linear @ middle]


def _exposed(image: Float32Array, config: RefinerConfig, rng: np.random.Generator) -> Float32Array:
    """Standardised pixels with another contrast, noise or sharpness."""
    import cv2

    power, contrast = np.exp(rng.uniform(-1, 1, 2) * (config.gamma, config.contrast))
    image = np.sign(image) * np.abs(image) ** np.float32(power) * np.float32(contrast)
    if rng.random() < 0.4:
        noise = rng.standard_normal(image.shape, np.float32)
        image = image + noise * np.float32(rng.uniform(0, config.noise))
    if config.blur and rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.2, max(config.blur, 0.3)))
    return np.asarray(image, np.float32)


def crop_dice(predict: Callable[[Float32Array], Float32Array], crops: Crops) -> tuple[float, float]:
    """Mean Dice of crops before and after refinement; NaN without crops.

    `predict` maps float32 (n, *CROP, CHANNELS) to logits (n, h, w, 2).
    """
    import cv2

    before: list[float] = []
    after: list[float] = []
    for start in range(0, len(crops), 128):
        inputs, outlines = batch(crops, np.arange(start, min(start + 128, len(crops))))
        answers = predict(inputs).astype(np.float32)
        for seen, answer, outline in zip(inputs, answers, outlines, strict=True):
            lead = cv2.resize(
                answer[..., 1] - answer[..., 0], CROP[::-1], interpolation=cv2.INTER_LINEAR
            )
            before.append(_dice(seen[..., 1] * (LIMIT / 2) > 0, outline > 0))
            after.append(_dice(lead > 0, outline > 0))
    return (float(np.mean(before)), float(np.mean(after))) if before else (np.nan, np.nan)


def _dice(one: BoolArray, other: BoolArray) -> float:
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def _write_history(file: Path, rows: Sequence[Row]) -> None:
    names = list(rows[0])
    lines = [",".join(f"{row[name]:.6g}" for name in names) for row in rows]
    write_whole(file, "\n".join([",".join(names), *lines, ""]))


def _finished(run: RefinerRun, model: Any, rows: Sequence[Row]) -> Bundle:
    """The bundle with its refiner, scored on the held-out radiographs and written to RUN."""
    note = {
        "panodent": __version__,
        "settings": asdict(run.config),
        "trained_with": run.bundle.digest,
        "training_cases": len(run.training),
        "validation_cases": len(run.validation),
        "crop_dice_before": _rounded(rows[-1]["dice_before"]),
        "crop_dice_after": _rounded(rows[-1]["dice_after"]),
    }
    made = replace(
        run.bundle,
        refiner=onnx_export.to_onnx(model, CROP),
        provenance={**run.bundle.provenance, "refiner": note},
    )
    scores = {
        "without": _scores(replace(made, refiner=b""), run),
        "with": _scores(made, run),
    }
    write_whole(run.folder / "scores.json", json.dumps(scores, indent=1, allow_nan=False) + "\n")
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
