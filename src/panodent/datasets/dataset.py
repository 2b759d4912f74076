"""Annotated radiographs: found, paired by key, checked for duplicates, split by group."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent import formats
from panodent.bundle.frame import normalised, resized
from panodent.errors import ConfigError, DatasetError, RadiographError
from panodent.formats.base import Annotated
from panodent.formats.parsing.image_entries import IMAGE_FOLDERS
from panodent.radiograph.radiograph import Radiograph, is_candidate, key_of, read
from panodent.teeth.teeth import Teeth

LABEL_FOLDERS = ("masks_machine", "masks", "labels", "masks_human", "labelsTr", "labelsTs")


@dataclass(frozen=True)
class Case:
    """One annotated radiograph: where its pixels are and how to read its teeth.

    `key` is its path below the data folder without suffix; `group` names the set of cases that
    must stay on one side of a split.
    """

    key: str
    image: Path
    annotation: Annotated
    group: str = ""

    def radiograph(self) -> Radiograph:
        """Reads the pixels."""
        return read(self.image)

    def teeth(self) -> Teeth:
        """Reads the truth."""
        return self.annotation.read()


@dataclass(frozen=True)
class Dataset:
    """What a data folder holds."""

    root: Path
    format: str
    cases: tuple[Case, ...]
    images_without_labels: tuple[str, ...] = field(default=())
    labels_without_images: tuple[str, ...] = field(default=())


def find(
    root: str | os.PathLike[str],
    format_name: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Dataset:
    """Finds radiographs and annotations below `root` and pairs them.

    A radiograph that the annotation itself names is taken, else the one of the same key.
    The format is recognised unless named. Raises `DatasetError` when nothing pairs,
    `AnnotationError` when the format is unknown or ambiguous.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; expected radiographs with annotations")
    name = format_name or formats.recognise(folder)
    annotations = {item.key: item for item in formats.get(name).read(folder, options or {})}
    told = {key: item.image for key, item in annotations.items() if item.image is not None}
    listed = images_below(folder)
    images = {k: file for k, file in listed.items() if file not in set(told.values())} | told
    both = sorted(set(images) & set(annotations), key=_natural)
    if not both:
        raise DatasetError(
            f"{folder}: {len(images)} images and {len(annotations)} annotations ({name}), but no "
            f"pair of one name; first image {next(iter(sorted(images)), None)!r}, first annotation "
            f"{next(iter(sorted(annotations)), None)!r}"
        )
    return Dataset(
        folder,
        name,
        tuple(Case(key, images[key], annotations[key], key) for key in both),
        tuple(sorted(set(images) - set(annotations), key=_natural)),
        tuple(sorted(set(annotations) - set(images), key=_natural)),
    )


def images_below(folder: Path) -> dict[str, Path]:
    """Radiographs by key, below an image folder where there is one, else below `folder`.

    Raises `DatasetError` where two share a key.
    """
    root = next((folder / name for name in IMAGE_FOLDERS if (folder / name).is_dir()), folder)
    label_folders = {folder / name for name in LABEL_FOLDERS}
    found: dict[str, Path] = {}
    for file in sorted(root.rglob("*")):
        inside_labels = any(parent in label_folders for parent in file.parents)
        if (
            inside_labels
            or _is_result(file)
            or not is_candidate(file)
            or file.name.endswith((".ome.tif", ".ome.tiff"))
        ):
            continue
        key = key_of(file.relative_to(root))
        if key in found:
            raise DatasetError(
                f"{file} and {found[key]} share the name {key!r}; which one is annotated? "
                "Keep one of them"
            )
        found[key] = file
    return found


def _is_result(file: Path) -> bool:
    """Whether `panodent predict` wrote this picture beside its teeth.json."""
    return (
        file.stem in ("labels", "overlay", "odontogram") and (file.parent / "teeth.json").exists()
    )


def _natural(key: str) -> tuple[tuple[int, int, str], ...]:
    """2 before 10."""
    parts = "".join(c if c.isdecimal() else f"\0{c}\0" for c in key).split("\0")
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p)


# --- duplicates and splits ---------------------------------------------------------------------

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
