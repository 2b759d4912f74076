"""Groups of fingerprints that are of one radiograph, with little memory for each.

Of each fingerprint only a sketch is kept: its coordinates along 128 fixed directions. Two sketches
are never farther apart than their fingerprints, so no duplicate is missed; the few pairs whose
sketches are near are compared by their fingerprints, which are made again. Sketches of many
radiographs are kept in a temporary file.

>>> prints = {"a": np.eye(3)[0], "b": np.eye(3)[1], "c": np.eye(3)[0]}
>>> sketches = Sketches(0.985)
>>> for key, print_ in prints.items():
...     sketches.add(key, print_)
>>> sketches.groups(prints.__getitem__)
[('a', 'c')]
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from panodent.errors import OutputError
from panodent.utils.arrays import Float32Array

LENGTH = 128
"""Number of coordinates of a sketch."""
_BLOCK = 256  # sketches that are compared with all before them at a time
_BEFORE = 512  # as many of these at a time
_IN_MEMORY = 1 << 18  # bytes of sketches; more go to a file
_ROUNDING = 1e-4
_REMEMBERED = 64  # fingerprints that are kept while pairs are compared


class Sketches:
    """Collects fingerprints of unit length; two with a larger dot product than `above` are one."""

    def __init__(self, above: float) -> None:
        self._above = above
        self._keys: list[str] = []
        self._sketches = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - lives as long

    def add(self, key: str, print_: Float32Array) -> None:
        """Adds a fingerprint of unit length; all have the same length.

        Raises `OutputError` if there is no room for temporary files.
        """
        self._keys.append(key)
        sketch = _sketch(print_)
        self._length = sketch.size
        try:
            self._sketches.write(sketch.tobytes())
        except OSError as error:
            raise OutputError(
                f"{tempfile.gettempdir()}: cannot be written ({error.strerror}); make room there, "
                "or name another folder in TMPDIR"
            ) from None

    def groups(self, print_of: Callable[[str], Float32Array]) -> list[tuple[str, ...]]:
        """Groups of keys that are one radiograph, in the order in which they were added.

        Groups are transitive: if a resembles b and b resembles c, then a, b and c are one group.
        `print_of` gives the fingerprint of a key again.
        """
        if len(self._keys) < 2:
            return []
        known = lru_cache(maxsize=_REMEMBERED)(lambda index: print_of(self._keys[index]))
        leader = np.arange(len(self._keys))
        for index, near in self._near():
            while (near := near[leader[near] != leader[index]]).size:
                other, near = int(near[0]), near[1:]
                if float(known(other) @ known(index)) > self._above:
                    first, last = sorted((leader[other], leader[index]))
                    leader[leader == last] = first
        leaders, counts = np.unique(leader, return_counts=True)
        groups = (np.flatnonzero(leader == one).tolist() for one in leaders[counts > 1])
        return [tuple(self._keys[index] for index in group) for group in groups]

    def _near(self) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        """(index, indices before it whose sketches are as near as those of duplicates may be).

        An index may come several times, with other indices before it.
        """
        limit = 2 - 2 * self._above + _ROUNDING
        for start in range(0, len(self._keys), _BLOCK):
            rows = self._rows(start, _BLOCK)
            for first in range(0, start + len(rows), _BEFORE):
                before = self._rows(first, min(_BEFORE, start + len(rows) - first))
                distances = rows @ before.T
                distances *= -2
                distances += np.einsum("ij,ij->i", rows, rows)[:, None]
                distances += np.einsum("ij,ij->i", before, before)[None]
                close = distances < limit
                for row in np.flatnonzero(close.any(axis=1)).tolist():
                    near = first + np.flatnonzero(close[row, : max(start + row - first, 0)])
                    if near.size:
                        yield start + row, near

    def _rows(self, first: int, count: int) -> Float32Array:
        """Sketches from an index on."""
        self._sketches.seek(first * self._length * 4)
        data = self._sketches.read(count * self._length * 4)
        return np.frombuffer(data, np.float32).reshape(-1, self._length)


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
