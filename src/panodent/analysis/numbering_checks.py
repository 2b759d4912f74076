"""Checks of tooth numbers by the places of the teeth, also while a person edits them.

They take boxes alone, so that 32 teeth need a few milliseconds. What they say is a hint to look at:
teeth do drift into gaps, change places and stay too long. Teeth that have not erupted lie anywhere;
they are checked for their jaw and for repeated numbers only.

>>> boxes = np.array([[50, left, 90, left + 10] for left in (0, 12, 24, 36)])
>>> [problem.text() for problem in numbering_problems([48, 47, 45, 46], boxes)]
["45 and 46 are in each other's place"]
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from panodent.analysis.dentition_stage import beside_successor_by_boxes, erupted_by_boxes
from panodent.dentition import TEETH, Numbering, from_fdi
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import Float64Array

KINDS = {
    "repeated": "a number used several times",
    "jaw": "a tooth with a number of the other jaw",
    "side": "a tooth with a number of the other side",
    "order": "out of order along the arch",
    "room": "room for a tooth between two numbers that follow each other",
    "no_room": "numbers left out where there is no room for them",
    "successor": "a deciduous tooth beside its erupted successor",
}
"""What `NumberingProblem.kind` stands for."""

NEAREST = 4
"""Teeth of each jaw, the nearest ones, that tell how high the jaws are in a place."""
FEWEST = 3
"""Fewest teeth of each jaw with which the height of a tooth is compared."""
OTHER_JAW = 0.6
"""A tooth is in the other jaw if its distance from the height of those teeth is at most this share
of its distance from the teeth of its own jaw."""
REVERSED = 0.25
"""Two teeth are in the wrong order if their middles are so many times the sum of their widths apart
in the wrong direction."""
ROOM = 1.0
"""A gap of so many mean widths of the two teeth beside it has room for another tooth."""
NO_ROOM = 0.15
"""A gap of fewer mean widths has none."""
LEFT_OUT = 2
"""Fewest numbers left out that need room: the gap of one extracted tooth often closes."""


@dataclass(frozen=True)
class NumberingProblem:
    """A number, or several, that contradict the places of the teeth.

    kind : a key of `KINDS`.
    teeth : positions of the teeth concerned.
    numbers : FDI numbers of these teeth.
    words : what is wrong, with {0} and {1} for the numbers.
    """

    kind: str
    teeth: tuple[int, ...]
    numbers: tuple[int, ...]
    words: str

    def text(self, numbering: Numbering = "fdi") -> str:
        """What is wrong in words, with numbers of this numbering."""
        return self.words.format(*(from_fdi(fdi, numbering) for fdi in self.numbers))


def numbering_problems(
    numbers: Sequence[int], boxes: npt.ArrayLike, accepted: Iterable[int] = ()
) -> list[NumberingProblem]:
    """What looks wrong in the numbers of one radiograph; empty when all is as expected.

    numbers : (n,) FDI numbers, 0 for a tooth without one, which is never wrong.
    boxes : (n, 4) top, left, bottom, right in pixels, half open.
    accepted : positions of teeth that a person has confirmed. A problem whose teeth are all among
        them is left out.
    """
    places = np.asarray(boxes, np.float64).reshape(-1, 4)
    numbered = [i for i, fdi in enumerate(numbers) if fdi != UNNUMBERED]
    found = _repeated(numbers, numbered)
    elsewhere = [i for i in numbered if _in_other_jaw(i, numbers, places, numbered)]
    for i in elsewhere:
        other = "lower" if TEETH[numbers[i]].jaw == "upper" else "upper"
        found.append(_problem("jaw", numbers, i, words=f"{{0}} stands among the {other} teeth"))
    numbered = [i for i in numbered if i not in elsewhere]
    kept = [numbers[i] for i in numbered]
    out = erupted_by_boxes(kept, np.asarray(boxes, np.int64).reshape(-1, 4)[numbered])
    standing = [i for i, is_out in zip(numbered, out.tolist(), strict=True) if is_out]
    for jaw in ("upper", "lower"):
        arch = [i for i in standing if TEETH[numbers[i]].jaw == jaw]
        found += _along(numbers, places, arch)
    pairs = beside_successor_by_boxes(kept, places[numbered])
    for milk, permanent in pairs.items():
        words = "{0} stands beside {1}, its erupted successor"
        pair = numbered[milk], numbered[permanent]
        found.append(_problem("successor", numbers, *pair, words=words))
    confirmed = set(accepted)
    return [problem for problem in found if not confirmed.issuperset(problem.teeth)]


def _problem(kind: str, numbers: Sequence[int], *teeth: int, words: str) -> NumberingProblem:
    return NumberingProblem(kind, teeth, tuple(numbers[i] for i in teeth), words)


def numbering_problems_of(teeth: Teeth) -> list[NumberingProblem]:
    """The problems of a record; teeth with the flag "accepted" are confirmed."""
    accepted = [i for i, flags in enumerate(teeth.flags) if "accepted" in flags]
    return numbering_problems(teeth.fdi.tolist(), teeth.boxes, accepted)


def _repeated(numbers: Sequence[int], numbered: Sequence[int]) -> list[NumberingProblem]:
    holders: dict[int, list[int]] = {}
    for i in numbered:
        holders.setdefault(numbers[i], []).append(i)
    return [
        _problem("repeated", numbers, *held, words=f"{{0}} is used {len(held)} times")
        for _, held in sorted(holders.items())
        if len(held) > 1
    ]


def _in_other_jaw(
    index: int, numbers: Sequence[int], places: Float64Array, numbered: Sequence[int]
) -> bool:
    """Whether a tooth is about as high as the teeth of the other jaw above or below its place."""
    middle = ((places[:, 1] + places[:, 3]) / 2).tolist()
    height = ((places[:, 0] + places[:, 2]) / 2).tolist()
    off = {}
    for jaw in ("upper", "lower"):
        others = [i for i in numbered if i != index and TEETH[numbers[i]].jaw == jaw]
        near = sorted(others, key=lambda i: abs(middle[i] - middle[index]))[:NEAREST]
        if len(near) < FEWEST:
            return False
        off[jaw == TEETH[numbers[index]].jaw] = abs(median(height[i] for i in near) - height[index])
    return off[False] <= OTHER_JAW * off[True]


# --- along one arch ----------------------------------------------------------------------------


def column(fdi: int) -> int:
    """The place of a number along its arch, from the image's left: 0 to 15.

    A deciduous tooth has the place of its successor.

    >>> column(18), column(11), column(21), column(75)
    (0, 7, 8, 12)
    """
    tooth = TEETH[fdi]
    return 8 - tooth.position if tooth.side == "right" else 7 + tooth.position


def _along(
    numbers: Sequence[int], places: Float64Array, arch: Sequence[int]
) -> list[NumberingProblem]:
    """Wrong order, and gaps that do not suit the numbers, among the erupted teeth of one jaw."""
    middle = (places[:, 1] + places[:, 3]) / 2
    width = places[:, 3] - places[:, 1]
    left, found = list(arch), []
    while True:
        pairs = _reversed_pairs(left, numbers, middle, width)
        if not pairs:
            break
        worst, times = Counter(itertools.chain.from_iterable(pairs)).most_common(1)[0]
        if times > 1:
            found.append(_misplaced(worst, numbers, [sum(p) - worst for p in pairs if worst in p]))
            left.remove(worst)
        else:
            for i, j in pairs:
                words = "{0} and {1} are in each other's place"
                found.append(_problem("order", numbers, i, j, words=words))
            left = [i for i in left if all(i not in pair for pair in pairs)]
    return [*found, *_gaps(numbers, places, sorted(left, key=lambda i: middle[i]))]


def _reversed_pairs(
    arch: Sequence[int], numbers: Sequence[int], middle: Float64Array, width: Float64Array
) -> list[tuple[int, int]]:
    """Pairs of positions whose teeth stand the other way round than their numbers."""
    pairs = []
    for i, j in itertools.combinations(arch, 2):
        a, b = column(numbers[i]), column(numbers[j])
        apart = (middle[j] - middle[i]) * np.sign(b - a)
        if a != b and apart < -REVERSED * (width[i] + width[j]):
            pairs.append((i, j))
    return pairs


def _misplaced(index: int, numbers: Sequence[int], passed: Sequence[int]) -> NumberingProblem:
    """A tooth on the wrong side of all the teeth `passed`."""
    side = TEETH[numbers[index]].side
    if sum(TEETH[numbers[i]].side != side for i in passed) > 1:
        other = "left" if side == "right" else "right"
        words = f"{{0}} stands on the patient's {other} side"
        return _problem("side", numbers, index, words=words)
    return _problem("order", numbers, index, words="{0} is out of order among its neighbours")


def _gaps(
    numbers: Sequence[int], places: Float64Array, order: Sequence[int]
) -> list[NumberingProblem]:
    """Gaps between neighbours that are too wide, or too narrow, for the numbers left out."""
    found = []
    for i, j in itertools.pairwise(order):
        missing = column(numbers[j]) - column(numbers[i]) - 1
        usual = float(places[i, 3] - places[i, 1] + places[j, 3] - places[j, 1]) / 2
        gap = float(places[j, 1] - places[i, 3]) / usual
        if missing == 0 and gap > ROOM:
            words = "there is room for a tooth between {0} and {1}"
            found.append(_problem("room", numbers, i, j, words=words))
        elif missing >= LEFT_OUT and gap < NO_ROOM:
            words = (
                f"{missing} numbers are left out between {{0}} and {{1}}, but there is no room "
                "for them"
            )
            found.append(_problem("no_room", numbers, i, j, words=words))
    return found
