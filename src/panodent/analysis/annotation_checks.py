"""What looks wrong in an annotation, judged by where its teeth stand: hints, never verdicts.

A panoramic shows the patient's right on its left, the upper jaw above the lower one, and each
arch in order. Annotations that contradict this are nearly always wrong, and train wrong numbers.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH
from panodent.teeth.teeth import UNNUMBERED, Teeth

FEWEST = 6
"""Fewer numbered teeth than this do not show whether sides or jaws are swapped."""
PART_SHARE = 0.03
"""A part counts when it has at least this share of its tooth's pixels."""
FAR = 0.04
"""Parts are far apart when more than this share of the image's width lies between them."""
SMALL = 0.08
"""A tooth is tiny when its area is below this share of the median tooth's."""

# From the image's left to its right, in each arch.
_PLACE = {
    tooth.fdi: tooth.position * (-1 if tooth.side == "right" else 1) for tooth in TEETH.values()
}


@dataclass(frozen=True)
class Suspicion:
    """One thing to look at: which kind (see `KINDS`), which teeth, and what is seen in words."""

    kind: str
    teeth: tuple[int, ...]
    message: str


KINDS = {
    "sides": "left and right swapped",
    "jaws": "upside down",
    "order": "out of order in its arch",
    "parts": "one tooth in far-apart parts",
    "repeated": "a number used twice",
    "tiny": "a tiny tooth",
    "empty": "no tooth at all",
}
"""What `Suspicion.kind` stands for."""


def suspicions(teeth: Teeth) -> list[Suspicion]:
    """What looks wrong in these teeth; empty when all is as expected."""
    if not len(teeth):
        return [Suspicion("empty", (), "is annotated as having no tooth")]
    found = _swapped(teeth)
    # When all stand on the wrong side, that they are out of order is no news.
    return [*found, *([] if found else _out_of_order(teeth)), *_repeated(teeth), *_parts(teeth),
            *_tiny(teeth)]  # fmt: skip


def centres(teeth: Teeth) -> npt.NDArray[np.float64]:
    """(n, 2) centre of gravity (x, y) of each mask, as shares of the image's width and height."""
    found = np.empty((len(teeth), 2))
    for index, (_, (top, left, _, _), mask) in enumerate(teeth):
        rows, cols = np.nonzero(mask)
        found[index] = (left + cols.mean()) / teeth.size[1], (top + rows.mean()) / teeth.size[0]
    return found


def _swapped(teeth: Teeth) -> list[Suspicion]:
    numbered = teeth.fdi != UNNUMBERED
    if numbered.sum() < FEWEST:
        return []
    known = [TEETH[int(n)] for n in teeth.fdi[numbered]]
    x, y = centres(teeth)[numbered].T
    found = []
    for kind, here, value, message in (
        (
            "sides",
            np.array([t.side == "right" for t in known]),
            x,
            "teeth of the patient's right stand right of those of the left: "
            "numbers, or the radiograph, are mirrored",
        ),
        (
            "jaws",
            np.array([t.jaw == "upper" for t in known]),
            y,
            "upper teeth stand below lower ones: numbers, or the radiograph, are upside down",
        ),
    ):
        if here.any() and not here.all() and np.median(value[here]) > np.median(value[~here]):
            found.append(Suspicion(kind, (), message))
    return found


def _out_of_order(teeth: Teeth) -> list[Suspicion]:
    """Teeth that stand on the wrong side of two or more others of their arch."""
    x = centres(teeth)[:, 0]
    widths = (teeth.boxes[:, 3] - teeth.boxes[:, 1]) / teeth.size[1]
    found = []
    for jaw in ("upper", "lower"):
        # A deciduous tooth stands where its successor will.
        arch = [
            (i, _PLACE[n])
            for i, n in enumerate(teeth.fdi.tolist())
            if n != UNNUMBERED and TEETH[n].jaw == jaw
        ]
        strayed = []
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
            strayed.append(int(teeth.fdi[worst]))
        if strayed:
            said = ", ".join(map(str, strayed)) + (" stands" if len(strayed) == 1 else " stand")
            message = f"{said} out of order among the {jaw} teeth"
            found.append(Suspicion("order", tuple(strayed), message))
    return found


def _repeated(teeth: Teeth) -> list[Suspicion]:
    counts = Counter(n for n in teeth.fdi.tolist() if n != UNNUMBERED)
    return [
        Suspicion("repeated", (n,), f"{n} is annotated {count} times")
        for n, count in sorted(counts.items())
        if count > 1
    ]


def _parts(teeth: Teeth) -> list[Suspicion]:
    import cv2

    found = []
    for fdi, _, mask in teeth:
        count, regions, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        areas = stats[1:, cv2.CC_STAT_AREA]
        big = [i + 1 for i in np.flatnonzero(areas >= PART_SHARE * areas.sum())]
        if count <= 2 or len(big) < 2:
            continue
        main = max(big, key=lambda i: areas[i - 1])
        away = cv2.distanceTransform((regions != main).astype(np.uint8), cv2.DIST_L2, 5)
        gap = max(float(away[regions == i].min()) for i in big if i != main)
        if gap > FAR * teeth.size[1]:
            name = str(fdi) if fdi else "an unnumbered tooth"
            said = f"{name} has parts {gap:.0f} pixels apart"
            found.append(Suspicion("parts", (int(fdi),) if fdi else (), said))
    return found


def _tiny(teeth: Teeth) -> list[Suspicion]:
    usual = float(np.median(teeth.areas))
    return [
        Suspicion("tiny", (n,) if n else (), f"{n or 'an unnumbered tooth'} has {area} pixels only")
        for n, area in zip(teeth.fdi.tolist(), teeth.areas.tolist(), strict=True)
        if area < SMALL * usual
    ]
