"""Faults of annotation files: one bad item costs one item, and each is named.

Readers report what they cannot use to a `Faults`, which the option `faults` brings. By default the
first fault is raised as an `AnnotationError`. A `FaultList` keeps them all, and reading goes on
with the other items.

>>> found = FaultList()
>>> report = FaultReport.of({"faults": found}, "a.json", "opg.png")
>>> with report.catching("annotation 7"):
...     raise AnnotationError("a polygon is [1, 2]; expected six numbers or more")
>>> [str(fault) for fault in found]
['a.json: opg.png: annotation 7: a polygon is [1, 2]; expected six numbers or more']
>>> with FaultReport.of(None, "a.json").catching("annotation 7"):
...     raise AnnotationError("a polygon is [1, 2]; expected six numbers or more")
Traceback (most recent call last):
    ...
panodent.errors.AnnotationError: a.json: annotation 7: a polygon is [1, 2]; expected six numbers \
or more
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from panodent.errors import AnnotationError
from panodent.formats.parsing.excerpt import shown

OPTION = "faults"
"""The option of all formats that holds a `Faults`."""
OF_OPTION = "--"
"""How the item of a warning about an ignored option begins."""
Cost = Literal["nothing", "annotation", "radiograph"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One item of a data folder that cannot be used as it is.

    Parameters
    ----------
    file : the file that has to be mended, as a path.
    image : the radiograph that it concerns, as the file names it; empty if unknown.
    item : the place in the file: an annotation's id, a line, a shape; empty for a whole radiograph.
    problem : what was given, what was expected and, where it is special, how to mend it.
    cost : what is lost if reading goes on.
    is_note : whether it is harmless, so that nothing has to stop for it.
    is_warning : whether such a note has to be seen before the data is used.
    """

    file: str
    image: str = ""
    item: str = ""
    problem: str = ""
    cost: Cost = "annotation"
    is_note: bool = False
    is_warning: bool = False

    def __str__(self) -> str:
        """File, image, place and problem in one line."""
        return ": ".join(filter(None, (self.file, self.image, self.item, self.problem)))


class Faults:
    """Takes the faults of a reading; this one raises each as an `AnnotationError`."""

    def add(self, fault: Fault) -> None:
        """Raises the fault, unless it is only a note."""
        if not fault.is_note:
            raise AnnotationError(str(fault))


class FaultList(Faults):
    """Keeps every fault once, in the order in which they were found."""

    def __init__(self) -> None:
        self._found: dict[Fault, None] = {}
        self._watched: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Keeps the fault."""
        self._found[fault] = None
        self._watched.append(fault)

    @contextmanager
    def watching(self) -> Iterator[list[Fault]]:
        """A list of the faults that are reported inside, also those that were known before."""
        seen: list[Fault] = []
        self._watched = seen
        try:
            yield seen
        finally:
            self._watched = []

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __bool__(self) -> bool:
        return True  # an empty list collects, too

    @property
    def serious(self) -> list[Fault]:
        """The faults that are more than a note."""
        return [fault for fault in self if not fault.is_note]

    @property
    def notes(self) -> list[Fault]:
        """The others."""
        return [fault for fault in self if fault.is_note]


RAISING = Faults()
"""Where faults go that nobody collects."""


@dataclass(frozen=True, slots=True)
class FaultReport:
    """Where the faults of one file, or of one radiograph in it, are reported."""

    faults: Faults
    file: str
    image: str = ""

    @classmethod
    def of(
        cls, options: Mapping[str, Any] | None, file: str | Path, image: str = ""
    ) -> FaultReport:
        """For a file that is read with these options of a format."""
        return cls((options or {}).get(OPTION) or RAISING, str(file), image)

    @property
    def where(self) -> str:
        """How errors name the file and the radiograph."""
        return ": ".join(filter(None, (self.file, self.image)))

    def about(self, image: object) -> FaultReport:
        """The same for one radiograph; its name may come from anywhere, and is printed."""
        return replace(self, image=shown(str(image)))

    def add(self, problem: str, item: str = "", cost: Cost = "annotation") -> None:
        """Reports a fault; raises it if nobody collects."""
        self.faults.add(Fault(self.file, self.image, item, problem, cost))

    def note(self, problem: str, item: str = "") -> None:
        """Reports something harmless that was left out."""
        self.faults.add(Fault(self.file, self.image, item, problem, "nothing", True))

    def warn(self, problem: str, item: str = "") -> None:
        """Reports what can be used and must be known, such as boxes in place of outlines."""
        self.faults.add(Fault(self.file, self.image, item, problem, "nothing", True, True))

    def warn_of_option(self, option: str, why: str) -> None:
        """Reports an option for reading that was given and is not used."""
        self.warn(f"is ignored: {why}", f"{OF_OPTION}{option}")

    @contextmanager
    def catching(self, item: str = "", cost: Cost = "annotation") -> Iterator[None]:
        """Reports an `AnnotationError` inside as a fault of this item."""
        try:
            yield
        except AnnotationError as error:
            problem = str(error)
            # The error may name the place already.
            for known in (self.file, self.image, item):
                problem = problem.removeprefix(f"{known}: ") if known else problem
            fault = Fault(self.file, self.image, item, problem, cost)
        else:
            return
        self.faults.add(fault)
