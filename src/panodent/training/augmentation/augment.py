"""Random changes of an annotated radiograph that keep the truth true.

Geometry is one map, affine and perhaps bent, so pixels are resampled once and land in the frame's
size at once.
A left-right flip swaps the numbers of the sides (36 <-> 46); nothing is ever turned upside down.
Labels are moved by nearest neighbour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.bundle.frame import normalised, resized
from panodent.dentition import PERMANENT, mirror
from panodent.errors import ConfigError
from panodent.radiograph.radiograph import FloatImage
from panodent.training.augmentation.restorations import restored
from panodent.training.augmentation.tooth_removal import extracted

ClassImage = npt.NDArray[np.uint8]
"""Pixel value 0 is none, c is the tooth `PERMANENT[c - 1]`."""

IGNORED = 255
"""Class of pixels that count for nothing: teeth that are not among the network's classes."""


def mirrored_classes(classes: Sequence[int]) -> npt.NDArray[np.uint8]:
    """(256,) the class of the same tooth on the other side; raises `ConfigError` if it has none."""
    lookup = np.arange(256, dtype=np.uint8)
    for index, fdi in enumerate(classes, start=1):
        if mirror(fdi) not in classes:
            raise ConfigError(
                f"tooth {fdi} is a class but its mirror partner {mirror(fdi)} is not; "
                "add it, or train with augment.flip = 0"
            )
        lookup[index] = list(classes).index(mirror(fdi)) + 1
    return lookup


MIRRORED_CLASS = mirrored_classes(PERMANENT)


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


def augment(
    pixels: FloatImage,
    labels: ClassImage,
    size: tuple[int, int],
    config: AugmentConfig,
    rng: np.random.Generator,
    mirrored: npt.NDArray[np.uint8] | None = MIRRORED_CLASS,
    teeth: Sequence[int] = PERMANENT,
) -> tuple[FloatImage, ClassImage]:
    """One random variant of an annotated radiograph at frame size.

    Parameters
    ----------
    pixels : float32 (H, W) in [0, 1].
    labels : uint8 (H, W) class image.
    size : (height, width) of the result.
    mirrored : class of the same tooth on the other side, by class; None forbids flips.
    teeth : FDI number of class 1, 2, ...

    Returns normalised pixels float32 `size` and the class image uint8 `size`.
    """
    import cv2

    flipped = bool(rng.random() < config.flip) and mirrored is not None
    # Shrinking without area means would alias: come near the frame's size first.
    near = (min(pixels.shape[0], 2 * size[0]), min(pixels.shape[1], 2 * size[1]))
    source = resized(pixels, near)
    to_source = _affine(source.shape, size, flipped, config, rng)
    to_labels = _rescaled(near, labels.shape) @ to_source
    places = _places(size, config, rng)
    image = _warped(source, to_source, size, places, cv2.INTER_LINEAR)
    classes = _warped(labels, to_labels, size, places, cv2.INTER_NEAREST)
    if flipped and mirrored is not None:
        classes = mirrored[classes]
    if rng.random() < config.extract:
        image, classes = extracted(image, classes, teeth, rng)
    if config.restore and rng.random() < config.restore:
        image, classes = restored(image, classes, teeth, rng)
    return _intensity(normalised(image), config, rng), classes


def _factor(rng: np.random.Generator, extent: float) -> float:
    limit = np.log1p(extent)
    return float(np.exp(rng.uniform(-limit, limit)))


def _affine(
    source: tuple[int, ...],
    size: tuple[int, int],
    flipped: bool,
    config: AugmentConfig,
    rng: np.random.Generator,
) -> npt.NDArray[np.float64]:
    """3 x 3 map from (x, y) of the result to (x, y) of the source, pixel centres at integers."""
    zoom, aspect = _factor(rng, config.zoom), np.sqrt(_factor(rng, config.aspect))
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation))
    shear = rng.uniform(-config.shear, config.shear)
    shift_x, shift_y = rng.uniform(-config.shift, config.shift, 2)
    # Unit square about the centre, with the panoramic's 2:1 aspect so that turning stays rigid.
    from_pixels = np.array(
        [[2 / size[1], 0, 1 / size[1] - 1], [0, 1 / size[0], 0.5 / size[0] - 0.5], [0, 0, 1]]
    )
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    scale = np.diag([1 / (zoom * aspect), aspect / zoom, 1.0])
    lean = np.array([[1, shear, 2 * shift_x], [0, 1, shift_y], [0, 0, 1]])
    flip = np.diag([-1.0 if flipped else 1.0, 1.0, 1.0])
    height, width = source[:2]
    to_pixels = np.array(
        [[width / 2, 0, width / 2 - 0.5], [0, height, height / 2 - 0.5], [0, 0, 1]]
    )
    return to_pixels @ flip @ lean @ scale @ turn @ from_pixels


def _rescaled(old: tuple[int, ...], new: tuple[int, ...]) -> npt.NDArray[np.float64]:
    """3 x 3 map from (x, y) of a picture of size `old` to the same place in one of size `new`."""
    scale_y, scale_x = new[0] / old[0], new[1] / old[1]
    return np.array([[scale_x, 0, scale_x / 2 - 0.5], [0, scale_y, scale_y / 2 - 0.5], [0, 0, 1]])


def _smooth_field(
    size: tuple[int, int], planes: int, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Smooth random planes (height, width, planes) of standard deviation about 1."""
    import cv2

    small = rng.standard_normal((5, 8, planes), np.float32)
    field = cv2.resize(small, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
    return field.reshape(*size, planes)


def _places(
    size: tuple[int, int], config: AugmentConfig, rng: np.random.Generator
) -> npt.NDArray[np.float32] | None:
    """(height, width, 2) the place (x, y) of each pixel, bent and off the trough; None if neither.

    Smooth moves are about `config.bend` of the height.
    """
    if not config.bend and not config.trough:
        return None
    places = np.zeros((*size, 2), np.float32)
    if config.bend:
        places += np.float32(config.bend * size[0]) * _smooth_field(size, 2, rng)
    front, turn = rng.uniform(-config.trough, config.trough, 2) * (1, 0.5)
    places[..., 0] += off_trough(size[1], front, turn)[None]
    places[..., 1] += np.arange(size[0], dtype=np.float32)[:, None]
    return places


def off_trough(width: int, front: float, turn: float) -> npt.NDArray[np.float64]:
    """(width,) the column that each shows of a patient who stands off the focal trough.

    In the middle teeth have 1 / (1 + front) of their width; `turn` makes those of one side narrower
    than those of the other. Both ends stay where they are, and no column overtakes another while
    |front| + |turn| < 0.5.
    """
    across = (2 * np.arange(width) + 1) / width - 1
    shown = across + (turn + front * across) * (1 - across**2)
    return np.asarray(((shown + 1) * width - 1) / 2)


def _warped(
    image: npt.NDArray[Any],
    to_source: npt.NDArray[np.float64],
    size: tuple[int, int],
    places: npt.NDArray[np.float32] | None,
    method: int,
) -> npt.NDArray[Any]:
    """The image seen through the map, and before that through places (height, width, 2)."""
    import cv2

    if places is None:
        return cv2.warpAffine(
            image, to_source[:2], (size[1], size[0]), flags=cv2.WARP_INVERSE_MAP | method
        )
    return cv2.remap(image, cv2.transform(places, to_source[:2]), None, method)


def _intensity(image: FloatImage, config: AugmentConfig, rng: np.random.Generator) -> FloatImage:
    import cv2

    if config.equalise and rng.random() < config.equalise:
        image = _equalised(image, float(rng.uniform(1, 5)), int(rng.integers(4, 11)))
    if config.detail and rng.random() < 0.5:
        side = int(np.exp(rng.uniform(np.log(3), np.log(40))))
        amount = config.detail * rng.uniform(-0.5, 1)
        image = image + np.float32(amount) * (image - cv2.blur(image, (side, side)))
    gamma = _factor(rng, config.gamma)
    if gamma != 1.0:
        dense: FloatImage = np.clip((image + 1) / 2, 0, 1.25).astype(np.float32, copy=False)
        image = np.asarray(cv2.pow(dense, gamma))
        image *= 2
        image -= 1
    image = image * np.float32(_factor(rng, config.contrast))
    image += np.float32(rng.uniform(-config.brightness, config.brightness))
    if config.shade:
        image += np.float32(config.shade) * _smooth_field(image.shape, 1, rng)[..., 0]
    if config.blur and rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.3, max(config.blur, 0.31))))
    if config.noise and rng.random() < 0.5:
        noise = rng.standard_normal(image.shape, np.float32)
        noise *= np.float32(rng.uniform(0, config.noise))
        image += noise
    if rng.random() < config.erase:
        _draw_boxes(image, rng)
    return np.clip(image, -1.5, 1.5, out=image)


def _equalised(image: FloatImage, limit: float, tiles: int) -> FloatImage:
    """A normalised image, its contrast stretched in each of tiles x tiles parts up to `limit`."""
    import cv2

    grey = np.clip(127.5 * (image + 1), 0, 255).astype(np.uint8)
    equal = cv2.createCLAHE(limit, (tiles, tiles)).apply(grey)
    return equal.astype(np.float32) / np.float32(127.5) - np.float32(1)


def _draw_boxes(image: FloatImage, rng: np.random.Generator) -> None:
    """Flat boxes where devices burn in text and markers, and sometimes over the anatomy."""
    height, width = image.shape
    for _ in range(int(rng.integers(1, 4))):
        tall, wide = int(height * rng.uniform(0.02, 0.12)), int(width * rng.uniform(0.02, 0.12))
        top, left = int(rng.integers(0, height - tall)), int(rng.integers(0, width - wide))
        image[top : top + tall, left : left + wide] = rng.choice([-1.0, 1.0])
