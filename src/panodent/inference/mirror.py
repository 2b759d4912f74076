"""Test-time augmentation: averages the predictions on a radiograph and on its mirror image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panodent.bundle.bundle import Bundle
from panodent.dentition import mirror
from panodent.errors import BundleError
from panodent.utils.arrays import Float32Array


def predict_planes(bundle: Bundle, pixels: Float32Array) -> Float32Array:
    """Mean of the network's planes (p, h, w) for pixels (H, W) in [0, 1] and their mirror image.

    Takes two forward passes. Raises `BundleError` when the tooth of the other side is not a class.
    """
    order = _mirrored_planes(bundle.classes)
    straight = bundle.predict_planes(pixels)
    turned = bundle.predict_planes(np.ascontiguousarray(pixels[:, ::-1]))[..., ::-1]
    mean = straight + turned[[*order, *range(len(order), len(turned))]]
    if len(mean) > len(order):  # the mirror image has the opposite sign of horizontal offsets
        mean[len(order)] -= 2 * turned[len(order)]
    mean /= 2
    return mean


def _mirrored_planes(classes: Sequence[int]) -> list[int]:
    """For each logit plane, the index of the plane of the same tooth on the other side."""
    if alone := [fdi for fdi in classes if mirror(fdi) not in classes]:
        raise BundleError(
            f"tooth {alone[0]} is a class of the bundle, but tooth {mirror(alone[0])} of the other "
            "side is not; predict without --tta"
        )
    return [0, *(classes.index(mirror(fdi)) + 1 for fdi in classes)]
