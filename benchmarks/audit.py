"""Measures how many mistakes in annotations `panodent inspect --audit` finds.

    python benchmarks/audit.py [DATA] [--bundle default] [--count 200] [--seed 0] [--values hitl]

Plants mistakes in copies of the annotations, one in a copy, and audits each copy with the
prediction of a bundle. Several `--bundle` are runs of a cross-validation: each radiograph is
predicted by the run that held it out. Without DATA, phantoms of adults and children are drawn.

Prints, for each kind of mistake, the recall at the least confidence at which 95 % of the mistakes
reported are planted ones; only reports of a kind that may stand for the planted one count. What is
reported beside the planted mistake counts as wrong, also where the annotation was wrong before.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from panodent import phantom
from panodent.analysis.annotation_audit import Mistake, audit
from panodent.bundle.bundle import load
from panodent.datasets.dataset import find
from panodent.datasets.splits import fingerprint
from panodent.dentition import PERMANENT, TEETH, mirror
from panodent.inference.rescaling import predict_teeth
from panodent.teeth.teeth import Teeth
from panodent.training.independence import most_independent, origins

PRECISION = 0.95
ADULTS, CHILDREN = 24, 12
SIZE = (512, 1024)
NUMBERS = frozenset(("shifted", "swapped", "sides", "deciduous", "renumber"))
TRIES = 200


@dataclass(frozen=True)
class Planted:
    """An annotation with one mistake: positions of the wrong teeth, or the tooth that is gone."""

    teeth: Teeth
    wrong: frozenset[int] = frozenset()
    gone: Teeth | None = None


Plant = Callable[[Teeth, np.random.Generator], Planted | None]


def _renumbered(teeth: Teeth, new: Mapping[int, int]) -> Planted:
    """Teeth at these positions with these numbers."""
    numbers = [new.get(place, fdi) for place, fdi in enumerate(teeth.fdi.tolist())]
    changed = Teeth(teeth.size, np.array(numbers), teeth.boxes, teeth.masks, teeth.scores)
    return Planted(changed, frozenset(new))


def _chosen(options: Sequence[Any], rng: np.random.Generator) -> Any | None:
    return options[int(rng.integers(len(options)))] if options else None


def _neighbours(teeth: Teeth) -> list[tuple[int, int]]:
    """Positions of teeth with successive numbers."""
    place = {fdi: number for number, fdi in enumerate(teeth.fdi.tolist()) if fdi}
    return [(place[fdi], place[fdi + 1]) for fdi in place if fdi + 1 in place]


def shifted(teeth: Teeth, rng: np.random.Generator) -> Planted | None:
    """Two to seven permanent teeth in a row, numbered one place further or nearer."""
    place = {fdi: number for number, fdi in enumerate(teeth.fdi.tolist()) if fdi in PERMANENT}
    runs = [
        range(first, last + 1)
        for first in place
        for last in range(first + 1, first + 7)
        if all(fdi in place for fdi in range(first, last + 1))
    ]
    options = [
        (run, step)
        for run in runs
        for step in (1, -1)
        if (end := run[-1] + 1 if step == 1 else run[0] - 1) in TEETH and end not in place
    ]
    choice = _chosen(options, rng)
    return choice and _renumbered(teeth, {place[fdi]: fdi + choice[1] for fdi in choice[0]})


def swapped(teeth: Teeth, rng: np.random.Generator) -> Planted | None:
    """Two neighbours with exchanged numbers."""
    pair = _chosen(_neighbours(teeth), rng)
    return pair and _renumbered(
        teeth, {pair[0]: int(teeth.fdi[pair[1]]), pair[1]: int(teeth.fdi[pair[0]])}
    )


def sides(teeth: Teeth, _: np.random.Generator) -> Planted | None:
    """All numbers of the other side."""
    numbers = {place: mirror(fdi) for place, fdi in enumerate(teeth.fdi.tolist()) if fdi}
    return _renumbered(teeth, numbers) if numbers else None


def missing(teeth: Teeth, rng: np.random.Generator) -> Planted | None:
    """A numbered tooth that is not annotated."""
    place = _chosen(np.flatnonzero(teeth.fdi > 0).tolist(), rng)
    if place is None:
        return None
    left = np.arange(len(teeth)) != place
    return Planted(teeth.select(left), gone=teeth.select([place]))


def invented(teeth: Teeth, rng: np.random.Generator) -> Planted | None:
    """A copy of a tooth, with a number that is free, where no tooth is annotated."""
    free = sorted(set(PERMANENT) - set(teeth.fdi.tolist()))
    if not free or not len(teeth):
        return None
    covered = np.zeros(teeth.size, bool)
    for _, (top, left, bottom, right), mask in teeth:
        covered[top:bottom, left:right] |= mask
    for _ in range(TRIES):
        model = int(rng.integers(len(teeth)))
        mask = teeth.masks[model]
        height, width = mask.shape
        row = int(rng.integers(teeth.size[0] - height + 1))
        column = int(rng.integers(teeth.size[1] - width + 1))
        if not (covered[row : row + height, column : column + width] & mask).any():
            fdi = int(rng.choice(free))
            return _with(teeth, fdi, mask, (row, column))
    return None


def _with(teeth: Teeth, fdi: int, mask: Any, corner: tuple[int, int]) -> Planted:
    items: list[Any] = [(n, m, (int(box[0]), int(box[1]))) for n, box, m in teeth]
    made = Teeth.from_masks(teeth.size, [*items, (fdi, mask, corner)])
    return Planted(made, frozenset([len(made) - 1]))


def merged(teeth: Teeth, rng: np.random.Generator) -> Planted | None:
    """Two neighbours in one mask with the number of one of them."""
    pair = _chosen(_neighbours(teeth), rng)
    if pair is None:
        return None
    both = teeth.full_mask(pair[0]) | teeth.full_mask(pair[1])
    rest = teeth.select([n for n in range(len(teeth)) if n not in pair])
    return _with(rest, int(teeth.fdi[int(rng.choice(pair))]), both, (0, 0))


def deciduous(teeth: Teeth, rng: np.random.Generator) -> Planted | None:
    """A deciduous tooth with the number of its successor, which is no longer annotated."""
    numbers = teeth.fdi.tolist()
    choice = _chosen([fdi for fdi in numbers if fdi and TEETH[fdi].deciduous], rng)
    if choice is None:
        return None
    left = teeth.select([place for place, fdi in enumerate(numbers) if fdi != choice - 40])
    return _renumbered(left, {left.fdi.tolist().index(choice): choice - 40})


KINDS: Mapping[str, tuple[Plant, frozenset[str]]] = {
    "shifted": (shifted, NUMBERS),
    "swapped": (swapped, NUMBERS),
    "sides": (sides, NUMBERS),
    "missing": (missing, frozenset(["missing"])),
    "invented": (invented, frozenset(["invented"])),
    "merged": (merged, frozenset(["merged"])),
    "deciduous": (deciduous, NUMBERS),
}
"""By kind: how it is planted, and the kinds of reports that may stand for it."""


@dataclass
class Tally:
    """Reports on the copies with one kind of mistake.

    confidences : of the best report of each planted mistake that was found.
    others : confidences of reports that do not concern the planted mistake.
    """

    planted: int = 0
    named: int = 0
    confidences: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)

    def add(self, kind: str, plan: Planted, prediction: Teeth, reports: Sequence[Mistake]) -> None:
        """Counts the reports on one copy."""
        self.planted += 1
        fitting = [report for report in reports if report.kind in KINDS[kind][1]]
        concerned = [_concerns(report, plan, prediction) for report in fitting]
        hits = [r for r, about in zip(fitting, concerned, strict=True) if about]
        self.others += [
            r.confidence for r, about in zip(fitting, concerned, strict=True) if not about
        ]
        if hits:
            self.confidences.append(max(report.confidence for report in hits))
            self.named += any(report.kind == kind for report in hits)

    def limit(self) -> float | None:
        """The least confidence at which the precision is `PRECISION`, None if there is none."""
        good = None
        for least in sorted(set(self.confidences), reverse=True):
            right = sum(value >= least for value in self.confidences)
            wrong = sum(value >= least for value in self.others)
            if right >= PRECISION * (right + wrong):
                good = least
        return good

    def row(self, kind: str) -> str:
        """A row of the table."""
        least = self.limit()
        found = 0 if least is None else sum(value >= least for value in self.confidences)
        shown = "none" if least is None else f"{least:.2f}"
        recall = f"{found / self.planted:.2f}" if self.planted else "-"
        return (
            f"| {kind} | {self.planted} | {recall} | {shown} | {len(self.confidences)} | "
            f"{self.named} | {len(self.others)} |"
        )


def _concerns(report: Mistake, plan: Planted, prediction: Teeth) -> bool:
    if plan.gone is None:
        return bool(plan.wrong & set(report.annotated))
    gone = plan.gone.full_mask(0)
    return any((prediction.full_mask(j) & gone).sum() >= 0.4 * gone.sum() for j in report.predicted)


def measure(
    examples: Sequence[tuple[Teeth, Teeth, Sequence[int]]], count: int, seed: int
) -> tuple[dict[str, Tally], Counter[str]]:
    """A tally for each kind, and reports on the unchanged annotations by kind.

    `examples` are annotation, prediction and the classes of the network; `count` mistakes are
    spread evenly over the kinds.
    """
    rng = np.random.default_rng(seed)
    tallies = {kind: Tally() for kind in KINDS}
    for place, (kind, tally) in enumerate(tallies.items()):
        wanted = count // len(KINDS) + (place < count % len(KINDS))
        possible = [int(n) for n in rng.permutation(len(examples))]
        while possible and tally.planted < wanted:
            for number in list(possible):
                annotation, prediction, classes = examples[number]
                plan = KINDS[kind][0](annotation, rng)
                if plan is None:
                    possible.remove(number)
                elif tally.planted < wanted:
                    reports = audit(plan.teeth, prediction, classes)
                    tally.add(kind, plan, prediction, reports)
    before = Counter(
        report.kind for item in examples for report in audit(*item) if report.confidence >= 0.9
    )
    return tallies, before


def _examples(
    folder: Path, values: str | None, bundles: Sequence[str]
) -> tuple[list[tuple[Teeth, Teeth, Sequence[int]]], Counter[str]]:
    """Annotations with predictions, and how many of their radiographs a bundle was trained on."""
    opened, known = [load(name) for name in bundles], origins(bundles)
    examples, trained = [], Counter[str]()
    for case in find(folder, None, {"values": values} if values else {}).cases:
        radiograph = case.radiograph()
        place, state = most_independent(known, fingerprint(radiograph))
        trained[state] += 1
        found = predict_teeth(opened[place], radiograph.pixels)
        examples.append((case.teeth(), found, opened[place].classes))
    return examples, trained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, help="folder of annotated radiographs")
    parser.add_argument("--values", help="meaning of pixel values in label images")
    parser.add_argument("--bundle", action="append", help="may be given several times")
    parser.add_argument("--count", type=int, default=200, help="mistakes to plant")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as drawn:
        folder = given.data or Path(drawn)
        if given.data is None:
            phantom.write(Path(drawn, "adults"), ADULTS, size=SIZE)
            phantom.write(Path(drawn, "children"), CHILDREN, seed=1000, size=SIZE, ages=(6, 12))
        folders = [folder] if given.data else [Path(drawn, "adults"), Path(drawn, "children")]
        read = [_examples(place, given.values, given.bundle or ["default"]) for place in folders]
    examples = [example for part, _ in read for example in part]
    trained = sum((states for _, states in read), Counter[str]())
    print(f"{len(examples)} radiographs; in the training data of the bundle: {dict(trained)}\n")
    tallies, before = measure(examples, given.count, given.seed)
    print("| planted | mistakes | recall at 95 % | from confidence | found | named so | other |")
    print("|---|---|---|---|---|---|---|")
    for kind, tally in tallies.items():
        print(tally.row(kind))
    print(f"\nreports of at least 0.9 on the unchanged annotations: {dict(before)}")


if __name__ == "__main__":
    main()
