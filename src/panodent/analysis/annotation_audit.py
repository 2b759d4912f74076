"""Compares an annotation with an independent prediction and names likely mistakes.

The prediction must come from a network that did not learn from this annotation, or it repeats its
mistakes. Teeth are matched by overlap, whatever their numbers; what differs becomes a `Mistake`
with a confidence, so that a list of many radiographs can be ranked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from panodent.analysis.annotation_checks import suspicions
from panodent.dentition import TEETH, mirror
from panodent.teeth.overlap import intersections
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
COVERED = 0.5
"""A tooth that the other record covers less than this, as a share of its pixels, is alone."""
SWAPPED_SHARE = 0.5
"""Left and right of a jaw are swapped when this share of its matched teeth is of the other side."""
SWAPPED_TEETH = 3
"""Fewest teeth of the other side that show a swap."""


@dataclass(frozen=True)
class Mistake:
    """A likely mistake in an annotation.

    kind : see `KINDS`.
    annotated : positions in the annotation of the teeth concerned; empty for a missing tooth.
    suggested : FDI number that each of them should have; for "merged" and "missing" the numbers of
        the teeth predicted there, for "invented" none.
    predicted : positions in the prediction of those teeth.
    confidence : 0 to 1, that the annotation is wrong here, from the scores of the teeth involved.
    reason : in words.
    """

    kind: str
    annotated: tuple[int, ...]
    suggested: tuple[int, ...]
    predicted: tuple[int, ...]
    confidence: float
    reason: str


@dataclass(frozen=True)
class _Pair:
    """An annotated tooth and the predicted tooth in its place, both with a number."""

    annotated: int
    predicted: int
    old: int
    new: int
    score: float


def audit(
    annotation: Teeth, prediction: Teeth, classes: Collection[int] | None = None
) -> list[Mistake]:
    """Likely mistakes of one radiograph, the most confident first.

    Both records are of one radiograph and size. `classes` are the numbers that the network can give
    (None: all): a tooth annotated with another number is never called wrong. Unnumbered teeth on
    either side are never called wrong by number. Without a predicted tooth there is no mistake.
    """
    if not len(prediction):
        return []
    shared = intersections(annotation, prediction).astype(np.float64)
    areas, found = annotation.areas.astype(float)[:, None], prediction.areas.astype(float)[None]
    partner = _partners(shared / np.maximum(areas + found - shared, 1))
    known = _comparable(annotation, classes)
    merged = _merged(annotation, prediction, shared / np.maximum(found, 1), partner)
    whole = {i for mistake in merged for i in mistake.annotated}
    pairs = [
        _Pair(i, j, int(annotation.fdi[i]), int(prediction.fdi[j]), float(prediction.scores[j]))
        for i, j in sorted(partner.items())
        if annotation.fdi[i] != UNNUMBERED and prediction.fdi[j] != UNNUMBERED and i not in whole
    ]
    swapped = _swapped(pairs)
    rest = [pair for pair in pairs if known[pair.annotated] and pair not in swapped]
    held = {j for mistake in merged for j in mistake.predicted}
    alone, unseen = _alone(annotation, prediction, shared, partner, whole, held)
    mistakes = [*_sides(swapped, pairs), *_numbers(rest), *merged, *_missing(prediction, alone)]
    elsewhere = {int(prediction.fdi[j]): float(prediction.scores[j]) for j in alone}
    elsewhere |= {pair.new: pair.score for pair in pairs if pair.old == pair.new}
    places = [i for i in unseen if known[i]]
    mistakes += _invented(annotation, places, elsewhere, float(np.mean(prediction.scores)))
    return sorted(mistakes, key=lambda mistake: -mistake.confidence)


def _comparable(annotation: Teeth, classes: Collection[int] | None) -> list[bool]:
    """Whether the network can contradict each annotated tooth's number.

    It cannot where it has no class for that number. Then it gives the numbers next to it wrongly
    too (a child's first permanent molar as a second one), so that none of the quadrant counts.
    """
    numbers = annotation.fdi.tolist()
    strange = {
        TEETH[fdi].quadrant
        for fdi in numbers
        if fdi != UNNUMBERED and classes is not None and fdi not in classes
    }
    return [fdi != UNNUMBERED and TEETH[fdi].quadrant not in strange for fdi in numbers]


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


def _sides(swapped: list[_Pair], pairs: list[_Pair]) -> list[Mistake]:
    """One mistake for all teeth with the number of the other side."""
    if not swapped:
        return []
    said = f"{len(swapped)} of {len(pairs)} teeth have a number of the other side"
    mistake = _grouped("sides", swapped, said)
    return [replace(mistake, suggested=tuple(mirror(pair.old) for pair in swapped))]


def _swapped(pairs: list[_Pair]) -> list[_Pair]:
    """Pairs with numbers of opposite sides, of the jaws where most pairs are like this."""
    swapped: list[_Pair] = []
    for jaw in ("upper", "lower"):
        here = [pair for pair in pairs if TEETH[pair.old].jaw == jaw]
        opposite = [pair for pair in here if TEETH[pair.old].side != TEETH[pair.new].side]
        if len(opposite) >= max(SWAPPED_TEETH, SWAPPED_SHARE * len(here)):
            swapped += opposite
    return swapped


def _numbers(pairs: list[_Pair]) -> list[Mistake]:
    """Mistakes in the numbers of matched teeth, each pair in one mistake at most."""
    wrong = [pair for pair in pairs if pair.old != pair.new]
    mistakes = []
    for pair in wrong:
        if TEETH[pair.old].deciduous != TEETH[pair.new].deciduous:
            said = f"{pair.old} looks like the {TEETH[pair.new].name}, {pair.new}"
            mistakes.append(_grouped("deciduous", [pair], said))
    wrong = [pair for pair in wrong if TEETH[pair.old].deciduous == TEETH[pair.new].deciduous]
    while wrong:
        first = wrong[0]
        other = next((p for p in wrong if (p.old, p.new) == (first.new, first.old)), None)
        run = _run(first, wrong)
        if other is not None:
            group = [first, other]
            mistakes.append(
                _grouped("swapped", group, f"{first.old} and {first.new} are exchanged")
            )
        elif len(run) > 1:
            group = run
            said = ", ".join(f"{pair.old} is {pair.new}" for pair in run)
            mistakes.append(_grouped("shifted", group, f"shifted: {said}"))
        else:
            group = [first]
            mistakes.append(_grouped("renumber", group, f"{first.old} looks like {first.new}"))
        wrong = [pair for pair in wrong if pair not in group]
    return mistakes


def _grouped(kind: str, pairs: list[_Pair], reason: str) -> Mistake:
    return Mistake(
        kind,
        tuple(pair.annotated for pair in pairs),
        tuple(pair.new for pair in pairs),
        tuple(pair.predicted for pair in pairs),
        float(np.median([pair.score for pair in pairs])),
        reason,
    )


def _place(fdi: int) -> int:
    """Place along the arch from the image's left: -8 to -1, then 1 to 8; lower jaw: 100 more."""
    tooth = TEETH[fdi]
    along = tooth.position * (-1 if tooth.side == "right" else 1)
    return along + (0 if tooth.jaw == "upper" else 100)


def _run(first: _Pair, wrong: list[_Pair]) -> list[_Pair]:
    """Wrong teeth of one dentition next to each other, `first` among them, shifted alike."""
    alike = {
        _place(pair.old): pair
        for pair in wrong
        if TEETH[pair.old].deciduous == TEETH[first.old].deciduous and _step(pair) == _step(first)
    }
    start = _place(first.old)
    run = [first]
    for way in (1, -1):
        here = start
        while True:
            here += way
            here += way if here in (0, 100) else 0
            if here not in alike:
                break
            run.append(alike[here])
    return sorted(run, key=lambda pair: _place(pair.old))


def _step(pair: _Pair) -> int:
    """Places from one number to the other along the arch; there is no place 0."""
    a, b = _place(pair.old), _place(pair.new)
    base = 100 if a > 50 else 0
    return (b - a) - (1 if a < base < b else -1 if b < base < a else 0)


# --- masks -------------------------------------------------------------------------------------


def _merged(
    annotation: Teeth, prediction: Teeth, inside: Float64Array, partner: dict[int, int]
) -> list[Mistake]:
    """Annotated masks that hold two or more predicted teeth, none of them annotated by itself."""
    owner = {j: i for i, j in partner.items()}
    mistakes = []
    for i in range(len(annotation)):
        held = [j for j in np.flatnonzero(inside[i] >= INSIDE).tolist() if owner.get(j, i) == i]
        if len(held) < 2:
            continue
        scores = sorted((float(prediction.scores[j]) for j in held), reverse=True)
        names = tuple(int(prediction.fdi[j]) for j in held)
        said = f"{_name(annotation, i)} holds {' and '.join(str(n or '?') for n in names)}"
        mistakes.append(Mistake("merged", (i,), names, tuple(held), scores[1], said))
    return mistakes


def _alone(
    annotation: Teeth,
    prediction: Teeth,
    shared: Float64Array,
    partner: dict[int, int],
    whole: set[int],
    held: set[int],
) -> tuple[list[int], list[int]]:
    """Predicted and annotated teeth without a counterpart.

    Such a tooth has no partner, lies mostly outside the other record, and does not overlap one of
    its teeth that has no partner either: then the two may be one tooth with different outlines.
    """
    areas, found = annotation.areas.astype(float), prediction.areas.astype(float)
    near = shared >= APART * np.maximum(np.minimum(areas[:, None], found[None]), 1)
    left = [i for i in range(len(annotation)) if i not in partner and i not in whole]
    free = [j for j in range(len(prediction)) if j not in partner.values() and j not in held]
    alone = [j for j in free if shared[:, j].sum() < COVERED * found[j] and not near[left, j].any()]
    unseen = [i for i in left if shared[i].sum() < COVERED * areas[i] and not near[i, free].any()]
    return alone, unseen


def _missing(prediction: Teeth, places: list[int]) -> list[Mistake]:
    """Predicted teeth where nothing is annotated."""
    mistakes = []
    for j in places:
        fdi, score = int(prediction.fdi[j]), float(prediction.scores[j])
        said = f"{fdi or 'a tooth'} is seen where nothing is annotated"
        mistakes.append(Mistake("missing", (), (fdi,), (j,), score, said))
    return mistakes


def _invented(
    annotation: Teeth, places: list[int], elsewhere: Mapping[int, float], usual: float
) -> list[Mistake]:
    """Annotated teeth where nothing is predicted.

    `elsewhere` are scores by number of predicted teeth that no other annotated number contradicts;
    the score is the confidence that a tooth of this number is not here. Else the confidence is the
    `usual` score, halved where the annotated tooth stands in the order of the others: a network
    also misses teeth.
    """
    odd = {fdi for item in suspicions(annotation) if item.kind == "order" for fdi in item.teeth}
    mistakes = []
    for i in places:
        fdi = int(annotation.fdi[i])
        confidence = elsewhere.get(fdi, usual if fdi in odd else usual / 2)
        said = f"{fdi} is annotated where no tooth is seen"
        mistakes.append(Mistake("invented", (i,), (), (), confidence, said))
    return mistakes


def _name(teeth: Teeth, index: int) -> str:
    return str(int(teeth.fdi[index]) or "an unnumbered tooth")
