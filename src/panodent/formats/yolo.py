"""Ultralytics segmentation: a YAML of class names, and a text file of outlines a radiograph.

Written in the form of https://docs.ultralytics.com/datasets/segment/: a line is `class x1 y1 x2 y2
...` in parts of width and height. A line is one ring: several parts and holes are joined by bridges
of no width, which bring back every pixel here; cv2.fillPoly, which Ultralytics fills with, also
marks the pixels on the line itself. The size is the radiograph's own. Paths in the YAML are not
followed: what is read lies in `labels/` or `<split>/labels/` beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from panodent.dentition import DECIDUOUS, PERMANENT
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, Limits, named
from panodent.formats.naming import Naming
from panodent.formats.parsing.image_entries import IMAGE_FOLDERS, image_path, in_order, size_of_file
from panodent.radiograph.radiograph import is_candidate, key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.outlines import Part, Ring, fill
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray
from panodent.utils.atomic_files import write_whole

FILES = ("data.yaml", "dataset.yaml")
FOLDER = "labels"
CLASSES: tuple[int, ...] = (*PERMANENT, *DECIDUOUS, UNNUMBERED)
"""The FDI number of every class that is written, in order."""
NOT_LABELS = ("classes.txt", "labels.txt")
"""Lists of class names that other tools leave among the labels."""
_MARGIN = 0.01  # how far Ultralytics lets coordinates leave 0 to 1


class Yolo:
    """A YAML file beside `images/` and `labels/`."""

    name = "yolo"
    limits = Limits(shape="polygons")

    def recognises(self, path: Path) -> bool:
        """A YAML with names, or a folder with one, beside a folder of labels."""
        file = _find(path)
        if file is None or not _label_folders(file.parent):
            return False
        try:
            _names(file)
        except AnnotationError:
            return False
        return True

    def read(self, path: Path, options: Mapping[str, Any] | None = None) -> list[Annotated]:
        """Outlines by image; an empty text file is a radiograph without teeth."""
        file = _find(path)
        if file is None:
            raise AnnotationError(f"{path}: expected {' or '.join(FILES)}, or one other YAML file")
        names = _names(file)
        by_name = Naming.of(options).numbers(names.values(), file)
        numbers = {index: by_name[name] for index, name in names.items()}
        folders = _label_folders(file.parent)
        if not folders:
            raise AnnotationError(f"{file}: expected a folder {FOLDER} beside it")
        return in_order(
            file, (item for folder in folders for item in _listed(folder, file, numbers))
        )

    def write(
        self,
        path: Path,
        items: Iterable[tuple[str, Teeth]],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes `labels/<key>.txt` with a line a tooth, and `data.yaml` last."""
        import yaml

        names = Naming.of(options).names(CLASSES)
        classes = {fdi: index for index, fdi in enumerate(CLASSES)}
        for name, teeth in named(items):
            lines = [
                f"{classes[int(fdi)]} {_text(one_ring(teeth.polygons(index)), teeth.size)}\n"
                for index, fdi in enumerate(teeth.fdi)
            ]
            write_whole(path / FOLDER / f"{key_of(image_path(name, path))}.txt", "".join(lines))
        (path / FOLDER).mkdir(parents=True, exist_ok=True)
        listed = {"train": "images", "val": "images", "names": dict(enumerate(names))}
        write_whole(path / FILES[0], yaml.safe_dump(listed, sort_keys=False))

    def image_place(self, name: str) -> str:
        """Below `images/`."""
        return f"images/{name}"


def one_ring(parts: Iterable[Part]) -> Ring:
    """All rings of a tooth as one: each is joined to the nearest corner of those before it.

    Bridges run along rows and columns, there and back, and so enclose nothing.
    """
    rings = [ring for part in parts for ring in part]
    joined = rings[0]
    for ring in rings[1:]:
        here, there = _nearest(joined, ring)
        corner = np.array([[ring[there, 0], joined[here, 1]]])
        detour = np.concatenate([corner, np.roll(ring, -there, axis=0), ring[there : there + 1]])
        joined = np.concatenate([joined[: here + 1], detour, corner, joined[here:]])
    return joined


def _nearest(first: Ring, second: Ring) -> tuple[int, int]:
    """Positions of the two corners, one of each ring, that are the fewest steps apart."""
    best, found = np.inf, (0, 0)
    for index, point in enumerate(second):
        steps = np.abs(first - point).sum(axis=1)
        nearest = int(steps.argmin())
        if steps[nearest] < best:
            best, found = float(steps[nearest]), (nearest, index)
    return found


def _text(ring: Ring, size: tuple[int, int]) -> str:
    return " ".join(f"{value:.8g}" for value in (ring / (size[1], size[0])).ravel())


def _find(path: Path) -> Path | None:
    if not path.is_dir():
        return path if _is_yaml(path) else None
    files = [path / name for name in FILES if (path / name).is_file()]
    if files:
        return files[0]
    files = [file for file in path.iterdir() if _is_yaml(file)]
    return files[0] if len(files) == 1 else None


def _is_yaml(file: Path) -> bool:
    return file.suffix.lower() in (".yaml", ".yml") and file.is_file()


def _names(file: Path) -> dict[int, str]:
    """Class names by number; raises `AnnotationError` where the YAML has none."""
    import yaml

    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None
    # What PyYAML lets through of tags that do not fit their text, and of deep nesting.
    except (
        *(yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError),
        *(OverflowError, RecursionError),
    ) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise AnnotationError(f"{file}: is no YAML ({reason})") from None
    names = data.get("names") if isinstance(data, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not names:
        raise AnnotationError(f"{file}: expected names, a list or map of the classes")
    found = {}
    for key, name in names.items():
        index = _shown(key).strip("'")
        if not re.fullmatch(r"\d{1,6}", index, re.ASCII):
            raise AnnotationError(f"{file}: names: {_shown(key)} is no class number")
        if not _is_whole(name) and not isinstance(name, str):
            raise AnnotationError(f"{file}: names: class {index} is {_shown(name)}; expected text")
        if int(index) in found:
            raise AnnotationError(f"{file}: names: class {int(index)} is named twice")
        found[int(index)] = str(name)
    return found


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9


def _shown(value: object) -> str:
    """A value of a YAML for a message; lists and maps may hold themselves many times over."""
    plain = value is None or _is_whole(value) or isinstance(value, str | float | bool)
    return repr(value)[:60] if plain else f"a {type(value).__name__}"


def _label_folders(folder: Path) -> list[Path]:
    """`labels/`, or else those of the splits, `train/labels/` and so on."""
    if (folder / FOLDER).is_dir():
        return [folder / FOLDER]
    return sorted(place for place in folder.glob(f"*/{FOLDER}") if place.is_dir())


def _listed(folder: Path, file: Path, numbers: Mapping[int, int | None]) -> Iterable[Annotated]:
    images = _images(folder.parent)
    split = folder.parent.relative_to(file.parent)
    for text in sorted(folder.rglob("*.txt")):
        below = text.relative_to(folder).with_suffix("").as_posix()
        found = images.get(below, [])
        if not found and text.name in NOT_LABELS:
            continue
        if len(found) > 1:
            raise AnnotationError(f"{text}: may be of {' or '.join(i.name for i in found[:3])}")
        image = found[0] if found else None
        read = partial(_read, text, image, numbers)
        yield Annotated((split / below).as_posix(), read, None, image)


def _images(folder: Path) -> dict[str, list[Path]]:
    """Radiographs by path without suffix, in the image folder here, or here itself."""
    root = next((folder / name for name in IMAGE_FOLDERS if (folder / name).is_dir()), folder)
    found: dict[str, list[Path]] = {}
    for file in sorted(root.rglob("*")):
        if is_candidate(file) and FOLDER not in file.relative_to(root).parts:
            key = key_of(file.relative_to(root))
            found.setdefault(key, []).append(file)
    return found


def _read(file: Path, image: Path | None, numbers: Mapping[int, int | None]) -> Teeth:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise AnnotationError(f"{file}: is no UTF-8 text") from None
    size = size_of_file(image, str(file))
    teeth: list[tuple[int, BoolArray, tuple[int, int]]] = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        try:
            index, ring = _outline(words)
            if index not in numbers:
                raise AnnotationError(f"class {index} is not among the names")
            fdi = numbers[index]
            if fdi is not None:
                teeth.append((fdi, *trimmed(fill([[ring * (size[1], size[0])]], size))))
        except AnnotationError as error:
            raise AnnotationError(f"{file}: line {number}: {error}") from None
    return Teeth.from_masks(size, teeth)


def _outline(words: list[str]) -> tuple[int, Ring]:
    """Class and corners in parts of the image; raises `AnnotationError`."""
    try:
        values = [float(word) for word in words]
        index = int(values[0])
    except (ValueError, OverflowError):
        values, index = [], -1
    if not 0 <= index < 10**6 or index != values[0]:
        raise AnnotationError(f"{' '.join(words)[:40]!r} is no class number with coordinates")
    if len(values) == 5:
        raise AnnotationError("five numbers are a box; expected an outline, class x1 y1 x2 y2 ...")
    if len(values) < 7 or len(values) % 2 == 0:
        raise AnnotationError(
            f"{len(values)} numbers; expected a class and at least three pairs x y, and no score"
        )
    ring = np.array(values[1:], np.float64).reshape(-1, 2)
    inside = (ring >= -_MARGIN) & (ring <= 1 + _MARGIN)
    if not inside.all():
        raise AnnotationError(f"coordinate {ring[~inside][0]:g}; expected parts from 0 to 1")
    return index, ring


FORMAT = Yolo()
