"""Geometric augmentation: affine maps, smooth deformation, position off the focal trough."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.training.augmentation.config import AugmentConfig
from panodent.utils.arrays import Float32Array, Float64Array


def log_uniform_factor(rng: np.random.Generator, extent: float) -> float:
    """A factor drawn log-uniformly from 1/(1+extent) to 1+extent."""
    limit = np.log1p(extent)
    return float(np.exp(rng.uniform(-limit, limit)))


def affine_map(
    source: tuple[int, ...],
    size: tuple[int, int],
    flipped: bool,
    config: AugmentConfig,
    rng: np.random.Generator,
) -> Float64Array:
    """Random 3 x 3 map from (x, y) of the result to (x, y) of the source.

    `source` and `size` are (height, width); pixel centres have integer coordinates.
    """
    zoom, aspect = (
        log_uniform_factor(rng, config.zoom),
        np.sqrt(log_uniform_factor(rng, config.aspect)),
    )
    angle = np.deg2rad(rng.uniform(-config.rotation, config.rotation))
    shear = rng.uniform(-config.shear, config.shear)
    shift_x, shift_y = rng.uniform(-config.shift, config.shift, 2)
    # Coordinates about the centre with the panoramic's aspect of 2:1, so that rotations are rigid.
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


def rescaling_map(old: tuple[int, ...], new: tuple[int, ...]) -> Float64Array:
    """3 x 3 map from (x, y) of an image of size `old` to the same place in one of size `new`."""
    scale_y, scale_x = new[0] / old[0], new[1] / old[1]
    return np.array([[scale_x, 0, scale_x / 2 - 0.5], [0, scale_y, scale_y / 2 - 0.5], [0, 0, 1]])


def smooth_field(size: tuple[int, int], planes: int, rng: np.random.Generator) -> Float32Array:
    """Smooth random planes, float32 (height, width, planes), of standard deviation about 1."""
    import cv2

    small = rng.standard_normal((5, 8, planes), np.float32)
    field = cv2.resize(small, (size[1], size[0]), interpolation=cv2.INTER_CUBIC)
    return field.reshape(*size, planes)


def displaced_places(
    size: tuple[int, int], config: AugmentConfig, rng: np.random.Generator
) -> Float32Array | None:
    """Where each result pixel is taken from, float32 (height, width, 2) as (x, y).

    A smooth deformation (`config.bend`) and a position off the focal trough (`config.trough`);
    None when both are off.
    """
    if not config.bend and not config.trough:
        return None
    places = np.zeros((*size, 2), np.float32)
    if config.bend:
        places += np.float32(config.bend * size[0]) * smooth_field(size, 2, rng)
    front, turn = rng.uniform(-config.trough, config.trough, 2) * (1, 0.5)
    places[..., 0] += off_trough(size[1], front, turn)[None]
    places[..., 1] += np.arange(size[0], dtype=np.float32)[:, None]
    return places


def off_trough(width: int, front: float, turn: float) -> Float64Array:
    """Source column of each column, (width,), for a patient who stands off the focal trough.

    Teeth in the middle appear with 1 / (1 + front) of their width; `turn` makes the teeth of one
    side narrower than those of the other. The first and last columns stay where they are, and the
    order of columns is kept while |front| + |turn| < 0.5.

    >>> off_trough(4, 0.0, 0.0).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    across = (2 * np.arange(width) + 1) / width - 1
    shown = across + (turn + front * across) * (1 - across**2)
    return np.asarray(((shown + 1) * width - 1) / 2)


def warp(
    image: npt.NDArray[Any],
    to_source: Float64Array,
    size: tuple[int, int],
    places: Float32Array | None,
    method: int,
) -> npt.NDArray[Any]:
    """Resamples an image: result pixel -> `places` (height, width, 2), if given -> `to_source`.

    `size` is the (height, width) of the result, `method` an interpolation flag of OpenCV.
    """
    import cv2

    if places is None:
        return cv2.warpAffine(
            image, to_source[:2], (size[1], size[0]), flags=cv2.WARP_INVERSE_MAP | method
        )
    return cv2.remap(image, cv2.transform(places, to_source[:2]), None, method)
