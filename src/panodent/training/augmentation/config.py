"""Settings of augmentation."""

from __future__ import annotations

from dataclasses import dataclass

from panodent.errors import ConfigError


@dataclass(frozen=True)
class AugmentConfig:
    """How far each random change goes; every zero switches its change off.

    `rotation` degrees either way; `zoom`, `aspect` and `contrast` factors drawn log-uniformly in
    1/(1+x) .. 1+x; `shift` a share of the side; `gamma` likewise a factor; `blur` sigma in pixels;
    `noise` standard deviation and `brightness` offset in units of the normalised range (2 = black
    to white); `flip` probability; `erase` probability of a flat box (text, markers) being drawn;
    `extract` probability of runs of neighbouring teeth being taken out; `restore` probability of
    one being crowned or replaced by implants; `bend` how far places move smoothly against each
    other, as a share of the height (standard deviation); `trough` how much narrower or wider front
    teeth, and half as much the teeth of one side, appear than the others, at most 0.33; `shade` how
    far exposure changes smoothly over the picture, in units of the normalised range (standard
    deviation); `detail` how far detail is enhanced, or half as far flattened, against its
    surroundings, as devices do it; `equalise` probability of the exposure being equalised place by
    place (CLAHE), as viewers do it.
    """

    rotation: float = 8.0
    zoom: float = 0.2
    aspect: float = 0.15
    shift: float = 0.06
    shear: float = 0.05
    flip: float = 0.5
    gamma: float = 0.6
    contrast: float = 0.3
    brightness: float = 0.2
    blur: float = 1.2
    noise: float = 0.12
    erase: float = 0.3
    extract: float = 0.0
    restore: float = 0.0
    bend: float = 0.0
    trough: float = 0.0
    shade: float = 0.0
    detail: float = 0.0
    equalise: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value <= (45 if name == "rotation" else 5):
                raise ConfigError(
                    f"augment {name} is {value}; expected 0 or a small positive number"
                )
        if self.trough > 0.33:
            raise ConfigError(f"augment trough is {self.trough}; above 0.33 places would fold over")
        if max(self.flip, self.erase, self.extract, self.restore, self.equalise) > 1:
            raise ConfigError(
                "augment flip, erase, extract, restore and equalise are probabilities: at most 1"
            )


NO_AUGMENT = AugmentConfig(**dict.fromkeys(AugmentConfig.__dataclass_fields__, 0.0))


SEED_AUGMENT = AugmentConfig(
    **{
        **dict.fromkeys(AugmentConfig.__dataclass_fields__, 0.0),
        "rotation": 10.0,
        "zoom": 0.1,
        "flip": 0.5,
    }
)
"""What the seed project did (rotation, slight zoom, flips), with the flips put right."""
