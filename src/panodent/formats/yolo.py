"""Ultralytics (YOLO) segmentation: a YAML of class names, and a text file of outlines a radiograph.

The specification is https://docs.ultralytics.com/datasets/segment/. A line is `class x1 y1 x2 y2
...` in fractions of the image's width and height, and is one closed ring. Parts and holes are
joined to one ring by bridges without width. Reading such a ring here gives back every pixel;
cv2.fillPoly, which Ultralytics uses, also fills the pixels on the line itself. The size of the
image is taken from the radiograph. Paths in the YAML are not followed: labels are read from
`labels/` or `<split>/labels/` beside it.

Kinds of findings are classes after those of teeth, see `panodent.formats.finding_names`. Which
tooth carries a finding cannot be written.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_masks((4, 5), [(11, np.ones((2, 2)), (1, 1))])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)])
...     Path(folder, "labels", "opg.txt").read_text()
'0 0.2 0.25 0.6 0.25 0.6 0.75 0.2 0.75\\n'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from panodent.dentition import DECIDUOUS, PERMANENT
from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.naming import Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import (
    IMAGE_FOLDERS,
    checked_items,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.json_record import is_whole
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, findings_of, teeth_of
from panodent.radiograph.radiograph import is_candidate, key_of
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.masks import trimmed
from panodent.teeth.outlines import Part, Ring, fill
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import write_whole

FILES = ("data.yaml", "dataset.yaml")
FOLDER = "labels"
CLASSES: tuple[int, ...] = (*PERMANENT, *DECIDUOUS, UNNUMBERED)
"""The FDI number of every class of teeth that is written, in order."""
FINDINGS: tuple[str, ...] = tuple(KINDS)
"""The kind of every class of findings, in order; they follow the classes of teeth."""
NOT_LABELS = ("classes.txt", "labels.txt")
"""Lists of class names that other tools write beside the labels."""
_MARGIN = 0.01  # Ultralytics accepts coordinates from -0.01 to 1.01


class Yolo(Format):
    """A YAML file beside `images/` and `labels/`."""

    name = "yolo"

    def recognises(self, path: Path) -> bool:
        """A YAML with names, or a folder with one, that has a folder of labels beside it."""
        file = _find(path)
        if file is None or not _label_folders(file.parent):
            return False
        try:
            _names(file)
        except AnnotationError:
            return False
        return True

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Outlines by image; an empty text file is a radiograph without teeth."""
        file = _find(path)
        if file is None:
            raise AnnotationError(f"{path}: expected {' or '.join(FILES)}, or one other YAML file")
        names = _names(file)
        naming = Naming.of(options)
        by_name, kind_of = naming.numbers(names.values(), file), naming.kinds(names.values())
        numbers = {index: by_name[name] for index, name in names.items()}
        kinds = {index: kind_of[name] for index, name in names.items() if name in kind_of}
        folders = _label_folders(file.parent)
        if not folders:
            raise AnnotationError(f"{file}: expected a folder {FOLDER} beside it")
        return in_order(
            file, (item for folder in folders for item in _listed(folder, file, numbers, kinds))
        )

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `labels/<key>.txt` with a line for each tooth, and `data.yaml` last."""
        import yaml

        naming = Naming.of(options)
        names, of_findings = naming.names(CLASSES), False
        for name, teeth, findings in checked_items(items, path):
            lines = _lines(teeth, [CLASSES.index(fdi) for fdi in teeth.fdi.tolist()])
            if findings is not None and len(findings):
                of_findings = True
                numbers = [len(CLASSES) + FINDINGS.index(kind) for kind in findings.kinds]
                lines += _lines(findings.marks, numbers)
            write_whole(path / FOLDER / f"{key_of(name)}.txt", "".join(lines))
        (path / FOLDER).mkdir(parents=True, exist_ok=True)
        names += [naming.kind_name(kind) for kind in FINDINGS] if of_findings else []
        listed = {"train": "images", "val": "images", "names": dict(enumerate(names))}
        write_whole(path / FILES[0], yaml.safe_dump(listed, sort_keys=False))


def _lines(teeth: Teeth, classes: list[int]) -> list[str]:
    """The lines of these masks, with the class number of each."""
    return [
        f"{number} {_text(one_ring(teeth.polygons(index)), teeth.size)}\n"
        for index, number in enumerate(classes)
    ]


def one_ring(parts: Iterable[Part]) -> Ring:
    """All rings of a tooth as one ring: each is joined to the nearest corner of those before it.

    Bridges run along rows and columns, there and back, so that they enclose no pixel.

    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    >>> ring = one_ring([[square], [square + 3]])
    >>> int(fill([[ring]], (5, 5)).sum())
    2
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
    """Positions of the two nearest corners, one of each ring, by |dx| + |dy|."""
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
    """Class names by number; raises `AnnotationError` if the YAML has none."""
    import yaml

    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None
    # PyYAML raises these for tags that do not fit their text, and for deep nesting.
    except (
        *(yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError),
        *(OverflowError, RecursionError),
    ) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise AnnotationError(f"{file}: is not YAML ({reason})") from None
    names = data.get("names") if isinstance(data, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not names:
        raise AnnotationError(f"{file}: expected names, a list or map of the classes")
    found = {}
    for key, name in names.items():
        index = excerpt(key).strip("'")
        if not re.fullmatch(r"\d{1,6}", index, re.ASCII):
            raise AnnotationError(f"{file}: names: {excerpt(key)} is not a class number")
        if not isinstance(name, str) and not (is_whole(name) and abs(name) < 10**9):
            raise AnnotationError(f"{file}: names: class {index} is {excerpt(name)}; expected text")
        if int(index) in found:
            raise AnnotationError(f"{file}: names: class {int(index)} is named twice")
        found[int(index)] = str(name)
    return found


def _label_folders(folder: Path) -> list[Path]:
    """`labels/`, or else the folders of the splits, `train/labels/` and so on."""
    if (folder / FOLDER).is_dir():
        return [folder / FOLDER]
    return sorted(place for place in folder.glob(f"*/{FOLDER}") if place.is_dir())


def _listed(
    folder: Path, file: Path, numbers: Mapping[int, int | None], kinds: Mapping[int, str]
) -> Iterable[Annotated]:
    images = _images(folder.parent)
    split = folder.parent.relative_to(file.parent)
    for text in sorted(folder.rglob("*.txt")):
        below = text.relative_to(folder).with_suffix("").as_posix()
        found = images.get(below, [])
        if not found and text.name in NOT_LABELS:
            continue
        if len(found) > 1:
            raise AnnotationError(
                f"{text}: may be of {' or '.join(i.name for i in found[:3])}; rename one of them"
            )
        image = found[0] if found else None
        read = partial(_read, text, image, numbers)
        findings = partial(_read_findings, text, image, numbers, kinds) if kinds else None
        yield Annotated((split / below).as_posix(), read, None, image, findings)


def _images(folder: Path) -> dict[str, list[Path]]:
    """Radiographs by path without suffix, below the image folder here, or below `folder`."""
    root = next((folder / name for name in IMAGE_FOLDERS if (folder / name).is_dir()), folder)
    found: dict[str, list[Path]] = {}
    for file in sorted(root.rglob("*")):
        if is_candidate(file) and FOLDER not in file.relative_to(root).parts:
            key = key_of(file.relative_to(root))
            found.setdefault(key, []).append(file)
    return found


def _read(file: Path, image: Path | None, numbers: Mapping[int, int | None]) -> Teeth:
    lines, size = _loaded(file, image)
    return teeth_of(_shapes(lines, str(file), size, numbers), numbers, size, file)


def _read_findings(
    file: Path, image: Path | None, numbers: Mapping[int, int | None], kinds: Mapping[int, str]
) -> AnnotatedFindings:
    lines, size = _loaded(file, image)
    return findings_of(_shapes(lines, str(file), size, numbers), kinds, size)


def _loaded(file: Path, image: Path | None) -> tuple[list[str], tuple[int, int]]:
    """The lines of a text file, and the (height, width) of its radiograph."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise AnnotationError(f"{file}: is not text in UTF-8") from None
    return lines, size_of_file(image, str(file))


def _shapes(
    lines: list[str], where: str, size: tuple[int, int], numbers: Mapping[int, int | None]
) -> Iterator[AnnotatedShape]:
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        place = f"{where}: line {number}"
        values = _values(words, place)
        if int(values[0]) not in numbers:
            raise AnnotationError(f"{place}: class {int(values[0])} is not among the names")
        yield AnnotatedShape(int(values[0]), place, partial(_outline, values[1:], size))


def _values(words: list[str], where: str) -> list[float]:
    """The numbers of a line, the first of which is a class number; raises `AnnotationError`."""
    try:
        values = [float(word) for word in words]
        index = int(values[0])
    except (ValueError, OverflowError):
        values, index = [], -1
    if not 0 <= index < 10**6 or index != values[0]:
        raise AnnotationError(
            f"{where}: {excerpt(' '.join(words))} is not a class number with coordinates"
        )
    return values


def _outline(coordinates: list[float], size: tuple[int, int]) -> Outline:
    count = len(coordinates)
    if count == 4:
        raise AnnotationError("five numbers are a box; expected an outline, class x1 y1 x2 y2 ...")
    if count < 6 or count % 2:
        raise AnnotationError(
            f"{count + 1} numbers; expected a class and at least three pairs x y, and no score"
        )
    ring = np.array(coordinates, np.float64).reshape(-1, 2)
    inside = (ring >= -_MARGIN) & (ring <= 1 + _MARGIN)
    if not inside.all():
        raise AnnotationError(f"coordinate {ring[~inside][0]:g}; expected fractions from 0 to 1")
    return Outline(trimmed(fill([[ring * (size[1], size[0])]], size)))


FORMAT = Yolo()
