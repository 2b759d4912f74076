"""Probabilities of logits."""

from __future__ import annotations

import numpy as np

from panodent.utils.arrays import Float32Array, Int64Array


def softmax(logits: Float32Array, axis: int = 0) -> Float32Array:
    """Probabilities of logits, float32 of the same shape; they add up to 1 along `axis`.

    >>> softmax(np.float32([0, np.log(3)])).tolist()
    [0.25, 0.75]
    """
    shifted = logits - logits.max(axis=axis, keepdims=True)
    probability: Float32Array = np.exp(shifted, out=shifted)
    probability /= probability.sum(axis=axis, keepdims=True)
    return probability


class Probabilities:
    """What `softmax` returns for logits (n, h, w), computed only where it is asked for.

    >>> found = Probabilities(np.log(np.float32([1, 3]))[:, None, None])
    >>> found.plane(1).tolist(), found.at_pixels(np.array([0])).tolist()
    ([[0.75]], [[0.25], [0.75]])
    """

    def __init__(self, logits: Float32Array) -> None:
        self._logits = logits
        self._largest: Float32Array = logits.max(axis=0)
        self._total = np.zeros_like(self._largest)
        term = np.empty_like(self._largest)
        # One plane after the other stays in the processor's cache, which is faster.
        for plane in logits:
            np.exp(np.subtract(plane, self._largest, out=term), out=term)
            self._total += term

    def plane(self, index: int, part: tuple[slice, slice] = np.s_[:, :]) -> Float32Array:
        """(r, c): the probabilities of one logit in some rows and columns, by default in all."""
        probability: Float32Array = np.exp(self._logits[index, *part] - self._largest[part])
        probability /= self._total[part]
        return probability

    def at_pixels(self, pixels: Int64Array) -> Float32Array:
        """(n, k): all probabilities at k pixels, given as indices into the flattened plane."""
        logits = self._logits.reshape(len(self._logits), -1).take(pixels, axis=1)
        logits -= self._largest.take(pixels)
        probability: Float32Array = np.exp(logits, out=logits)
        probability /= self._total.take(pixels)
        return probability
