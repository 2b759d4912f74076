"""Settings of the training of a findings network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from panodent.bundle.frame import Frame
from panodent.errors import ConfigError
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.precision import AUTO, check_precision
from panodent.training.settings import check_ranges, setting

PROBABILITY = (0.0, 1.0)


def _augment() -> AugmentConfig:
    return AugmentConfig(
        zoom=0.3, aspect=0.25, bend=0.008, trough=0.2, shade=0.15, detail=0.6, equalise=0.1,
        noise=0.15,
    )  # fmt: skip


@dataclass(frozen=True)
class PaintConfig:
    """How often what is painted on teeth; exact labels come with it."""

    plain: float = setting(
        0.7, "A radiograph without findings gets some painted.", PROBABILITY, "probability"
    )
    labelled: float = setting(
        0.35, "A radiograph with annotated findings gets more painted.", PROBABILITY, "probability"
    )
    filling: float = setting(0.25, "A tooth gets a filling.", PROBABILITY, "probability")
    pale: float = setting(
        0.4, "A painted filling is little brighter than its tooth.", PROBABILITY, "probability"
    )
    root_filling: float = setting(0.12, "A tooth gets a root filling.", PROBABILITY, "probability")
    post: float = setting(0.35, "A tooth with a root filling gets a post.", PROBABILITY)
    crown: float = setting(0.08, "A single tooth is crowned.", PROBABILITY, "probability")
    runs: float = setting(
        1.2, "Mean number of runs of teeth that become a bridge or implants.", (0, 8), "runs"
    )
    implants: float = setting(0.55, "A run becomes implants, not a bridge.", PROBABILITY)
    implant_crowns: float = setting(0.7, "The implants of a run carry crowns.", PROBABILITY)
    appliance: float = setting(0.15, "One jaw or both get brackets and a wire.", PROBABILITY)
    still_tooth: float = setting(
        0.3, "The first network still takes a painted implant or pontic for a tooth.", PROBABILITY
    )

    def __post_init__(self) -> None:
        check_ranges(self, "paint")


@dataclass(frozen=True)
class FindingsConfig:
    """Settings of the training of a findings network; each field's metadata holds its help."""

    filters: tuple[int, ...] = setting((16, 32, 64, 96, 128), "Filters of each level.")
    height: int = setting(384, "Height of the network's frame.", (32, 4096), "pixels")
    width: int = setting(768, "Width of the network's frame.", (32, 8192), "pixels")
    epochs: int = setting(50, "Passes over all radiographs.", (1, 10_000), "epochs")
    batch_size: int = setting(4, "Radiographs a training step.", (1, 4096), "radiographs")
    repeat: int = setting(2, "Times that an epoch shows each annotated radiograph.", (1, 1000))
    learning_rate: float = setting(3e-3, "Highest learning rate.", (1e-6, 1))
    weight_decay: float = setting(1e-2, "Weight decay of AdamW.", (0, 1))
    dice_weight: float = setting(1.0, "Weight of the Dice loss beside cross-entropy.", (0, 100))
    dropout: float = setting(0.1, "Dropout of channels at the deepest level.", PROBABILITY)
    precision: str = setting(AUTO, "What layers compute in: auto, float32 or mixed_bfloat16.")
    teacher_weight: float = setting(
        1.0, "Weight of the difference from the teacher, with --teacher.", (0, 100)
    )
    start_share: float = setting(
        0.0,
        "Share of the weights of the start when they are averaged with the trained ones.",
        PROBABILITY,
    )
    workers: int = setting(0, "Processes that make batches.", (0, 256), "processes")
    seed: int = setting(0, "Random seed of weights and batches.", (0, 2**31))
    augment: AugmentConfig = field(default_factory=_augment)
    paint: PaintConfig = field(default_factory=PaintConfig)

    def __post_init__(self) -> None:
        check_ranges(self)
        check_precision(self.precision)
        if not self.filters or min(self.filters) < 1:
            raise ConfigError(f"filters are {self.filters}; expected a number above 0 a level")
        Frame(self.height, self.width)

    @property
    def frame(self) -> Frame:
        """How a radiograph becomes the network's input."""
        return Frame(self.height, self.width)


def config_from(values: dict[str, Any]) -> FindingsConfig:
    """The configuration that `dataclasses.asdict` turned to plain data."""
    return FindingsConfig(
        **{
            **values,
            "filters": tuple(values["filters"]),
            "augment": AugmentConfig(**values["augment"]),
            "paint": PaintConfig(**values["paint"]),
        }
    )
