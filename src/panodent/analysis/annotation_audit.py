"""Compares an annotation with an independent prediction and names likely mistakes.

The prediction must come from a network that did not learn from this annotation, or it repeats its
mistakes. Teeth are matched by overlap, whatever their numbers; what differs becomes a `Mistake`
with a confidence, so that a list of many radiographs can be ranked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panodent.dentition import TEETH, mirror
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import Float64Array

KINDS = {
    "deciduous": "a deciduous tooth numbered as permanent, or the reverse",
    "sides": "left and right swapped",
    "shifted": "a run of numbers shifted along the arch",
    "swapped": "two numbers exchanged",
    "renumber": "another number",
    "merged": "two teeth in one mask",
    "missing": "a tooth that is not annotated",
    "invented": "an annotated tooth that is not there",
}
"""What `Mistake.kind` stands for."""

MATCH = 0.4
"""Intersection over union from which an annotated and a predicted tooth are the same tooth."""
INSIDE = 0.6
"""A predicted tooth lies in an annotated one when at least this share of its pixels does."""
APART = 0.15
"""Teeth that overlap less than this, as a share of the smaller, do not overlap."""
MIRRORED_SHARE = 0.5
"""Left and right are swapped when this share of matched teeth has the mirrored number."""


@dataclass(frozen=True)
class Mistake:
    """A likely mistake in an annotation.

    kind : see `KINDS`.
    annotated : positions in the annotation of the teeth concerned; empty for a missing tooth.
    suggested : FDI number that the prediction gives each of them; for "merged" and "missing" the
        numbers of the teeth predicted there, for "invented" none.
    predicted : positions in the prediction of those teeth.
    confidence : 0 to 1, that the annotation is wrong here: the least score involved.
    reason : in words.
    """

    kind: str
    annotated: tuple[int, ...]
    suggested: tuple[int, ...]
    predicted: tuple[int, ...]
    confidence: float
    reason: str


def audit(annotation: Teeth, prediction: Teeth) -> list[Mistake]:
    """Likely mistakes of one radiograph, the most confident first.

    Both records are of one radiograph and size. Unnumbered teeth on either side are never called
    wrong by number.
    """
    if not len(annotation) or not len(prediction):
        return []
    shared = _intersections(annotation, prediction)
    areas, found = annotation.areas.astype(float), prediction.areas.astype(float)
    union = areas[:, None] + found[None] - shared
    overlap = shared / np.maximum(union, 1)
    partner = _partners(overlap)
    mistakes = _renumbered(annotation, prediction, partner)
    mistakes += _merged(annotation, prediction, shared / np.maximum(found[None], 1))
    mistakes += _missing(annotation, prediction, shared, areas, found)
    mistakes += _invented(annotation, prediction, shared, areas, found)
    return sorted(mistakes, key=lambda mistake: -mistake.confidence)


def _intersections(annotation: Teeth, prediction: Teeth) -> Float64Array:
    """(n, m) pixels that each annotated and each predicted tooth share."""
    shared = np.zeros((len(annotation), len(prediction)))
    for i, (_, (top, left, bottom, right), mask) in enumerate(annotation):
        for j, (_, (row, col, low, far), other) in enumerate(prediction):
            rows = (max(top, row), min(bottom, low))
            cols = (max(left, col), min(right, far))
            if rows[0] < rows[1] and cols[0] < cols[1]:
                here = mask[rows[0] - top : rows[1] - top, cols[0] - left : cols[1] - left]
                there = other[rows[0] - row : rows[1] - row, cols[0] - col : cols[1] - col]
                shared[i, j] = np.count_nonzero(here & there)
    return shared


def _partners(overlap: Float64Array) -> dict[int, int]:
    """Annotated -> predicted tooth, best overlaps first, each once."""
    left = overlap.copy()
    partner: dict[int, int] = {}
    while left.max(initial=0) >= MATCH:
        i, j = np.unravel_index(int(left.argmax()), left.shape)
        partner[int(i)] = int(j)
        left[i], left[:, j] = 0, 0
    return partner


# --- numbers -----------------------------------------------------------------------------------


def _renumbered(annotation: Teeth, prediction: Teeth, partner: dict[int, int]) -> list[Mistake]:
    numbers = {
        i: (int(annotation.fdi[i]), int(prediction.fdi[j]), float(prediction.scores[j]), j)
        for i, j in partner.items()
        if annotation.fdi[i] != UNNUMBERED and prediction.fdi[j] != UNNUMBERED
    }
    wrong = {i: item for i, item in numbers.items() if item[0] != item[1]}
    mirrored = {i: item for i, item in wrong.items() if item[1] == mirror(item[0])}
    if mirrored and len(mirrored) >= MIRRORED_SHARE * len(numbers) and len(mirrored) > 2:
        said = f"{len(mirrored)} of {len(numbers)} teeth bear the number of the other side"
        mistakes = [_grouped("sides", mirrored, said)]
        wrong = {i: item for i, item in wrong.items() if i not in mirrored}
    else:
        mistakes = []
    taken: set[int] = set()
    for i, (old, new, score, j) in sorted(wrong.items()):
        if i in taken:
            continue
        if TEETH[old].deciduous != TEETH[new].deciduous:
            said = f"{old} looks like the {TEETH[new].name}, {new}"
            mistakes.append(Mistake("deciduous", (i,), (new,), (j,), score, said))
            continue
        other = next((k for k, item in wrong.items() if item[:2] == (new, old)), None)
        if other is not None:
            taken.add(other)
            pair = {k: wrong[k] for k in (i, other)}
            mistakes.append(_grouped("swapped", pair, f"{old} and {new} are exchanged"))
            continue
        run = _run(i, wrong)
        if len(run) > 1:
            taken |= set(run)
            said = ", ".join(f"{wrong[k][0]} is {wrong[k][1]}" for k in run)
            mistakes.append(_grouped("shifted", {k: wrong[k] for k in run}, f"shifted: {said}"))
        else:
            mistakes.append(
                Mistake("renumber", (i,), (new,), (j,), score, f"{old} looks like {new}")
            )
    return mistakes


def _grouped(kind: str, items: dict[int, tuple[int, int, float, int]], reason: str) -> Mistake:
    return Mistake(
        kind,
        tuple(items),
        tuple(item[1] for item in items.values()),
        tuple(item[3] for item in items.values()),
        float(np.median([item[2] for item in items.values()])),
        reason,
    )


def _place(fdi: int) -> int:
    """Place along the arch from the image's left: -8 to -1, then 1 to 8; jaws apart by 100."""
    tooth = TEETH[fdi]
    along = tooth.position * (-1 if tooth.side == "right" else 1)
    return along + (0 if tooth.jaw == "upper" else 100)


def _run(first: int, wrong: dict[int, tuple[int, int, float, int]]) -> list[int]:
    """Wrong teeth next to each other, beginning at `first`, that are shifted alike."""
    shift = _step(wrong[first][0], wrong[first][1])
    by_place = {_place(item[0]): k for k, item in wrong.items()}
    run, place = [first], _place(wrong[first][0])
    for way in (1, -1):
        here = place
        while True:
            here += way
            here += way if here in (0, 100) else 0
            k = by_place.get(here)
            if k is None or _step(wrong[k][0], wrong[k][1]) != shift:
                break
            run.append(k)
    return sorted(run, key=lambda k: _place(wrong[k][0]))


def _step(old: int, new: int) -> int:
    """Places from one number to another along the arch; there is no place 0."""
    a, b = _place(old), _place(new)
    base = 100 if a > 50 else 0
    return (b - a) - (1 if a < base < b else -1 if b < base < a else 0)


# --- masks -------------------------------------------------------------------------------------


def _merged(annotation: Teeth, prediction: Teeth, inside: Float64Array) -> list[Mistake]:
    """Annotated masks that hold two or more predicted teeth."""
    mistakes = []
    for i in range(len(annotation)):
        held = list(np.flatnonzero(inside[i] >= INSIDE).tolist())
        if len(held) < 2:
            continue
        scores = sorted((float(prediction.scores[j]) for j in held), reverse=True)
        names = tuple(int(prediction.fdi[j]) for j in held)
        said = f"{_name(annotation, i)} holds {' and '.join(str(n or '?') for n in names)}"
        mistakes.append(Mistake("merged", (i,), names, tuple(held), scores[1], said))
    return mistakes


def _missing(
    annotation: Teeth,
    prediction: Teeth,
    shared: Float64Array,
    areas: Float64Array,
    found: Float64Array,
) -> list[Mistake]:
    """Predicted teeth where nothing is annotated."""
    covered = (shared / np.maximum(np.minimum(areas[:, None], found[None]), 1)).max(axis=0)
    mistakes = []
    for j in np.flatnonzero(covered < APART).tolist():
        fdi, score = int(prediction.fdi[j]), float(prediction.scores[j])
        said = f"{fdi or 'a tooth'} is seen where nothing is annotated"
        mistakes.append(Mistake("missing", (), (fdi,), (j,), score, said))
    return mistakes


def _invented(
    annotation: Teeth,
    prediction: Teeth,
    shared: Float64Array,
    areas: Float64Array,
    found: Float64Array,
) -> list[Mistake]:
    """Annotated teeth where nothing is predicted, the more confident the surer their neighbours."""
    covered = (shared / np.maximum(np.minimum(areas[:, None], found[None]), 1)).max(axis=1)
    sure = float(np.mean(prediction.scores))
    return [
        Mistake(
            "invented", (i,), (), (), sure, f"{_name(annotation, i)} is annotated, but none is seen"
        )
        for i in np.flatnonzero(covered < APART).tolist()
    ]


def _name(teeth: Teeth, index: int) -> str:
    return str(int(teeth.fdi[index]) or "an unnumbered tooth")
