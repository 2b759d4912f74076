"""Duplicate detection and splits of annotated radiographs into training and validation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from panodent.datasets.dataset import Case
from panodent.errors import ConfigError, RadiographError
from panodent.radiograph.radiograph import Radiograph
from panodent.radiograph.resampling import normalised, resized

_PRINT_SIZE = (32, 64)


DUPLICATE_CORRELATION = 0.985


def fingerprint(radiograph: Radiograph) -> npt.NDArray[np.float32]:
    """A vector of unit length; near 1 in its product with that of the same radiograph."""
    small = resized(normalised(resized(radiograph.pixels, (256, 512))), _PRINT_SIZE)
    # Panoramics all look alike from afar: compare what differs from their smooth shape.
    detail = small - _smooth(small)
    vector = (detail - detail.mean()).ravel()
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _smooth(image: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    import cv2

    return cv2.GaussianBlur(image, (0, 0), 4.0)


def duplicates(prints: Mapping[str, npt.NDArray[np.float32]]) -> list[tuple[str, ...]]:
    """Sets of keys whose radiographs are the same picture, in order of key."""
    keys = list(prints)
    if len(keys) < 2:
        return []
    matrix = np.stack([prints[key] for key in keys])
    leader = list(range(len(keys)))
    for index in range(1, len(keys)):
        similar = np.flatnonzero(matrix[:index] @ matrix[index] > DUPLICATE_CORRELATION)
        if similar.size:
            # All that resemble it are one group now, even those that do not resemble each other.
            joined = {leader[other] for other in similar.tolist()}
            leader[index] = first = min(joined)
            leader = [first if old in joined else old for old in leader]
    groups: dict[int, list[str]] = {}
    for index, first in enumerate(leader):
        groups.setdefault(first, []).append(keys[index])
    return [tuple(group) for group in groups.values() if len(group) > 1]


def grouped(cases: Sequence[Case]) -> list[Case]:
    """The cases with duplicates of one radiograph put into one group; unreadable files are left."""
    prints = {}
    for case in cases:
        try:
            prints[case.key] = fingerprint(case.radiograph())
        except RadiographError:
            continue
    group_of = {key: same[0] for same in duplicates(prints) for key in same}
    return [
        Case(case.key, case.image, case.annotation, group_of.get(case.key, case.group))
        for case in cases
    ]


def split(cases: Sequence[Case], share: float, seed: int = 0) -> tuple[list[Case], list[Case]]:
    """(training, validation), about `share` of the groups in validation.

    A group's side depends on its name and the seed alone, in a ranking by hash: adding a case
    moves few others. Raises `ConfigError` for a share outside 0 to below 1.
    """
    if not 0 <= share < 1:
        raise ConfigError(f"validation share is {share}; expected 0 to below 1")
    ranked = _ranked({case.group for case in cases}, seed)
    count = round(share * len(ranked)) if share == 0 else max(1, round(share * len(ranked)))
    held = set(ranked[:count])
    return [c for c in cases if c.group not in held], [c for c in cases if c.group in held]


def fold(
    cases: Sequence[Case], index: int, count: int, seed: int = 0
) -> tuple[list[Case], list[Case]]:
    """(training, validation) of fold `index` (1-based) of `count`; groups stay whole.

    Folds are runs of one ranking by hash, so that adding a case moves few others.
    """
    if not (count >= 2 and 1 <= index <= count):
        raise ConfigError(f"fold {index}/{count}; expected K/N with 1 <= K <= N and N >= 2")
    ranked = _ranked({case.group for case in cases}, seed)
    held = set(ranked[len(ranked) * (index - 1) // count : len(ranked) * index // count])
    return [c for c in cases if c.group not in held], [c for c in cases if c.group in held]


def _ranked(groups: Iterable[str], seed: int) -> list[str]:
    return sorted(groups, key=lambda group: hashlib.sha256(f"{seed}/{group}".encode()).hexdigest())
