"""Test-time augmentation: a network asked twice, of the radiograph and of its mirror image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panodent.bundle.bundle import Bundle
from panodent.dentition import mirror
from panodent.errors import BundleError
from panodent.utils.arrays import Float32Array


def answer(bundle: Bundle, pixels: Float32Array) -> Float32Array:
    """Mean of a bundle's planes (p, h, w) for pixels (H, W) and for their mirror image.

    Costs a second forward pass. Raises `BundleError` when a class lacks its mirror partner.
    """
    order = _mirrored(bundle.classes)
    straight = bundle.answer(pixels)
    turned = bundle.answer(np.ascontiguousarray(pixels[:, ::-1]))[..., ::-1]
    mean = straight + turned[[*order, *range(len(order), len(turned))]]
    if len(mean) > len(order):  # offsets: to the left is to the right in the mirror
        mean[len(order)] -= 2 * turned[len(order)]
    mean /= 2
    return mean


def _mirrored(classes: Sequence[int]) -> list[int]:
    """Plane of the same tooth on the other side, for each logit."""
    if alone := [fdi for fdi in classes if mirror(fdi) not in classes]:
        raise BundleError(
            f"tooth {alone[0]} is a class of the bundle and its mirror partner is not; "
            "predict without --tta"
        )
    return [0, *(classes.index(mirror(fdi)) + 1 for fdi in classes)]
