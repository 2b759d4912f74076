"""A data folder looked over before training: what is there, what is missing, what looks wrong."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.analysis.annotation_checks import Suspicion, suspicions
from panodent.datasets.dataset import Case, Dataset, find
from panodent.datasets.splits import duplicates, fingerprint
from panodent.dentition import TEETH
from panodent.errors import PanodentError
from panodent.teeth.teeth import UNNUMBERED
from panodent.version import __version__

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Finding:
    """One annotated radiograph: its size (height, width), its numbers, what looks wrong.

    `problem` says why it cannot be used at all, empty when it can.
    """

    key: str
    image: str
    size: tuple[int, int] | None = None
    numbers: tuple[int, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Inspection:
    """What a data folder holds."""

    dataset: Dataset
    findings: tuple[Finding, ...]
    duplicates: tuple[tuple[str, ...], ...]

    @property
    def sizes(self) -> dict[tuple[int, int], int]:
        """How many radiographs have this (height, width), the commonest first."""
        return dict(Counter(f.size for f in self.findings if f.size).most_common())

    @property
    def per_number(self) -> dict[int, int]:
        """How many radiographs have this tooth, for each that occurs, by FDI number."""
        counts = Counter(n for f in self.findings for n in set(f.numbers) if n != UNNUMBERED)
        return {fdi: counts[fdi] for fdi in TEETH if counts[fdi]}

    @property
    def teeth(self) -> int:
        """Teeth in all."""
        return sum(len(f.numbers) for f in self.findings)

    @property
    def unnumbered(self) -> int:
        """Teeth without a number."""
        return sum(f.numbers.count(UNNUMBERED) for f in self.findings)

    @property
    def problems(self) -> list[Finding]:
        """What cannot be used."""
        return [f for f in self.findings if f.problem]

    @property
    def suspicious(self) -> list[Finding]:
        """What should be looked at, the most suspicious first."""
        return sorted((f for f in self.findings if f.suspicions), key=lambda f: -len(f.suspicions))

    def case(self, key: str) -> Case:
        """The case of this key."""
        return next(case for case in self.dataset.cases if case.key == key)

    def to_json(self) -> str:
        """The same for programs."""
        return json.dumps(
            {
                "panodent": __version__,
                "format": self.dataset.format,
                "radiographs": len(self.findings),
                "teeth": self.teeth,
                "unnumbered": self.unnumbered,
                "sizes": [
                    {"height": h, "width": w, "count": n} for (h, w), n in self.sizes.items()
                ],
                "teeth_per_number": {str(n): count for n, count in self.per_number.items()},
                "images_without_labels": self.dataset.images_without_labels,
                "labels_without_images": self.dataset.labels_without_images,
                "duplicates": self.duplicates,
                "problems": {f.key: f.problem for f in self.problems},
                "suspicious": {f.key: [asdict(s) for s in f.suspicions] for f in self.suspicious},
            },
            indent=1,
        )


def inspect(
    root: str | os.PathLike[str],
    format_name: str | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Inspection:
    """Reads every annotated radiograph below `root` once.

    What cannot be read becomes a `Finding` with a problem and the others go on. Raises as
    `dataset.find` when the folder as a whole cannot be understood.
    """
    dataset = find(root, format_name, options)
    findings, prints = [], {}
    for done, case in enumerate(dataset.cases, start=1):
        finding, print_ = _look(case)
        findings.append(finding)
        if print_ is not None:
            prints[case.key] = print_
        if progress is not None:
            progress(done, len(dataset.cases))
    return Inspection(dataset, tuple(findings), tuple(duplicates(prints)))


def _look(case: Case) -> tuple[Finding, npt.NDArray[np.float32] | None]:
    name = str(case.image)
    try:
        radiograph = case.radiograph()
    except PanodentError as error:
        return Finding(case.key, name, problem=str(error)), None
    print_ = fingerprint(radiograph)
    try:
        teeth = case.teeth()
    except PanodentError as error:
        return Finding(case.key, name, radiograph.size, problem=str(error)), print_
    numbers = tuple(teeth.fdi.tolist())
    if teeth.size != radiograph.size:
        said = (
            f"the radiograph has {radiograph.size[1]} x {radiograph.size[0]} pixels, its "
            f"annotation {teeth.size[1]} x {teeth.size[0]}"
        )
        return Finding(case.key, name, radiograph.size, numbers, problem=said), print_
    return (
        Finding(case.key, name, radiograph.size, numbers, tuple(suspicions(teeth))),
        print_,
    )
