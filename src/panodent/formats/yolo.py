"""Ultralytics (YOLO) segmentation: a YAML of class names, and a text file of outlines a radiograph.

The specification is https://docs.ultralytics.com/datasets/segment/. A line is `class x1 y1 x2 y2
...` in fractions of the image's width and height, and is one closed ring. Parts and holes are
joined to one ring by bridges without width. Reading such a ring here gives back every pixel;
cv2.fillPoly, which Ultralytics uses, also fills the pixels on the line itself. The size of the
image is taken from the radiograph. Paths in the YAML are not followed: labels are read from
`labels/` or `<split>/labels/` beside it, or else from all folders, as files beside radiographs or
with the name of one. Where the names of classes are is said in `panodent.formats.yolo_names`.

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

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from panodent.dentition import DECIDUOUS, PERMANENT
from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import (
    checked_items,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, findings_of, teeth_of
from panodent.formats.parsing.text_encoding import read_text
from panodent.formats.yolo_folder import (
    FOLDER,
    NOT_LABELS,
    LabelledImages,
    data_folder,
    label_files,
    label_folders,
    looks_right,
    paired,
    used_classes,
)
from panodent.formats.yolo_names import (
    FILES,
    LISTS,
    CutOffError,
    check_complete,
    class_names,
    contradiction,
)
from panodent.radiograph.radiograph import key_of
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.masks import trimmed
from panodent.teeth.outlines import Part, Ring, fill
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.atomic_files import write_whole

CLASSES: tuple[int, ...] = (*PERMANENT, *DECIDUOUS, UNNUMBERED)
"""The FDI number of every class of teeth that is written, in order."""
FINDINGS: tuple[str, ...] = tuple(KINDS)
"""The kind of every class of findings, in order; they follow the classes of teeth."""
_WHY_ALL = (
    "# All teeth are listed, also those that do not occur, so that a class has the same number in\n"
    "# every export: data sets can be joined, and a network trained further.\n"
)
_SAMPLE = 20
_MARGIN = 0.01  # Ultralytics accepts coordinates from -0.01 to 1.01


class Yolo(Format):
    """A YAML file beside `images/` and `labels/`."""

    name = "yolo"

    def recognises(self, path: Path) -> bool:
        """A folder with class names and with labels, or the YAML file of such a folder.

        Of a YAML file that is cut off, `read` says so.
        """
        try:
            file, _ = class_names(path)
        except CutOffError:
            folders = label_folders(path if path.is_dir() else path.parent)
            texts = (text for place in folders for text in label_files(place))
            return any(map(looks_right, islice(texts, _SAMPLE)))
        except AnnotationError:
            return False
        folder = data_folder(path, file)
        folders = label_folders(folder)
        if file.name in LISTS:  # other formats may have such a list, and a folder of this name
            places = folders or [folder]
            texts = (text for place in places for text in label_files(place, not folders))
            return any(map(looks_right, islice(texts, _SAMPLE)))
        return bool(folders) or any(True for _ in label_files(folder, True))

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Outlines by image; an empty text file is a radiograph without teeth."""
        file, names = class_names(path)
        folder = data_folder(path, file)
        found = [(place, text) for place in label_folders(folder) for text in label_files(place)]
        if not label_folders(folder):
            found = [(folder, text) for text in label_files(folder, True)]
            if not found:
                raise AnnotationError(
                    f"{file}: expected a folder {FOLDER} beside it, or labels beside radiographs"
                )
        report, naming = FaultReport.of(options, file), Naming.of(options)
        if said := contradiction(path, file, names):
            report.warn(said)
        boxes = Counter[bool]()
        used = set().union(*(used_classes(text, boxes) for _, text in found))
        if boxes[True] >= _SAMPLE and not boxes[False]:
            report.warn(
                f"all {boxes[True]} outlines have four corners, as turned boxes (OBB) have; a "
                "network that is trained on boxes draws boxes: draw outlines for it"
            )
        check_complete(file, names, used)
        by_name = naming.numbers(
            names.values(), file, {names[number] for number in used & names.keys()}, report
        )
        kind_of = naming.kinds(names.values())
        numbers = {index: by_name[name] for index, name in names.items()}
        kinds = {index: kind_of[name] for index, name in names.items() if name in kind_of}
        classes = _Classes(numbers, kinds, options)
        items = (_annotated(*item, classes) for item in paired(folder, found))
        return in_order(file, (item for item in items if item is not None), report)

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `labels/<key>.txt` with a line for each tooth, and `data.yaml` last.

        The option `validation` has the keys of the radiographs to validate with; `train.txt` and
        `val.txt` then list both sides.
        """
        naming = Naming.of(options)
        names, of_findings = naming.names(CLASSES), False
        held_out = set((options or {}).get("validation") or ())
        sides: dict[str, list[str]] = {"train": [], "val": []}
        for name, teeth, findings in checked_items(items, path):
            lines = _lines(teeth, [CLASSES.index(fdi) for fdi in teeth.fdi.tolist()])
            if findings is not None and len(findings):
                of_findings = True
                numbers = [len(CLASSES) + FINDINGS.index(kind) for kind in findings.kinds]
                lines += _lines(findings.marks, numbers)
            write_whole(path / FOLDER / f"{key_of(name)}.txt", "".join(lines))
            side = "val" if key_of(name) in held_out else "train"
            sides[side].append(f"./{self.image_place(name.as_posix())}\n")
        (path / FOLDER).mkdir(parents=True, exist_ok=True)
        names += [naming.kind_name(kind) for kind in FINDINGS] if of_findings else []
        _write_yaml(path, names, sides if all(sides.values()) else {})


def _write_yaml(path: Path, names: Sequence[str], sides: Mapping[str, Sequence[str]]) -> None:
    """Writes `data.yaml`, and the list of radiographs of each side of the split."""
    import yaml

    for side, lines in sides.items():
        write_whole(path / f"{side}.txt", "".join(lines))
    places = {side: f"{side}.txt" for side in sides} or {"train": "images", "val": "images"}
    listed = yaml.safe_dump({**places, "names": dict(enumerate(names))}, sort_keys=False)
    write_whole(path / FILES[0], f"{_WHY_ALL}{listed}")


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


class _Classes(NamedTuple):
    """What class numbers mean, and the options of reading."""

    numbers: Mapping[int, int | None]
    kinds: Mapping[int, str]
    options: Options | None


class _Text(NamedTuple):
    """A text and its radiograph, kept as short as can be: there is one for each radiograph."""

    file: str
    image: str | None
    classes: _Classes

    def teeth(self) -> Teeth:
        shapes, size, report = self._shapes()
        return teeth_of(shapes, self.classes.numbers, size, Path(self.file), report)

    def findings(self) -> AnnotatedFindings:
        shapes, size, report = self._shapes()
        return findings_of(shapes, self.classes.kinds, size, report)

    def _shapes(self) -> tuple[Iterator[AnnotatedShape], tuple[int, int], FaultReport]:
        lines = read_text(Path(self.file)).splitlines()
        size = size_of_file(None if self.image is None else Path(self.image), self.file)
        report = FaultReport.of(self.classes.options, self.file)
        return _shapes(lines, report, size, self.classes.numbers), size, report


def _annotated(text: Path, images: LabelledImages, classes: _Classes) -> Annotated | None:
    """The annotation of a text; None for a list of classes, and for two radiographs of one name."""
    if not images.files and text.name in NOT_LABELS:
        return None
    if len(images.files) > 1 or images.problem:
        names = " or ".join(image.name for image in images.files[:3])
        problem = images.problem or f"may be of {names}; rename one of them"
        FaultReport.of(classes.options, text).add(problem, cost="radiograph")
        return None
    image = str(images.files[0]) if images.files else None
    read = _Text(str(text), image, classes)
    findings = read.findings if classes.kinds else None
    return Annotated(images.key, read.teeth, None, image, findings)


def _shapes(
    lines: list[str], report: FaultReport, size: tuple[int, int], numbers: Mapping[int, int | None]
) -> Iterator[AnnotatedShape]:
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        place = f"line {number}"
        with report.catching(place):
            values = _values(words)
            if int(values[0]) not in numbers:
                raise AnnotationError(f"class {int(values[0])} is not among the names")
            drawn = partial(_outline, values[1:], size)
            yield AnnotatedShape(int(values[0]), f"{report.where}: {place}", drawn)


def _values(words: list[str]) -> list[float]:
    """The numbers of a line, the first of which is a class number; raises `AnnotationError`."""
    try:
        values = [float(word) for word in words]
        index = int(values[0])
    except (ValueError, OverflowError):
        values, index = [], -1
    if not 0 <= index < 10**6 or index != values[0]:
        expected = "expected numbers with a decimal point, and spaces between them"
        raise AnnotationError(
            f"{excerpt(' '.join(words))} is not a class number with coordinates; {expected}"
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
