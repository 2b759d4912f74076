"""How a model is trained, as data: every setting with its range, and the named recipes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from math import lcm
from pathlib import Path
from typing import Any

from panodent.bundle.frame import Frame
from panodent.dentition import PERMANENT, TEETH
from panodent.errors import ConfigError, TrainingError, UnknownNameError
from panodent.training.augmentation.config import SEED_AUGMENT, AugmentConfig
from panodent.training.unet import NETWORKS

CONFIG_FILE = "config.json"
PRECISIONS = ("float32", "mixed_bfloat16")
OPTIMISERS = ("adam", "adamw")


@dataclass(frozen=True)
class Stage:
    """A run of epochs at one frame size."""

    epochs: int
    height: int
    width: int


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides how training goes.

    `stages` are trained one after the other (coarse first); `validation` is the share of groups
    held out, `fold` (K, N) replaces it, and `split_seed` says which; `seed` that of weights and
    batches; `repeat` how often a data folder's cases are seen an epoch, by folder in the order
    given; `classes` the FDI numbers that the network tells apart; `freeze` which layers of a given
    model stay as they are ('' none, 'encoder', or how many of the first weighted layers).
    """

    network: str = "default"
    classes: tuple[int, ...] = PERMANENT
    stages: tuple[Stage, ...] = (Stage(20, 128, 256), Stage(15, 192, 384), Stage(26, 256, 512))
    batch_size: int = 4
    learning_rate: float = 3e-3
    optimiser: str = "adamw"
    weight_decay: float = 1e-2
    schedule: str = "cosine"
    warmup_epochs: float = 1.0
    dice_weight: float = 1.0
    precision: str = "float32"
    validation: float = 0.15
    fold: tuple[int, int] | None = None
    repeat: tuple[int, ...] = ()
    repeat_mixed: tuple[int, ...] = ()
    freeze: str = ""
    seed: int = 0
    split_seed: int = 0
    augment: AugmentConfig = field(default_factory=AugmentConfig)

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise UnknownNameError("network", self.network, NETWORKS)
        for name, value, known in (
            ("optimiser", self.optimiser, OPTIMISERS),
            ("precision", self.precision, PRECISIONS),
            ("schedule", self.schedule, ("cosine", "constant")),
        ):
            if value not in known:
                raise UnknownNameError(name, value, known)
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ConfigError("classes must name at least one tooth, each once")
        if unknown := [fdi for fdi in self.classes if fdi not in TEETH]:
            raise ConfigError(f"classes: {unknown[0]} is no FDI number")
        if any(times < 1 for times in self.repeat_mixed):
            raise ConfigError(f"repeat_mixed is {self.repeat_mixed}; expected numbers of at least 1")
        if self.batch_size < 1 or self.epochs < 1:
            raise ConfigError("batch size and epochs must be at least 1")
        if not 0 < self.learning_rate <= 1:
            raise ConfigError(f"learning rate is {self.learning_rate}; expected above 0, at most 1")
        if not 0 <= self.validation < 1:
            raise ConfigError(f"validation is {self.validation}; expected 0 to below 1")
        if self.freeze not in ("", "encoder") and not self.freeze.isdecimal():
            raise ConfigError(
                f"freeze is {self.freeze!r}; expected 'encoder' or a number of layers"
            )
        for name, seed in (("seed", self.seed), ("split_seed", self.split_seed)):
            if seed < 0:
                raise ConfigError(f"{name} is {seed}; expected 0 or more")
        for stage in self.stages:
            self._check_stage(stage)

    def _check_stage(self, stage: Stage) -> None:
        if stage.epochs < 0:
            raise ConfigError(f"a stage has {stage.epochs} epochs; expected 0 or more")
        Frame(stage.height, stage.width)
        if stage.height % self._unit or stage.width % self._unit:
            raise ConfigError(
                f"frame {stage.height} x {stage.width} does not suit network {self.network!r}; "
                f"expected multiples of {self._unit}"
            )

    @property
    def _unit(self) -> int:
        """What the sides of a frame must be multiples of."""
        return lcm(32, NETWORKS[self.network].divisor)

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.stages)

    @property
    def frame(self) -> Frame:
        """The frame of the last stage: what the finished network is used with."""
        return Frame(self.stages[-1].height, self.stages[-1].width)

    def stage_of(self, epoch: int) -> Stage:
        """The stage that `epoch` (0-based) belongs to."""
        for stage in self.stages:
            if epoch < stage.epochs:
                return stage
            epoch -= stage.epochs
        return self.stages[-1]

    def with_epochs(self, epochs: int) -> TrainConfig:
        """The same recipe stretched to this many epochs, stages in proportion, the last never 0."""
        if epochs < 1:
            raise ConfigError(f"epochs is {epochs}; expected at least 1")
        total, done, stages = self.epochs, 0, []
        reached = 0
        for stage in self.stages:
            reached += stage.epochs
            upto = round(epochs * reached / total)
            stages.append(replace(stage, epochs=upto - done))
            done = upto
        kept = tuple(stage for stage in stages if stage.epochs > 0)
        if kept[-1].height != self.stages[-1].height or kept[-1].width != self.stages[-1].width:
            kept = (*kept[:-1], replace(self.stages[-1], epochs=kept[-1].epochs))
        return replace(self, stages=kept)

    def with_size(self, height: int, width: int) -> TrainConfig:
        """The same recipe ending at another frame; coarser stages shrink along.

        Their sides are multiples of what the network halves.
        """
        last, unit = self.stages[-1], self._unit

        def scaled(stage: Stage) -> Stage:
            if stage is last:
                return replace(stage, height=height, width=width)
            sides = (height * stage.height / last.height, width * stage.width / last.width)
            rows, cols = (max(round(side / unit), 1) * unit for side in sides)
            return replace(stage, height=rows, width=cols)

        return replace(self, stages=tuple(scaled(stage) for stage in self.stages))

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; `from_dict` reads it back."""
        return asdict(self)


WIDE = AugmentConfig(
    zoom=0.4,
    aspect=0.3,
    noise=0.2,
    extract=0.5,
    restore=0.3,
    bend=0.012,
    trough=0.3,
    shade=0.2,
    detail=0.8,
    equalise=0.15,
)
"""Gaps, scales, shapes and exposures that data lacks."""

RECIPES: Mapping[str, TrainConfig] = {
    "default": TrainConfig(augment=WIDE),
    # A second, longer pass over a default run.
    "refine": TrainConfig(stages=(Stage(100, 256, 512),), learning_rate=2e-3, augment=WIDE),
    "finetune": TrainConfig(
        stages=(Stage(20, 256, 512),),
        learning_rate=5e-4,
    ),
    "seed": TrainConfig(
        network="seed",
        stages=(Stage(10, 512, 512),),
        learning_rate=1e-3,
        optimiser="adam",
        weight_decay=0.0,
        schedule="constant",
        warmup_epochs=0.0,
        dice_weight=0.0,
        augment=SEED_AUGMENT,
    ),
}

SEED_DEPARTURES = (
    "Recipe 'seed' is the seed project's: its U-Net, 512 x 512, 33 classes, batch 4, 10 epochs, "
    "Adam 0.001, rotation and zoom. It departs from the seed's faults: flips swap left and right "
    "numbers, nothing is turned upside down, and labels are resized by nearest neighbour instead "
    "of bilinearly."
)


def recipe(name: str) -> TrainConfig:
    """The recipe of this name; raises `UnknownNameError` listing the known ones."""
    if name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES)
    return RECIPES[name]


def from_dict(data: Mapping[str, Any], base: TrainConfig | None = None) -> TrainConfig:
    """A recipe from plain data over `base`, of `augment` too only what is named.

    A misspelt key raises `UnknownNameError` with a suggestion, a value of the wrong kind
    `ConfigError`.
    """
    old = base or TrainConfig()
    _check_keys(data, TrainConfig, "setting")
    return replace(old, **{key: _converted(key, value, old) for key, value in data.items()})


def _check_keys(data: Mapping[str, Any], kind: type, what: str) -> None:
    names = [item.name for item in fields(kind)]
    for key in data:
        if key not in names:
            raise UnknownNameError(what, key, names)


def _converted(key: str, value: Any, base: TrainConfig) -> Any:
    try:
        if key == "stages":
            return tuple(_stage(stage) for stage in value)
        if key == "augment":
            _check_keys(value, AugmentConfig, "augment setting")
            return replace(base.augment, **value)
        if key in ("classes", "repeat", "repeat_mixed") or (key == "fold" and value is not None):
            return tuple(int(item) for item in value)
    except UnknownNameError:
        raise
    except (TypeError, ValueError) as error:
        raise ConfigError(f"setting {key!r}: {error}") from None
    expected = type(getattr(TrainConfig, key, None))
    fits = isinstance(value, (int, float) if expected is float else expected)
    if not fits or isinstance(value, bool):
        raise ConfigError(f"setting {key!r} is {value!r}; expected {expected.__name__}")
    return value


def _stage(data: Mapping[str, Any]) -> Stage:
    _check_keys(data, Stage, "stage setting")
    if wrong := [key for key, value in data.items() if type(value) is not int]:
        raise ConfigError(f"stage {wrong[0]} is {data[wrong[0]]!r}; expected a whole number")
    return Stage(**data)


def from_toml(file: Path, base: TrainConfig | None = None) -> TrainConfig:
    """A recipe from a TOML file over `base`; raises `ConfigError` naming the file."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not a TOML file ({error})") from None
    try:
        return from_dict(data, base)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None
    except UnknownNameError as error:
        raise ConfigError(f"{file}: {error}") from None


def load_config(folder: Path) -> tuple[TrainConfig, dict[str, Any]]:
    """The settings of a training run, and everything else that its config.json says.

    Raises `TrainingError` when the folder holds no run.
    """
    try:
        data = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        return from_dict(data["config"]), data
    except OSError as error:
        raise TrainingError(f"{folder}: holds no training run ({error.strerror})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{folder / CONFIG_FILE}: not of a training run ({error})") from None
