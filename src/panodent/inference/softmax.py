"""Probabilities of logits."""

from __future__ import annotations

import numpy as np

from panodent.utils.arrays import Float32Array


def softmax(logits: Float32Array, axis: int = 0) -> Float32Array:
    """Probabilities of logits, float32 of the same shape; they add up to 1 along `axis`.

    >>> softmax(np.float32([0, np.log(3)])).tolist()
    [0.25, 0.75]
    """
    shifted = logits - logits.max(axis=axis, keepdims=True)
    probability: Float32Array = np.exp(shifted, out=shifted)
    probability /= probability.sum(axis=axis, keepdims=True)
    return probability
