"""Checks of annotations by the positions of their teeth: hints to look at, not proof of errors.

A panoramic radiograph shows the patient's right on its left, the upper jaw above the lower jaw,
and the teeth of each arch in order. Annotations that contradict this are nearly always wrong, and
a network trained on them learns wrong numbers.

>>> [suspicion.message for suspicion in suspicions(Teeth.empty((10, 10)))]
['is annotated as having no teeth']
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.wording import counted

MIN_TEETH = 6
"""With fewer numbered teeth, swapped sides or jaws are not checked."""
MIN_PART_SHARE = 0.03
"""A part of a tooth counts when it has at least this share of the tooth's pixels."""
FAR_SHARE = 0.04
"""Parts are far apart when their distance exceeds this share of the image's width."""
TINY_SHARE = 0.08
"""A tooth is tiny when its area is below this share of the median area."""

# Position of each tooth from left to right in the image, negative on the patient's right.
_COLUMN = {
    tooth.fdi: tooth.position * (-1 if tooth.side == "right" else 1) for tooth in TEETH.values()
}


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One thing to check: its kind (a key of `KINDS`), the teeth concerned, and a description."""

    kind: str
    teeth: tuple[int, ...]
    message: str


KINDS = {
    "sides": "left and right swapped",
    "jaws": "upside down",
    "order": "out of order in its arch",
    "parts": "parts of a tooth far apart",
    "repeated": "a number used several times",
    "tiny": "a tiny tooth",
    "empty": "no teeth",
    "loose": "a finding without a tooth",
    "absent": "a finding on a tooth that is not there",
    "taken": "an implant or pontic in place of a tooth",
}
"""Meaning of each `Suspicion.kind`."""


def suspicions(teeth: Teeth) -> list[Suspicion]:
    """What looks wrong in these teeth; empty when all is as expected."""
    if not len(teeth):
        return [Suspicion("empty", (), "is annotated as having no teeth")]
    # Swapped teeth are out of order too; that is reported once.
    found = swapped(teeth) or _out_of_order(teeth)
    return [*found, *_repeated(teeth), *_parts(teeth), *_tiny(teeth)]


def centres(teeth: Teeth) -> npt.NDArray[np.float64]:
    """(n, 2) float64: centres of mass (x, y) of the masks, as shares of image width and height."""
    found = np.empty((len(teeth), 2))
    for index, (_, (top, left, _, _), mask) in enumerate(teeth):
        rows, cols = np.nonzero(mask)
        found[index] = (left + cols.mean()) / teeth.size[1], (top + rows.mean()) / teeth.size[0]
    return found


def swapped(teeth: Teeth) -> list[Suspicion]:
    """Left and right, or upper and lower teeth, whose median positions are swapped.

    Empty with fewer than `MIN_TEETH` numbered teeth.
    """
    numbered = teeth.fdi != UNNUMBERED
    if numbered.sum() < MIN_TEETH:
        return []
    known = [TEETH[int(n)] for n in teeth.fdi[numbered]]
    x, y = centres(teeth)[numbered].T
    found = []
    for kind, here, value, message in (
        (
            "sides",
            np.array([t.side == "right" for t in known]),
            x,
            "teeth of the patient's right are to the right of those of the left: the numbers or "
            "the radiograph are mirrored",
        ),
        (
            "jaws",
            np.array([t.jaw == "upper" for t in known]),
            y,
            "upper teeth are below lower teeth: the numbers or the radiograph are upside down",
        ),
    ):
        if here.any() and not here.all() and np.median(value[here]) > np.median(value[~here]):
            found.append(Suspicion(kind, (), message))
    return found


def _out_of_order(teeth: Teeth) -> list[Suspicion]:
    """Teeth that are on the wrong side of two or more other teeth of their arch."""
    x = centres(teeth)[:, 0]
    widths = (teeth.boxes[:, 3] - teeth.boxes[:, 1]) / teeth.size[1]
    found = []
    for jaw in ("upper", "lower"):
        # A deciduous tooth has the position of its permanent successor.
        arch = [
            (i, _COLUMN[n])
            for i, n in enumerate(teeth.fdi.tolist())
            if n != UNNUMBERED and TEETH[n].jaw == jaw
        ]
        misplaced = []
        while True:
            wrong = Counter[int]()
            for (i, a), (j, b) in itertools.combinations(arch, 2):
                apart = (x[j] - x[i]) * np.sign(b - a)
                if a != b and apart < -0.25 * (widths[i] + widths[j]):
                    wrong.update((i, j))
            if not wrong or wrong.most_common(1)[0][1] < 2:
                break
            worst = wrong.most_common(1)[0][0]
            arch = [item for item in arch if item[0] != worst]
            misplaced.append(int(teeth.fdi[worst]))
        if misplaced:
            numbers = ", ".join(map(str, misplaced)) + (" is" if len(misplaced) == 1 else " are")
            message = f"{numbers} out of order among the {jaw} teeth"
            found.append(Suspicion("order", tuple(misplaced), message))
    return found


def _repeated(teeth: Teeth) -> list[Suspicion]:
    """Numbers that several teeth have."""
    counts = Counter(n for n in teeth.fdi.tolist() if n != UNNUMBERED)
    return [
        Suspicion("repeated", (n,), f"{n} is annotated {count} times")
        for n, count in sorted(counts.items())
        if count > 1
    ]


def _parts(teeth: Teeth) -> list[Suspicion]:
    """Teeth of several parts of which one is far from the largest."""
    import cv2

    found = []
    for fdi, _, mask in teeth:
        count, regions, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        areas = stats[1:, cv2.CC_STAT_AREA]
        big = [i + 1 for i in np.flatnonzero(areas >= MIN_PART_SHARE * areas.sum())]
        if count <= 2 or len(big) < 2:
            continue
        main = max(big, key=lambda i: areas[i - 1])
        away = cv2.distanceTransform((regions != main).astype(np.uint8), cv2.DIST_L2, 5)
        gap = max(float(away[regions == i].min()) for i in big if i != main)
        if gap > FAR_SHARE * teeth.size[1]:
            name = str(fdi) if fdi else "an unnumbered tooth"
            message = f"{name} has parts {gap:.0f} pixels apart"
            found.append(Suspicion("parts", (int(fdi),) if fdi else (), message))
    return found


def _tiny(teeth: Teeth) -> list[Suspicion]:
    """Teeth that are much smaller than the median."""
    usual = float(np.median(teeth.areas))
    return [
        Suspicion(
            "tiny",
            (n,) if n else (),
            f"{n or 'an unnumbered tooth'} has only {counted(area, 'pixel', 'pixels')}",
        )
        for n, area in zip(teeth.fdi.tolist(), teeth.areas.tolist(), strict=True)
        if area < TINY_SHARE * usual
    ]
