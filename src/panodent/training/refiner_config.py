"""Settings of a refiner's training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from panodent.training.precision import AUTO, check_precision
from panodent.training.settings import check_ranges, setting


@dataclass(frozen=True)
class ChangeConfig:
    """How far radiographs are changed before the bundle answers."""

    scale: float = setting(0.15, "Largest change of scale, as a natural logarithm.", (0, 0.5))
    stretch: float = setting(0.08, "Largest change of proportions, as a natural logarithm.", (0, 1))
    rotation: float = setting(5.0, "Largest rotation.", (0, 45), "degrees")
    shift: float = setting(0.04, "Largest shift, as a share of the sides.", (0, 0.5))
    gamma: float = setting(0.4, "Largest change of gamma, as a natural logarithm.", (0, 1))
    noise: float = setting(0.03, "Largest standard deviation of added noise.", (0, 0.5))

    def __post_init__(self) -> None:
        check_ranges(self)


@dataclass(frozen=True)
class RefinerConfig:
    """Settings of a refiner's training; each field's metadata holds its help."""

    filters: tuple[int, ...] = setting((16, 32, 64, 96), "Filters of each level of the network.")
    encoder_convolutions: int = setting(2, "Convolutions of a level in the encoder.", (1, 8))
    epochs: int = setting(12, "Passes over all crops.", (1, 10_000), "epochs")
    batch_size: int = setting(64, "Crops a training step.", (1, 4096), "crops")
    learning_rate: float = setting(3e-3, "Highest learning rate.", (1e-6, 1))
    weight_decay: float = setting(1e-2, "Weight decay of AdamW.", (0, 1))
    dice_weight: float = setting(1.0, "Weight of the Dice loss beside cross-entropy.", (0, 100))
    teacher_weight: float = setting(
        1.0, "Weight of the difference from the teacher, with --teacher.", (0, 100)
    )
    precision: str = setting(AUTO, "What layers compute in: auto, float32 or mixed_bfloat16.")
    variants: int = setting(
        2,
        "Versions of each radiograph that are used: unchanged, then with random changes.",
        (1, 100),
    )
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
    bias: float = setting(0.25, "Largest shift of the lead that the first network gives.", (0, 2))
    change: ChangeConfig = field(default_factory=ChangeConfig)

    def __post_init__(self) -> None:
        check_ranges(self)
        check_precision(self.precision)


def config_from(values: Mapping[str, Any]) -> RefinerConfig:
    """The settings that a run's record holds."""
    change = ChangeConfig(**values["change"])
    return RefinerConfig(**{**values, "filters": tuple(values["filters"]), "change": change})
