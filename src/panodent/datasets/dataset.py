"""Folders of annotated radiographs: found, and each radiograph paired with its annotation.

>>> from tempfile import TemporaryDirectory
>>> from panodent import phantom
>>> with TemporaryDirectory() as folder:
...     phantom.write(Path(folder), 2, size=(64, 128))
...     found = find(folder)
...     case = found.cases[0]
...     found.format, case.key, case.radiograph().size == case.teeth().size
('coco', 'phantom-00000', True)
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panodent import formats
from panodent.errors import DatasetError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated
from panodent.formats.parsing.image_entries import IMAGE_FOLDERS
from panodent.formats.registry import FORMATS
from panodent.radiograph.radiograph import Radiograph, is_candidate, key_of, read
from panodent.teeth.teeth import Teeth

LABEL_FOLDERS = tuple(folder for info in FORMATS for folder in info.label_folders)
"""Folders of label maps, which are not radiographs."""


@dataclass(frozen=True)
class Case:
    """One annotated radiograph, not read yet.

    Parameters
    ----------
    key : the radiograph's path below the data folder, without suffix.
    image : the radiograph's file.
    annotation : reads the teeth.
    group : cases of one group must stay on the same side of a split, see
        `panodent.datasets.splits`.
    """

    key: str
    image: Path
    annotation: Annotated
    group: str = ""

    def radiograph(self) -> Radiograph:
        """Reads the pixels; raises `RadiographError`."""
        return read(self.image)

    def teeth(self) -> Teeth:
        """Reads the annotated teeth; raises `AnnotationError`."""
        return self.annotation.read()

    def findings(self) -> AnnotatedFindings | None:
        """Reads the annotated findings; None if the data set has none. Raises `AnnotationError`."""
        return None if self.annotation.findings is None else self.annotation.findings()


@dataclass(frozen=True)
class Dataset:
    """The content of a data folder.

    Parameters
    ----------
    root : the folder.
    format : name of the annotations' format.
    cases : radiographs with an annotation, in natural order of their keys (2 before 10).
    images_without_labels, labels_without_images : keys of what could not be paired.
    """

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
    """Finds the radiographs and annotations below a folder and pairs them.

    Parameters
    ----------
    root : the data folder.
    format_name : format of the annotations, one of `panodent.formats.NAMES`; recognised if None.
    options : options of the format for reading.

    An annotation is paired with the radiograph that it names itself, or else with the radiograph of
    its key; never by order.

    Raises
    ------
    DatasetError : there is no such folder, nothing can be paired, or two radiographs have one key.
    AnnotationError : the format is not recognised, or its files are faulty.
    UnknownNameError : there is no such format.
    """
    folder = Path(root)
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; expected radiographs with annotations")
    name = format_name or formats.recognise(folder)
    annotations = {item.key: item for item in formats.get(name).read(folder, options or {})}
    named = {key: item.image for key, item in annotations.items() if item.image is not None}
    listed = images_below(folder)
    images = {k: file for k, file in listed.items() if file not in set(named.values())} | named
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
    """The radiographs by key, below an image folder if there is one, else below `folder`.

    Label maps and pictures that `panodent predict` wrote are left out. Raises `DatasetError` if two
    radiographs have one key.
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
    """A sort key that puts '2' before '10'."""
    parts = "".join(c if c.isdecimal() else f"\0{c}\0" for c in key).split("\0")
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p)
