"""Digests that recognise a radiograph again without showing it; `panodent.bundle.seen` lists them.

Each of the 256 signs says on which side of a fixed random plane the radiograph's fingerprint lies
(Charikar 2002, doi:10.1145/509907.509965). Most signs are equal if two files show one radiograph,
also after scaling, compression or a change of brightness. 32 bytes cannot be turned back into the
picture.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

from panodent.bundle.seen import BITS
from panodent.datasets.splits import fingerprint
from panodent.radiograph.radiograph import Radiograph
from panodent.utils.arrays import Float32Array

_SOURCE = b"panodent: signs of radiographs"
"""Where the planes come from; another text would make all digests incomparable."""


def digest(radiograph: Radiograph) -> str:
    """64 hexadecimal digits that recognise the radiograph."""
    return digest_of(fingerprint(radiograph))


def digest_of(print_: Float32Array) -> str:
    """The digest of a radiograph by its fingerprint, (k,) float32 with a multiple of 8 values."""
    signs = _planes(len(print_)) @ print_ > 0
    return np.packbits(signs).tobytes().hex()


@lru_cache(maxsize=1)
def _planes(length: int) -> Float32Array:
    """(BITS, length) of -1 and 1, the same on every computer."""
    drawn = hashlib.shake_256(_SOURCE).digest(length * BITS // 8)
    bits = np.unpackbits(np.frombuffer(drawn, np.uint8)).reshape(BITS, length)
    return bits.astype(np.float32) * 2 - 1
