"""Likely mistakes of an annotation as a `Correction`, for a person to review and apply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from panodent.analysis.annotation_audit import Mistake
from panodent.datasets.correction import Correction, Polygon
from panodent.dentition import TEETH, mirror
from panodent.teeth.teeth import UNNUMBERED, Teeth

LEAST = 0.5
"""Least confidence of a mistake that is proposed as a change; others are only mentioned."""
TOLERANCE = 0.75
"""Largest distance of a proposed polygon from the predicted outline, in pixels."""


@dataclass
class _Change:
    """What one mistake changes."""

    reason: str
    renumber: dict[int, int] = field(default_factory=dict)
    remove: list[int] = field(default_factory=list)
    add: list[tuple[int, Polygon]] = field(default_factory=list)

    def results(self) -> list[int]:
        """The numbers that it gives."""
        return [*self.renumber.values(), *(fdi for fdi, _ in self.add)]


def proposed(annotation: Teeth, prediction: Teeth, mistakes: Sequence[Mistake]) -> Correction:
    """The changes that these mistakes suggest, as a correction of this annotation.

    Mistakes below `LEAST` and those that a correction cannot express become its `unsure`: teeth
    whose number is used several times or missing, and changes that would use a number twice.
    """
    numbers = Counter(annotation.fdi.tolist())
    changes: list[_Change] = []
    unsure: list[str] = []
    for mistake in sorted(mistakes, key=lambda item: -item.confidence):
        said = f"{mistake.reason} ({mistake.confidence:.2f})"
        concerned = [int(annotation.fdi[i]) for i in mistake.annotated]
        ambiguous = [fdi for fdi in concerned if fdi == UNNUMBERED or numbers[fdi] > 1]
        if mistake.confidence < LEAST or ambiguous:
            unsure.append(said)
        else:
            changes.append(_change(annotation, prediction, mistake, concerned, said))
    while (worst := _conflicting(annotation, changes)) is not None:
        unsure.append(worst.reason)
        changes.remove(worst)
    renumber = {old: new for change in changes for old, new in change.renumber.items()}
    return Correction(
        renumber=renumber,
        remove=tuple(fdi for change in changes for fdi in change.remove),
        add=tuple(item for change in changes for item in change.add),
        unsure=tuple(unsure),
        note="; ".join(change.reason for change in changes),
    )


def _change(
    annotation: Teeth, prediction: Teeth, mistake: Mistake, concerned: list[int], said: str
) -> _Change:
    if mistake.kind == "invented":
        return _Change(said, remove=concerned)
    if mistake.kind in ("merged", "missing"):
        teeth = zip(mistake.suggested, mistake.predicted, strict=True)
        return _Change(
            said, remove=concerned, add=[(fdi, _polygon(prediction, j)) for fdi, j in teeth]
        )
    if mistake.kind == "sides":  # also the teeth that the network did not find
        jaws = {TEETH[fdi].jaw for fdi in concerned}
        present = [fdi for fdi in annotation.fdi.tolist() if fdi and TEETH[fdi].jaw in jaws]
        return _Change(said, renumber={fdi: mirror(fdi) for fdi in present})
    return _Change(said, renumber=dict(zip(concerned, mistake.suggested, strict=True)))


def _conflicting(annotation: Teeth, changes: list[_Change]) -> _Change | None:
    """The least confident change by which a number is used more often than before, if any."""
    before = Counter(annotation.fdi.tolist())
    renumber = {old: new for change in changes for old, new in change.renumber.items()}
    removed = {fdi for change in changes for fdi in change.remove}
    after = Counter(renumber.get(fdi, fdi) for fdi in before.elements() if fdi not in removed)
    after.update(fdi for change in changes for fdi, _ in change.add)
    twice = {fdi for fdi in after if fdi != UNNUMBERED and after[fdi] > max(before[fdi], 1)}
    return next((change for change in reversed(changes) if twice & set(change.results())), None)


def _polygon(teeth: Teeth, index: int) -> Polygon:
    """The outline of a tooth's largest part, (x, y) in pixels; holes are left out."""
    rings: list[Any] = [part[0] for part in teeth.polygons(index, TOLERANCE)]
    largest = max(rings, key=_area)
    return tuple((float(x), float(y)) for x, y in np.asarray(largest))


def _area(ring: Any) -> float:
    x, y = np.asarray(ring, float).T
    return abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2
