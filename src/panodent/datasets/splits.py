"""Splits of annotated radiographs into training and validation, with duplicates kept together.

A radiograph that is in a data set twice must not be trained on and validated with, so duplicates
are found by their pixels and become one group. A group lies on one side of every split.

>>> from pathlib import Path
>>> from panodent.formats.base import Annotated
>>> cases = [Case(key, Path(f"{key}.png"), Annotated(key, None), key) for key in "abcdef"]
>>> training, validation = split(cases, share=0.3)
>>> len(training), len(validation)
(4, 2)
>>> parts = [fold(cases, index, 3)[1] for index in (1, 2, 3)]
>>> sorted(case.key for side in parts for case in side)
['a', 'b', 'c', 'd', 'e', 'f']
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from panodent.datasets.dataset import Case
from panodent.datasets.duplicates import Sketches
from panodent.errors import ConfigError, RadiographError
from panodent.formats.base import Annotated
from panodent.radiograph.radiograph import Radiograph
from panodent.radiograph.resampling import normalised, resized
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import Float32Array

_PRINT_SIZE = (32, 64)
SHARE = 0.15
"""Share of the radiographs that are held out unless another is chosen."""
DUPLICATE_CORRELATION = 0.985
"""Two radiographs are duplicates if the correlation of their fingerprints is above this."""


def fingerprint(radiograph: Radiograph) -> Float32Array:
    """(2048,) float32 of unit length: the fine structure of a radiograph, 32 x 64 pixels.

    The dot product of two fingerprints is their correlation. It is near 1 for two files of one
    radiograph, also after scaling, compression or a change of brightness.
    """
    small = resized(normalised(resized(radiograph.pixels, (256, 512))), _PRINT_SIZE)
    # All panoramic radiographs are alike in their coarse structure, so it is subtracted.
    detail = small - _smooth(small)
    vector = (detail - detail.mean()).ravel()
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _smooth(image: Float32Array) -> Float32Array:
    import cv2

    return cv2.GaussianBlur(image, (0, 0), 4.0)


def duplicates(prints: Mapping[str, Float32Array]) -> list[tuple[str, ...]]:
    """Groups of keys whose radiographs are duplicates, in the order of `prints`.

    `prints` is the fingerprint by key. Groups are transitive: if a resembles b and b resembles c,
    then a, b and c are one group.

    >>> one, other = np.eye(2, dtype=np.float32)
    >>> duplicates({"a": one, "b": other, "c": one})
    [('a', 'c')]
    """
    sketches = Sketches(DUPLICATE_CORRELATION)
    for key, print_ in prints.items():
        sketches.add(key, print_)
    return sketches.groups(prints.__getitem__)


def duplicate_cases(
    cases: Sequence[Case], read: Callable[[Case], Float32Array | None]
) -> list[tuple[str, ...]]:
    """Groups of keys whose radiographs are duplicates, as `duplicates`, in flat memory.

    `read` is called once for each case and gives its fingerprint, or None to leave it out. The
    few radiographs that may be duplicates are read again.
    """
    sketches = Sketches(DUPLICATE_CORRELATION)
    for case in cases:
        if (print_ := read(case)) is not None:
            sketches.add(case.key, print_)

    @cache
    def listed() -> dict[str, Case]:  # made only if radiographs are compared
        return {case.key: case for case in cases}

    return sketches.groups(lambda key: fingerprint(listed()[key].radiograph()))


def grouped(cases: Sequence[Case]) -> list[Case]:
    """The cases, with duplicates of one radiograph in one group, named after the first of them.

    Reads every radiograph. A case whose file cannot be read keeps its group.
    """

    def read(case: Case) -> Float32Array | None:
        try:
            return fingerprint(case.radiograph())
        except RadiographError:
            return None

    group_of = {key: same[0] for same in duplicate_cases(cases, read) for key in same}
    return [replace(case, group=group_of.get(case.key, case.group)) for case in cases]


def split(cases: Sequence[Case], share: float, seed: int = 0) -> tuple[list[Case], list[Case]]:
    """(training, validation) with about `share` of the groups in validation, at least one.

    Groups are ranked by a hash of name and seed, so that adding a case moves few others. A share of
    0 gives no validation. Raises `ConfigError` for a share that is not from 0 to below 1.
    """
    if not 0 <= share < 1:
        raise ConfigError(f"validation share is {share}; expected 0 to below 1")
    ranked = _ranked({case.group for case in cases}, seed)
    count = round(share * len(ranked)) if share == 0 else max(1, round(share * len(ranked)))
    held = set(ranked[:count])
    return [c for c in cases if c.group not in held], [c for c in cases if c.group in held]


def held_out(
    radiographs: Iterable[tuple[str, Path | None]], share: float = SHARE, seed: int = 0
) -> set[str]:
    """Keys of the radiographs that a training with the usual settings would validate with.

    Parameters
    ----------
    radiographs : (key, file) of each; every file is read to find duplicates. Those without a file
        are split by their keys alone.
    share, seed : as for `split`.
    """
    nothing = partial(Teeth.empty, (1, 1))
    cases = [Case(key, file or Path(), Annotated(key, nothing), key) for key, file in radiographs]
    return {case.key for case in split(grouped(cases), share, seed)[1]} if cases else set()


def fold(
    cases: Sequence[Case], index: int, count: int, seed: int = 0
) -> tuple[list[Case], list[Case]]:
    """(training, validation) of a cross-validation with `count` folds; `index` counts from 1.

    Each group is in validation in exactly one fold. Groups are ranked as in `split`, so that adding
    a case moves few others. Raises `ConfigError` for a fold that does not exist.
    """
    if not (count >= 2 and 1 <= index <= count):
        raise ConfigError(f"fold {index}/{count}; expected K/N with 1 <= K <= N and N >= 2")
    ranked = _ranked({case.group for case in cases}, seed)
    held = set(ranked[len(ranked) * (index - 1) // count : len(ranked) * index // count])
    return [c for c in cases if c.group not in held], [c for c in cases if c.group in held]


def _ranked(groups: Iterable[str], seed: int) -> list[str]:
    def digest(group: str) -> str:
        text = f"{seed}/{group}".encode("utf-8", "surrogateescape")  # a name may hold any byte
        return hashlib.sha256(text).hexdigest()

    return sorted(groups, key=digest)
