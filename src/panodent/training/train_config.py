"""All settings of training as data: `TrainConfig` and its stages."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from panodent.bundle.frame import Frame
from panodent.datasets.splits import SHARE
from panodent.dentition import PERMANENT, TEETH
from panodent.errors import ConfigError, UnknownNameError
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.precision import AUTO, check_precision
from panodent.training.settings import check_ranges, setting
from panodent.training.unet import NETWORKS

OPTIMISERS = ("adam", "adamw")
UNLIMITED = math.inf
_SIDES = "A multiple of 64, or of 32 for the network seed."


@dataclass(frozen=True)
class Stage:
    """Consecutive epochs at one frame size (height, width) in pixels."""

    epochs: int = field(metadata={"help": "Epochs at this frame size.", "unit": "epochs"})
    height: int = field(metadata={"help": f"Height of the frame. {_SIDES}", "unit": "pixels"})
    width: int = field(metadata={"help": f"Width of the frame. {_SIDES}", "unit": "pixels"})


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides how a network is trained.

    Each field's metadata holds its help, range and unit; `panodent.training.recipes.settings_table`
    lists them. A value outside its range raises `ConfigError`, an unknown name `UnknownNameError`.
    """

    network: str = setting("default", "Named architecture of `panodent.training.unet.NETWORKS`.")
    classes: tuple[int, ...] = setting(
        PERMANENT, "FDI numbers that the network tells apart; pixels of other teeth are ignored."
    )
    stages: tuple[Stage, ...] = setting(
        (Stage(20, 128, 256), Stage(15, 192, 384), Stage(26, 256, 512)),
        "Epochs at one frame size each, trained in this order (coarse first).",
    )
    batch_size: int = setting(4, "Radiographs in a step.", (1, UNLIMITED), "radiographs")
    learning_rate: float = setting(3e-3, "Highest learning rate, above 0.", (0, 1))
    optimiser: str = setting("adamw", "adam or adamw.")
    weight_decay: float = setting(1e-2, "Decoupled weight decay of adamw.", (0, 1))
    clip_norm: float = setting(
        5.0, "The norm to which adamw clips each weight's gradient, above 0.", (0, UNLIMITED)
    )
    schedule: str = setting("cosine", "Course of the learning rate: cosine or constant.")
    warmup_epochs: float = setting(
        1.0, "Epochs of linear rise before the cosine decay.", (0, UNLIMITED), "epochs"
    )
    warmup_start: float = setting(
        0.02, "Learning rate at the first step of the rise.", (0, 1), "share of learning_rate"
    )
    final_rate: float = setting(
        0.01, "Learning rate at the end of the cosine decay.", (0, 1), "share of learning_rate"
    )
    dice_weight: float = setting(
        1.0, "Weight of the Dice loss beside the cross-entropy.", (0, UNLIMITED)
    )
    dice_smoothing: float = setting(
        20.0, "Added to both terms of each Dice quotient.", (0, UNLIMITED), "output pixels"
    )
    precision: str = setting(
        AUTO,
        "What layers compute in: float32, mixed_bfloat16, or auto, which is mixed_bfloat16 on "
        "processors that have it.",
    )
    validation: float = setting(
        SHARE, "Share of groups of radiographs held out, below 1.", (0, 1), "share"
    )
    fold: tuple[int, int] | None = setting(
        None, "(K, N): hold out part K (from 1) of N; replaces `validation`."
    )
    repeat: tuple[int, ...] = setting(
        (), "Times that an epoch shows the radiographs of each data folder, in their order."
    )
    repeat_mixed: tuple[int, ...] = setting(
        (),
        "Least number of times that an epoch shows radiographs with deciduous teeth, by data "
        "folder; one number holds for all folders.",
    )
    ignore_unlabelled: float = setting(
        0.0,
        "Where a starting bundle that knows all 52 teeth finds a tooth with at least this score "
        "and no annotation is drawn, training ignores its pixels; 0 turns this off.",
        (0, 1),
        "score",
    )
    freeze: str = setting(
        "",
        "Layers that stay as they are: '' none, 'encoder', or how many first weighted layers.",
    )
    teacher_weight: float = setting(
        1.0, "Weight of the difference from teachers, with --teacher.", (0, UNLIMITED)
    )
    workers: int = setting(
        0,
        "Processes that make batches; 0: a thread of the process that trains. Batches are the same "
        "for every number.",
        (0, 256),
        "processes",
    )
    seed: int = setting(0, "Seed of weights and batches.", (0, UNLIMITED))
    split_seed: int = setting(0, "Seed of what is held out.", (0, UNLIMITED))
    candidate_epochs: int = setting(
        5,
        "Epochs, the best by quick Dice, that are scored by full prediction to choose one.",
        (1, UNLIMITED),
        "epochs",
    )
    patience: int = setting(
        0,
        "Training stops when so many epochs of the last stage have not improved the validation "
        "Dice; 0: never.",
        (0, UNLIMITED),
        "epochs",
    )
    keep_epochs: bool = setting(
        False,
        "Whether the weights of every epoch are kept; otherwise those of the best and the last.",
    )
    augment: AugmentConfig = field(
        default_factory=AugmentConfig,
        metadata={"help": "Settings of augmentation, see the rows `augment.*`."},
    )

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise UnknownNameError("network", self.network, NETWORKS)
        for name, value, known in (
            ("optimiser", self.optimiser, OPTIMISERS),
            ("schedule", self.schedule, ("cosine", "constant")),
        ):
            if value not in known:
                raise UnknownNameError(name, value, known)
        check_precision(self.precision)
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ConfigError("classes must name at least one tooth, each once")
        if unknown := [fdi for fdi in self.classes if fdi not in TEETH]:
            raise ConfigError(
                f"classes: {unknown[0]} is not an FDI number; expected such as 11 or 48"
            )
        check_ranges(self)
        if self.epochs < 1:
            raise ConfigError(f"stages have {self.epochs} epochs; expected at least 1")
        for name in ("learning_rate", "clip_norm"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}; expected above 0")
        if any(times < 1 for times in self.repeat_mixed):
            raise ConfigError(f"repeat_mixed is {self.repeat_mixed}; expected at least 1 for each")
        if self.validation == 1:
            raise ConfigError("validation is 1, so nothing is left to train on; expected below 1")
        if self.freeze not in ("", "encoder") and not self.freeze.isdecimal():
            raise ConfigError(
                f"freeze is {self.freeze!r}; expected 'encoder' or a number of layers"
            )
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
        """The number that both sides of a frame must be multiples of."""
        return math.lcm(32, NETWORKS[self.network].divisor)

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
        """The same recipe with this many epochs, shared among the stages in proportion.

        The last stage keeps at least one epoch.
        """
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
        """The same recipe with another final frame; the frames of earlier stages scale with it.

        Their sides are rounded to multiples of what the network needs.
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
