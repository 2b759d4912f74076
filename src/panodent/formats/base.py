"""What an annotation format is, and how to add one.

A format is one module with a class derived from `Format` and an instance of it named `FORMAT`. It
lists the annotated radiographs of a folder, reads the teeth of each when asked, and writes teeth.

To add a format:

1. Write the module, for example `formats/boxes.py`, with a class like the one below. Say in its
   docstring where the specification of the format is, and show a small file.
2. Add one row to `panodent.formats.registry.FORMATS`. Nothing else needs to know the name:
   `panodent inspect`, `train`, `evaluate` and `convert` take the format from there.
3. Write `tests/formats/test_boxes.py`: files written by hand in the format's own terms, with the
   teeth that they must give, and a table of damaged files with the error of each. The tests in
   `tests/formats/test_base.py` and `test_registry.py`, and those of conversion, run for every row.
4. Add the row to the table of docs/reference/formats.md; a test compares it with the registry.

This format has a text file for each radiograph. Its first line is height and width, each further
line a class name and a box (top, left, bottom, right). It passes the tests of step 3 as it is:

>>> from functools import partial
>>> from pathlib import Path
>>> import numpy as np
>>> from panodent.errors import AnnotationError
>>> from panodent.formats.base import Annotated, Format
>>> from panodent.formats.naming import Naming
>>> from panodent.formats.parsing.file_search import files_below
>>> from panodent.formats.parsing.image_entries import checked_names, image_size, in_order
>>> from panodent.radiograph.radiograph import key_of
>>> from panodent.teeth.teeth import Teeth
>>> from panodent.utils.atomic_files import write_whole

>>> class Boxes(Format):
...     name = "boxes"
...
...     def recognises(self, path):
...         return bool(files_below(path, (), ".boxes")[1])
...
...     def read(self, path, options=None):
...         folder, files = files_below(path, (), ".boxes")
...         if not files:
...             raise AnnotationError(f"{path}: expected files NAME.boxes")
...         entries = [(file, *parsed(file)) for file in files]
...         labels = [label for _, _, boxes in entries for label, _ in boxes]
...         numbers = Naming.of(options).numbers(labels, path)
...         return in_order(path, (
...             Annotated(
...                 file.relative_to(folder).with_suffix("").as_posix(),
...                 partial(filled, size, boxes, numbers),
...                 size,
...             )
...             for file, size, boxes in entries
...         ))
...
...     def write(self, path, items, options=None):
...         naming = Naming.of(options)
...         for image, teeth in checked_names(items, path):
...             lines = [teeth.size, *((naming.name(fdi), *box) for fdi, box, _ in teeth)]
...             text = "".join(" ".join(map(str, line)) + "\\n" for line in lines)
...             write_whole(path / f"{key_of(image)}.boxes", text)

>>> def parsed(file):
...     try:
...         sides, *lines = [line.split() for line in file.read_text("utf-8").splitlines()]
...         height, width = sides
...         height, width = size = image_size(height, width, str(file))
...         boxes = [(" ".join(words[:-4]), tuple(map(int, words[-4:]))) for words in lines]
...         for _, (top, left, bottom, right) in boxes:
...             if not (0 <= top < bottom <= height and 0 <= left < right <= width):
...                 raise ValueError(f"a box {top, left, bottom, right} outside the image")
...     except (OSError, TypeError, ValueError) as error:
...         raise AnnotationError(
...             f"{file}: {error}; expected HEIGHT WIDTH, then lines NAME TOP LEFT BOTTOM RIGHT"
...         ) from None
...     return size, boxes

>>> def filled(size, boxes, numbers):
...     items = [
...         (numbers[label], np.ones((bottom - top, right - left), bool), (top, left))
...         for label, (top, left, bottom, right) in boxes
...         if numbers[label] is not None  # None: a class that the user's map leaves out
...     ]
...     return Teeth.from_masks(size, items, flags=[{"box"}] * len(items))

>>> FORMAT = Boxes()

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", Teeth.from_label_image([[0, 36], [36, 36]]))])
...     Path(folder, "opg.boxes").read_text()
...     (item,) = FORMAT.read(Path(folder))
...     item.key, item.read(), item.read().areas.tolist()
'2 2\\n36 0 0 2 2\\n'
('opg', Teeth(1 tooth, 2 x 2 pixels: 36), [4])

`panodent.formats.parsing` has what formats share: checked image names and sizes, JSON and XML that
is read piece by piece, shapes gathered into teeth, label maps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from panodent.errors import UnknownNameError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.registry import BY_NAME, Limits
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.teeth import Teeth
from panodent.teeth.validation import STATES

Options = Mapping[str, Any]
"""Options of a format by name. A format ignores options that it does not have;
`panodent.formats.read` warns of those."""
Items = Iterable[tuple[str, Teeth] | tuple[str, Teeth, Findings]]
"""(file name of the radiograph below the data folder, its teeth), one after the other.

A third entry holds findings; a format that cannot hold them, as `Limits.findings` says, ignores it.
"""


@dataclass(frozen=True, slots=True)
class Annotated:
    """The annotation of one radiograph, which is read when it is needed.

    Parameters
    ----------
    key : the radiograph's path below the data folder, with '/' and without suffix. It pairs the
        annotation with the radiograph.
    read : returns the teeth; may be called any number of times. Raises `AnnotationError`, which
        names the file and the place in it.
    size : (height, width) that the annotation declares, or None; then `read` takes the size from
        the radiograph.
    file : the radiograph, if the format itself says which file that is and the file exists. None
        leaves it to the key. It is kept as a text, which takes a quarter of the memory of a path.
    findings : returns the findings, as `read` the teeth; None if the data set has no class of
        findings. A finding for which the file names no tooth has the number 0.
    """

    key: str
    read: Callable[[], Teeth]
    size: tuple[int, int] | None = None
    file: str | Path | None = None
    findings: Callable[[], AnnotatedFindings] | None = None

    def __post_init__(self) -> None:
        if self.file is not None:
            object.__setattr__(self, "file", str(self.file))

    @property
    def image(self) -> Path | None:
        """The radiograph's file, or None if only the key says which it is."""
        return None if self.file is None else Path(self.file)


class Format(ABC):
    """One annotation format; see the module's docstring for how to add one.

    `name` is that of its row in `panodent.formats.registry`.

    All options are optional. For reading and writing: `numbering` and `map`, which say how class
    names name teeth (`panodent.formats.naming.Naming.of`). For writing: `geometry`, one of the
    row's `geometries`. A format may have options of its own.
    """

    name: ClassVar[str]

    @property
    def limits(self) -> Limits:
        """What the format can hold, from the registry."""
        return BY_NAME[self.name].limits

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Whether this file or folder is in the format.

        It must be quick, must not raise for any file or folder, and must not take what could as
        well be another format.
        """

    @abstractmethod
    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """The annotated radiographs of a file or folder, sorted by key.

        What can be checked without decoding masks is checked here. Memory must not grow with the
        masks: they are read by `Annotated.read`.

        One bad item costs one item: it is reported to the option `faults`, a `Faults` of
        `panodent.formats.faults`, here or when the teeth are read. Without that option the first is
        raised as an `AnnotationError`.

        Raises `AnnotationError` if there is nothing in this format, if a file is damaged, if class
        names are not clearly teeth, if two images have one key, or if a name leads out of the
        folder. Files are of unknown origin, so no content may raise another error, fill the memory
        or open a file elsewhere.
        """

    @abstractmethod
    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes teeth and findings of radiographs below the folder `path`, which may be new.

        A format of a single file may also take the file's own path. `items` may be a generator; one
        radiograph is in memory at a time. A radiograph without teeth is written, too, so that
        reading lists it. No items give an empty data set.

        Raises `AnnotationError` for two images of one key, for names that lead out of the folder
        and for teeth that cannot be written at all, `UnknownNameError` for unknown values of
        options, `OutputError` if a file cannot be written, `ConfigError` if the format is read
        only.
        """

    def image_place(self, name: str) -> str:
        """Where the radiograph `name` belongs, below the data folder and with '/'.

        The suffix may be another one: `convert` then writes the radiograph in that file format.
        """
        return f"images/{name}"

    def geometry(self, options: Options | None) -> str:
        """The option `geometry`, by default the first of the row; raises `UnknownNameError`."""
        known = BY_NAME[self.name].geometries
        chosen = str((options or {}).get("geometry", known[0]))
        if chosen not in known:
            raise UnknownNameError("geometry", chosen, known)
        return chosen


def losses(teeth: Teeth, limits: Limits) -> list[str]:
    """What a format with these limits cannot hold of these teeth, in words; empty if nothing.

    >>> teeth = Teeth.from_masks((4, 4), [(36, np.ones((2, 2)), (0, 0))], scores=[0.5])
    >>> losses(teeth, Limits(scores=True)), losses(teeth, Limits(shape="boxes"))
    ([], ['outlines (boxes only)', 'scores'])
    """
    lost = []
    outlined = [flags for flags in teeth.flags if "box" not in flags]
    if limits.shape == "boxes" and outlined:
        lost.append("outlines (boxes only)")
    elif not (limits.holes and limits.parts):
        shapes = [teeth.polygons(index) for index in range(len(teeth))]
        if not limits.holes and any(len(part) > 1 for parts in shapes for part in parts):
            lost.append("holes")
        if not limits.parts and any(len(parts) > 1 for parts in shapes):
            lost.append("several parts of a tooth")
    if not limits.overlap and _overlap(teeth):
        lost.append("overlap")
    if not limits.scores and (teeth.scores < 1).any():
        lost.append("scores")
    if not limits.states and any(flags.intersection(STATES) for flags in teeth.flags):
        lost.append("what was seen of teeth (impacted, remnant, erupted)")
    if any(flags - {"box", *STATES} for flags in teeth.flags):
        lost.append("flags")
    numbered = teeth.numbered().fdi.tolist()
    if not limits.unnumbered and len(numbered) < len(teeth):
        lost.append("unnumbered teeth")
    if not limits.repeated and len(set(numbered)) < len(numbered):
        lost.append("second teeth of one number")
    return lost


def finding_losses(findings: Findings, limits: Limits) -> dict[str, int]:
    """How many findings a format with these limits cannot hold, or not entirely, by what is lost.

    >>> found = Findings.from_masks((4, 4), [("crown", 36, [[1]], (1, 1))])
    >>> finding_losses(found, Limits(findings="kind")), finding_losses(found, Limits())
    ({'the teeth of findings': 1}, {'findings': 1})
    """
    if limits.findings == "no":
        lost = {"findings": len(findings)}
    else:
        placed = int((findings.fdi != NOWHERE).sum())
        scored, flagged = int((findings.scores < 1).sum()), sum(map(bool, findings.marks.flags))
        lost = {
            "the teeth of findings": placed if limits.findings == "kind" else 0,
            "scores of findings": 0 if limits.scores else scored,
            "flags of findings": flagged,
        }
    return {what: count for what, count in lost.items() if count}


def _overlap(teeth: Teeth) -> bool:
    covered = np.zeros(teeth.size, bool)
    for _, (top, left, bottom, right), mask in teeth:
        window = covered[top:bottom, left:right]
        if (window & mask).any():
            return True
        window |= mask
    return False
