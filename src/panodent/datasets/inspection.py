"""Inspects a data folder before training: what is there, what is missing, what looks wrong.

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> from panodent import phantom
>>> with TemporaryDirectory() as folder:
...     phantom.write(Path(folder), 2, size=(64, 128))
...     found = inspect(folder)
>>> found.sizes, len(found.problems), found.duplicates
({(64, 128): 2}, 0, ())
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from panodent.analysis.annotation_checks import Suspicion, suspicions
from panodent.analysis.finding_checks import finding_suspicions
from panodent.datasets.checking import matched
from panodent.datasets.dataset import Case, Dataset, find
from panodent.datasets.splits import duplicate_cases, fingerprint
from panodent.dentition import TEETH
from panodent.errors import DatasetError, PanodentError
from panodent.formats.faults import Fault, FaultList
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import NOWHERE
from panodent.teeth.teeth import UNNUMBERED
from panodent.utils.arrays import Float32Array
from panodent.utils.progress import Progress
from panodent.version import __version__

_NONE: Mapping[str, int] = {}
"""Of other findings: kept once however many radiographs have none."""


@dataclass(frozen=True, slots=True)
class InspectedCase:
    """What was found about one annotated radiograph.

    Parameters
    ----------
    key : its path below the data folder, without suffix.
    image : its file.
    size : (height, width), or None if it cannot be read.
    numbers : FDI numbers of its teeth, 0 for those without a number.
    suspicions : what looks wrong with the annotation, see `panodent.analysis.annotation_checks`.
    problem : why it cannot be used at all; empty if it can.
    kinds : the kind of each of its findings; None if the data set has none.
    loose : how many of them have no tooth.
    others : how many findings are of a class that is not a kind, by the class's name; None if the
        data set has no findings.
    """

    key: str
    image: str
    size: tuple[int, int] | None = None
    numbers: tuple[int, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    problem: str = ""
    kinds: tuple[str, ...] | None = None
    loose: int = 0
    others: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Inspection:
    """What was found in a data folder.

    Parameters
    ----------
    dataset : the paired radiographs and annotations.
    findings : one for each annotated radiograph, in the order of the cases.
    duplicates : groups of keys whose radiographs are the same picture.
    faults : items of the annotation files that cannot be used as they are, and notes, see
        `panodent.formats.faults`.
    """

    dataset: Dataset
    findings: tuple[InspectedCase, ...]
    duplicates: tuple[tuple[str, ...], ...]
    faults: tuple[Fault, ...] = ()

    @property
    def sizes(self) -> dict[tuple[int, int], int]:
        """Number of radiographs by (height, width), the most frequent size first."""
        return dict(Counter(f.size for f in self.findings if f.size).most_common())

    @property
    def per_number(self) -> dict[int, int]:
        """Number of radiographs that show a tooth, by FDI number; teeth that occur only."""
        counts = Counter(n for f in self.findings for n in set(f.numbers) if n != UNNUMBERED)
        return {fdi: counts[fdi] for fdi in TEETH if counts[fdi]}

    @property
    def teeth(self) -> int:
        """Number of teeth."""
        return sum(len(f.numbers) for f in self.findings)

    @property
    def unnumbered(self) -> int:
        """Number of teeth without a number."""
        return sum(f.numbers.count(UNNUMBERED) for f in self.findings)

    @property
    def has_findings(self) -> bool:
        """Whether the annotations of any radiograph can say what was done to teeth."""
        return any(f.kinds is not None for f in self.findings)

    @property
    def per_kind(self) -> dict[str, int]:
        """Number of findings by kind; kinds that occur only."""
        counts = Counter(kind for f in self.findings for kind in f.kinds or ())
        return {kind: counts[kind] for kind in KINDS if counts[kind]}

    @property
    def loose(self) -> int:
        """Number of findings without a tooth."""
        return sum(f.loose for f in self.findings)

    @property
    def other_findings(self) -> dict[str, int]:
        """Number of findings of classes that are not a kind, by the class's name."""
        found = Counter[str]()
        for case in self.findings:
            found.update(case.others or {})
        return dict(found.most_common())

    @property
    def problems(self) -> list[InspectedCase]:
        """The radiographs that cannot be used."""
        return [f for f in self.findings if f.problem]

    @property
    def faulty(self) -> list[Fault]:
        """The faults that are more than a note."""
        return [fault for fault in self.faults if not fault.is_note]

    @property
    def notes(self) -> list[Fault]:
        """What is harmless and was left out."""
        return [fault for fault in self.faults if fault.is_note]

    @property
    def suspicious(self) -> list[InspectedCase]:
        """The radiographs to look at, those with most suspicions first."""
        return sorted((f for f in self.findings if f.suspicions), key=lambda f: -len(f.suspicions))

    def case(self, key: str) -> Case:
        """The case with this key."""
        return next(case for case in self.dataset.cases if case.key == key)

    def _findings_json(self) -> dict[str, Any]:
        annotated = sum(f.kinds is not None for f in self.findings)
        return {
            "radiographs": annotated,
            "per_kind": self.per_kind,
            "without_tooth": self.loose,
            "other_classes": self.other_findings,
        }

    def to_json(self) -> str:
        """Counts, problems and suspicions as JSON text, for programs."""
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
                **({"findings": self._findings_json()} if self.has_findings else {}),
                "images_without_labels": self.dataset.images_without_labels,
                "labels_without_images": self.dataset.labels_without_images,
                "unread": {str(item.path): item.reason for item in self.dataset.unread},
                "duplicates": self.duplicates,
                "problems": {f.key: f.problem for f in self.problems},
                "faults": [asdict(fault) for fault in self.faulty],
                "notes": [asdict(fault) for fault in self.notes],
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

    The parameters are those of `panodent.datasets.dataset.find`, which also raises the errors about
    the folder as a whole. A radiograph or annotation that cannot be read becomes an `InspectedCase`
    with a problem, any other item that cannot be used a fault; the others go on. `progress` is
    called after each radiograph.
    """
    faults = FaultList()
    dataset = find(root, format_name, options, faults)
    findings: list[InspectedCase] = []
    known: dict[Hashable, Any] = {}  # equal values of many radiographs are kept once

    def look(case: Case) -> Float32Array | None:
        finding, print_ = _look(case)
        parts = {
            name: getattr(finding, name) for name in ("size", "numbers", "suspicions", "kinds")
        }
        once = {name: known.setdefault(part, part) for name, part in parts.items()}
        findings.append(replace(finding, **once))
        if progress is not None:
            progress(len(findings), len(dataset.cases))
        return print_

    same = duplicate_cases(dataset.cases, look)
    return Inspection(dataset, tuple(findings), tuple(same), tuple(faults))


def _look(case: Case) -> tuple[InspectedCase, Float32Array | None]:
    """The finding about a case, and its fingerprint if its pixels can be read."""
    name = str(case.file)
    try:
        radiograph = case.radiograph()
    except PanodentError as error:
        return InspectedCase(case.key, name, problem=str(error)), None
    print_ = fingerprint(radiograph)
    try:
        teeth, found = case.teeth(), case.findings()
    except PanodentError as error:
        return InspectedCase(case.key, name, radiograph.size, problem=str(error)), print_
    numbers = tuple(teeth.fdi.tolist())
    try:
        matched(radiograph, teeth)
    except DatasetError as error:
        problem = str(error)
        return InspectedCase(case.key, name, radiograph.size, numbers, problem=problem), print_
    found_suspicions = suspicions(teeth)
    looked = InspectedCase(case.key, name, radiograph.size, numbers)
    if found is not None:
        found_suspicions += finding_suspicions(teeth, found.findings)
        loose = int((found.findings.fdi == NOWHERE).sum())
        looked = replace(
            looked, kinds=found.findings.kinds, loose=loose, others=found.others or _NONE
        )
    return replace(looked, suspicions=tuple(found_suspicions)), print_
