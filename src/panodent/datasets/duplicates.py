"""Groups of fingerprints that are of one radiograph, with little memory for each.

Of each fingerprint only a sketch is kept: its coordinates along 128 fixed directions. Two sketches
are never farther apart than their fingerprints, so no duplicate is missed; the few pairs whose
sketches are near are compared by their fingerprints, which are made again.

>>> prints = {"a": np.eye(3)[0], "b": np.eye(3)[1], "c": np.eye(3)[0]}
>>> sketches = Sketches(0.985)
>>> for key, print_ in prints.items():
...     sketches.add(key, print_)
>>> sketches.groups(prints.__getitem__)
[('a', 'c')]
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import Float32Array

LENGTH = 128
"""Number of coordinates of a sketch."""
_BLOCK = 64  # sketches that are compared with all before them at a time
_ROUNDING = 1e-4
_REMEMBERED = 64  # fingerprints that are kept while pairs are compared


class Sketches:
    """Collects fingerprints of unit length; two with a larger dot product than `above` are one."""

    def __init__(self, above: float) -> None:
        self._above = above
        self._keys: list[str] = []
        self._sketches = array("f")

    def add(self, key: str, print_: Float32Array) -> None:
        """Adds a fingerprint of unit length; all have the same length."""
        self._keys.append(key)
        self._sketches.frombytes(_sketch(print_).tobytes())

    def groups(self, print_of: Callable[[str], Float32Array]) -> list[tuple[str, ...]]:
        """Groups of keys that are one radiograph, in the order in which they were added.

        Groups are transitive: if a resembles b and b resembles c, then a, b and c are one group.
        `print_of` gives the fingerprint of a key again.
        """
        if len(self._keys) < 2:
            return []
        known = lru_cache(maxsize=_REMEMBERED)(lambda index: print_of(self._keys[index]))
        leader = np.arange(len(self._keys))
        matrix = np.frombuffer(self._sketches, np.float32).reshape(len(self._keys), -1)
        for index, near in self._near(matrix):
            while (near := near[leader[near] != leader[index]]).size:
                other, near = int(near[0]), near[1:]
                if float(known(other) @ known(index)) > self._above:
                    first, last = sorted((leader[other], leader[index]))
                    leader[leader == last] = first
        groups: dict[int, list[str]] = {}
        for key, first in zip(self._keys, leader.tolist(), strict=True):
            groups.setdefault(first, []).append(key)
        return [tuple(group) for group in groups.values() if len(group) > 1]

    def _near(self, matrix: Float32Array) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        """(index, indices before it whose sketches are as near as those of duplicates may be)."""
        squares = np.einsum("ij,ij->i", matrix, matrix)
        limit = 2 - 2 * self._above + _ROUNDING
        for start in range(0, len(matrix), _BLOCK):
            rows = slice(start, min(start + _BLOCK, len(matrix)))
            distances = matrix[rows] @ matrix[: rows.stop].T
            distances *= -2
            distances += squares[rows, None]
            distances += squares[None, : rows.stop]
            for offset, distance in enumerate(distances):
                near = np.flatnonzero(distance[: start + offset] < limit)
                if near.size:
                    yield start + offset, near


def _sketch(print_: Float32Array) -> Float32Array:
    vector = np.asarray(print_, np.float32)
    return vector if vector.size <= LENGTH else vector @ _directions(vector.size)


@lru_cache(maxsize=2)
def _directions(length: int) -> Float32Array:
    """(length, 128) float32: directions at right angles to each other, always the same."""
    random = np.random.default_rng(0).standard_normal((length, LENGTH))
    # As from a QR decomposition, which takes several times as long for so tall a matrix.
    lower = np.linalg.cholesky(random.T @ random)
    return (random @ np.linalg.inv(lower).T).astype(np.float32)
