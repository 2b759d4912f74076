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
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from panodent import formats
from panodent.errors import DatasetError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated
from panodent.formats.faults import OPTION, Fault, FaultList
from panodent.formats.parsing.data_folder import image_root, searched_below
from panodent.radiograph.folder_search import Unread
from panodent.radiograph.radiograph import Radiograph, key_of, read
from panodent.teeth.teeth import Teeth
from panodent.utils.wording import counted, near_name


@dataclass(frozen=True, slots=True)
class Case:
    """One annotated radiograph, not read yet.

    Parameters
    ----------
    key : the radiograph's path below the data folder, without suffix.
    file : the radiograph's file, kept as a text.
    annotation : reads the teeth.
    group : cases of one group must stay on the same side of a split, see
        `panodent.datasets.splits`.
    """

    key: str
    file: str | Path
    annotation: Annotated
    group: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "file", str(self.file))

    @property
    def image(self) -> Path:
        """The radiograph's file."""
        return Path(self.file)

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
    unread : entries of the folder that are not read but may hide a radiograph.
    """

    root: Path
    format: str
    cases: tuple[Case, ...]
    images_without_labels: tuple[str, ...] = field(default=())
    labels_without_images: tuple[str, ...] = field(default=())
    unread: tuple[Unread, ...] = field(default=())


def find(
    root: str | os.PathLike[str],
    format_name: str | None = None,
    options: Mapping[str, Any] | None = None,
    faults: FaultList | None = None,
) -> Dataset:
    """Finds the radiographs and annotations below a folder and pairs them.

    Parameters
    ----------
    root : the data folder.
    format_name : format of the annotations, one of `panodent.formats.NAMES`; recognised if None.
    options : options of the format for reading.
    faults : takes the items that cannot be used, also later, when a case is read; the others go on.
        Without it, the first raises an error.

    An annotation is paired with the radiograph that it names itself, or else with the radiograph of
    its key; never by order.

    Raises
    ------
    DatasetError : there is no such folder, nothing can be paired, or two radiographs have one key.
    AnnotationError : the format is not recognised, or its files are faulty.
    UnknownNameError : there is no such format.
    """
    folder = Path(root)
    _check_folder(folder)
    given = {**(options or {}), **({OPTION: faults} if faults is not None else {})}
    name, items = formats.read(folder, format_name, given)
    taken = {os.path.normcase(item.file) for item in items if item.file is not None}
    images, unread = images_below(folder, faults)
    unread = [item for item in unread if os.path.normcase(item.path) not in taken]
    images = {key: f for key, f in images.items() if os.path.normcase(f) not in taken}
    del taken
    cases = [
        Case(item.key, file, item, item.key)
        for item in items
        if (file := item.file or images.get(item.key)) is not None
    ]
    alone = [item.key for item in items if item.file is None and item.key not in images]
    if not cases:
        hints = f"{_hint(unread)}{_first_fault(faults)}"
        raise DatasetError(f"{folder}: {_not_paired(folder, name, alone, images)}{hints}")
    cases.sort(key=lambda case: _natural(case.key))
    return Dataset(
        folder,
        name,
        tuple(cases),
        tuple(sorted(images.keys() - {item.key for item in items}, key=_natural)),
        tuple(sorted(alone, key=_natural)),
        tuple(item for item in unread if item.lost),
    )


def _not_paired(
    folder: Path, name: str, annotations: Sequence[str], images: Mapping[str, str]
) -> str:
    """Says what is in a folder without a pair, by the keys of both."""
    if annotations and not images:
        return (
            f"{counted(len(annotations), 'annotation', 'annotations')} ({name}), but no "
            f"radiograph; copy the radiographs, such as {annotations[0]!r}, into {folder}/images"
        )
    return (
        f"{len(images)} images and {len(annotations)} annotations ({name}), but no pair of one "
        f"name; first image {min(images, default=None)!r}, first annotation "
        f"{next(iter(annotations), None)!r}"
    )


def _check_folder(folder: Path) -> None:
    if folder.is_file():
        raise DatasetError(
            f"{folder}: is a file; expected the folder of the radiographs, in which it lies with "
            f"them, such as {folder.parent}"
        )
    if not folder.is_dir():
        raise DatasetError(
            f"{folder}: no such folder; expected radiographs with annotations{near_name(folder)}"
        )


def images_below(
    folder: Path, faults: FaultList | None = None
) -> tuple[dict[str, str], list[Unread]]:
    """The radiographs' paths by key, below an image folder if there is one, else below `folder`.

    Also the entries there that are not read, see `panodent.radiograph.folder_search`. Label maps
    and pictures that panodent wrote are left out. Two radiographs of one key are left out as a
    fault; without `faults` they raise `DatasetError`.
    """
    root = image_root(folder)
    found: dict[str, str] = {}
    shared: set[str] = set()
    searched = searched_below(root)
    for file in searched.files.texts:
        key = key_of(Path(file).relative_to(root))
        if key in found:
            problem = f"share the name {key!r}; which one is annotated? Keep one of them"
            if faults is None:
                raise DatasetError(f"{file} and {found[key]} {problem}")
            shared.add(key)
            both = f"this file and {Path(found[key]).name} {problem}"
            faults.add(Fault(file, problem=both, cost="radiograph"))
        found[key] = file
    for key in shared:
        del found[key]
    return found, searched.unread


def _hint(unread: Sequence[Unread]) -> str:
    """What a sentence about missing radiographs says of files that are not read."""
    lost = [item for item in unread if item.lost]
    if not lost:
        return ""
    count = counted(len(lost), "entry of the folder is", "entries of the folder are")
    return f"; {count} not read, the first is {lost[0].path.name}: {lost[0].reason}"


def _first_fault(faults: FaultList | None) -> str:
    """What a sentence about missing pairs says of annotations that cannot be used."""
    serious = faults.serious if faults is not None else []
    if not serious:
        return ""
    return f"; {counted(len(serious), 'fault', 'faults')} in them, the first: {serious[0]}"


def _natural(key: str) -> tuple[str, str]:
    """A sort key that puts '2' before '10', and numbers before other characters."""
    return re.sub(r"\d+", _with_length, key), key


def _with_length(number: re.Match[str]) -> str:
    """A number as a text that sorts by its value."""
    digits = str(int(number[0]))
    return f"\0{len(digits):04}{digits}"
