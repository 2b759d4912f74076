"""The labels of a YOLO data folder, and the radiographs that belong to them.

Labels are in `labels/`, in `<split>/labels/`, or in any folder, beside radiographs or with the name
of one.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     size = Path(folder, "a.txt").write_text("0 0.1 0.1 0.2 0.1 0.2 0.2")
...     Path(folder, "a.png").touch()
...     found = [(Path(folder), text) for text in label_files(Path(folder), mixed=True)]
...     [(text.name, images.key) for text, images in paired(Path(folder), found)]
[('a.txt', 'a')]
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from panodent.errors import AnnotationError
from panodent.formats.parsing.data_folder import (
    image_root,
    key_in_split,
    radiographs_below,
)
from panodent.formats.parsing.file_search import visible_below
from panodent.formats.parsing.image_search import ImageSearch, Sought
from panodent.formats.parsing.text_encoding import read_text
from panodent.formats.yolo_names import LISTS
from panodent.radiograph.radiograph import SUFFIXES, key_of

FOLDER = "labels"
NOT_LABELS = (*LISTS, "train.txt", "val.txt", "valid.txt", "test.txt")
"""Lists of class names and of radiographs beside the labels."""
_ENDINGS = tuple(end for suffix in SUFFIXES for end in (suffix, suffix.upper()))


class LabelledImages(NamedTuple):
    """The key of an annotation, the radiographs that may be its own, and why there is none."""

    key: str
    files: list[Path]
    problem: str = ""


def data_folder(path: Path, file: Path) -> Path:
    """The data folder: `path`, or the folder of the file that names the classes."""
    if path.is_dir():
        return path
    return file.parent.parent if file.parent.name == FOLDER else file.parent


def label_folders(folder: Path) -> list[Path]:
    """`labels/`, or else the folders of the splits, `train/labels/` and so on."""
    if (folder / FOLDER).is_dir():
        return [folder / FOLDER]
    return sorted(place for place in folder.glob(f"*/{FOLDER}") if place.is_dir())


def label_files(folder: Path, mixed: bool = False) -> Iterator[Path]:
    """The files of labels below a folder, sorted.

    `mixed` is whether radiographs and other texts may lie there too; files that are neither beside
    a radiograph of their name nor full of numbers are then passed over.
    """
    for text in visible_below(folder, ".txt"):
        if text.is_file() and (not mixed or (text.name not in NOT_LABELS and _is_label(text))):
            yield text


def _is_label(text: Path) -> bool:
    return looks_right(text) or any(text.with_suffix(end).is_file() for end in _ENDINGS)


def looks_right(text: Path) -> bool:
    """Whether the first line of a text is a class number with coordinates."""
    try:
        with text.open("rb") as stream:
            values = [float(word) for word in stream.readline(1 << 16).split()]
    except (OSError, ValueError):
        return False
    return len(values) >= 5 and values[0].is_integer() and all(abs(v) <= 2 for v in values[1:5])


def used_classes(text: Path, boxes: Counter[bool] | None = None) -> set[int]:
    """The class numbers on the lines of a file; what is wrong with it is said when it is read.

    `boxes` counts lines by whether they have four corners, as turned boxes (OBB) have.
    """
    try:
        lines = [line.split(maxsplit=1) for line in read_text(text).splitlines()]
    except AnnotationError:
        return set()
    lines = [words for words in lines if len(words) == 2]  # one word alone is in a list of names
    if boxes is not None:
        boxes.update(len(rest.split(maxsplit=8)) == 8 for _, rest in lines)
    return {int(word) for word, _ in lines if re.fullmatch(r"\d{1,6}", word, re.A)}


def paired(root: Path, found: Sequence[tuple[Path, Path]]) -> Iterator[tuple[Path, LabelledImages]]:
    """(text, radiographs that may belong to it) of each text of a folder.

    A text in `labels/` belongs to the radiograph of its name beside this folder, or else to one
    that is found as in other formats and has no text of its own.
    """
    images: dict[Path, dict[str, list[Path]]] = {}
    search, alone, taken = ImageSearch(root), [], set[Path]()
    lacking: list[tuple[Path, str, str]] = []  # text, its key, path of its radiograph
    for folder, text in found:
        below = text.relative_to(folder).with_suffix("")
        if folder.name == FOLDER:
            if folder not in images:
                images[folder] = _images(folder.parent)
            files = images[folder].get(below.as_posix(), [])
            if not files and below.suffix.lower() in SUFFIXES:  # a.png.txt
                below = below.with_suffix("")
                files = images[folder].get(below.as_posix(), [])
            key = (folder.parent / below).relative_to(root).as_posix()
            if files or not key.isprintable():  # what no search takes for a name
                taken.update(files)
                yield text, LabelledImages(key, files)
            else:
                named = (image_root(folder.parent) / below).relative_to(root)
                lacking.append((text, key, f"{named.as_posix()}.png"))
        elif files := [f for f in map(text.with_suffix, _ENDINGS) if f.is_file()]:
            yield text, LabelledImages(search.key(files[0]), files)
        else:
            alone.append(text)
    places = search.find(Sought(name) for _, _, name in lacking)
    for (text, key, _), place in zip(lacking, places, strict=True):
        if place.file is None or place.file in taken:
            yield text, LabelledImages(key, [], place.problem)
        else:
            yield text, LabelledImages(key_in_split(root, place.file), [place.file])
    for text, place in zip(alone, search.find_own([(t, None) for t in alone], ()), strict=True):
        yield text, LabelledImages(place.key, [place.file] if place.file else [], place.problem)


def _images(folder: Path) -> dict[str, list[Path]]:
    """Radiographs by path without suffix, below the image folder here, or below `folder`."""
    root = image_root(folder)
    found: dict[str, list[Path]] = {}
    for file in radiographs_below(root):
        if FOLDER not in file.relative_to(root).parts:
            key = key_of(file.relative_to(root))
            found.setdefault(key, []).append(file)
    return found
