"""The key below a chart: what its signs mean, how many teeth were found, and the notice.

>>> summary(Teeth.empty((9, 9)))
'0 of 32 permanent teeth found'
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from panodent.dentition import ARCH_ORDER, TEETH
from panodent.drawing import chart_marks
from panodent.drawing.canvas import Colour, blended, text_width
from panodent.drawing.chart_findings import BAR, INK, finding_shapes, scaled
from panodent.drawing.legend import count_doubtful, counted_attributes
from panodent.drawing.tooth_shapes import pictogram
from panodent.drawing.vector import Part, Path, Piece, Shape, Text, rounded
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.wording import counted
from panodent.version import DISCLAIMER

HEIGHT = 74.0
"""Height of the key without findings, in chart units."""
FINDINGS_HEIGHT = 42.0
"""Height of the row that explains findings."""

_WHITE: Colour = (255, 255, 255)
_QUIET: Colour = (104, 110, 118)
_PALE: Colour = (190, 195, 202)
_RING: Colour = (72, 78, 86)
_GREY: Colour = (150, 156, 164)
_SAMPLE, _SAMPLE_SCALE = 46, 0.36  # the tooth on which findings are explained, and its scale


def summary(teeth: Teeth, findings: Findings | None = None) -> str:
    """How many teeth were found, and what was found on no single tooth, as a sentence."""
    numbers = set(teeth.fdi.tolist())
    deciduous = sum(n != UNNUMBERED and TEETH[n].deciduous for n in numbers)
    unnumbered = int((teeth.fdi == UNNUMBERED).sum())
    words = [f"{len(numbers & set(ARCH_ORDER))} of 32 permanent teeth found"]
    if deciduous:
        words.append(counted(deciduous, "deciduous tooth", "deciduous teeth"))
    words += counted_attributes(teeth)
    if count := count_doubtful(teeth):
        words.append(f"{count} doubtful")
    if unnumbered:
        words.append(counted(unnumbered, "tooth", "teeth") + " without a number")
    elsewhere = None if findings is None else findings.select(findings.fdi == NOWHERE)
    for kind, count in Counter(elsewhere.sorted().kinds if elsewhere else ()).items():
        words.append(counted(count, KINDS[kind].title, KINDS[kind].plural) + " on no single tooth")
    return " · ".join(words)


def key(
    left: float,
    right: float,
    top: float,
    about: str,
    kinds: Collection[str] = (),
    marks: Collection[str] = (),
) -> list[Piece]:
    """The key between x = `left` and `right`, from y = `top` downwards.

    `about` is the `summary`; `kinds` are those of the findings on the chart, which has paler teeth
    if there are any; `marks` are those of `panodent.drawing.chart_marks` on it.
    """
    line = top + 26
    below = line + (chart_marks.HEIGHT if marks else 0.0)
    last = below + 28 + (FINDINGS_HEIGHT if kinds else 0.0)
    samples = tuple(chart_marks.samples(left, line + chart_marks.HEIGHT, marks))
    return [
        tuple(_states(left, line, blended(_GREY, _WHITE, 0.45) if kinds else _GREY)),
        *([samples] if samples else []),
        *_findings(left, below + 14, kinds),
        (Text(about, left, last, 12, INK, "left"),),
        (Text(DISCLAIMER, right, line, 11, _QUIET, "right"),),
    ]


def _states(left: float, line: float, grey: Colour) -> list[Part]:
    """Samples of the states of a tooth; `line` is the y of the baseline."""

    def box(x: float) -> Path:
        at = ((x, line - 11), (x + 18, line - 11), (x + 18, line + 3), (x, line + 3))
        return (("M", at[0]), *(("L", corner) for corner in at[1:]), ("Z", ()))

    def cross(x: float, way: int) -> Path:
        return (("M", (x + 4, line - 4 - 4 * way)), ("L", (x + 14, line - 4 + 4 * way)))

    places = (left, left + 78, left + 168, left + 262)
    around = rounded(places[3], line - 13, places[3] + 18, line + 5, 5.0)
    inside = rounded(places[3] + 4, line - 9, places[3] + 14, line + 1, 2.0)
    return [
        Shape(box(places[0]), grey, INK, 1.3),
        Text("found", places[0] + 25, line, 12, INK, "left"),
        Shape(box(places[1]), _WHITE, INK, 1.4, (4.0, 3.0)),
        Text("?", places[1] + 9, line, 12, INK, "middle", True),
        Text("doubtful", places[1] + 25, line, 12, INK, "left"),
        Shape(box(places[2]), _WHITE, _PALE, 1.0),
        *(Shape(cross(places[2], way), None, _QUIET, 1.8) for way in (1, -1)),
        Text("not found", places[2] + 25, line, 12, INK, "left"),
        Shape(around, _WHITE, _RING, 1.0),
        Shape(inside, blended(_GREY, _WHITE, 0.6), INK, 1.3),
        Text("unerupted", places[3] + 25, line, 12, INK, "left"),
    ]


def _findings(left: float, top: float, kinds: Collection[str]) -> list[Piece]:
    """A small tooth for each kind, and its name; `top` is the y of the teeth's biting edges."""
    pieces: list[Piece] = []
    shape, x = pictogram(_SAMPLE), left + 9
    for kind, entry in KINDS.items():
        if kind not in kinds:
            continue
        standing = entry.carrier != "position"
        paths = (*shape.roots, shape.crown) if standing else ()
        samples = [Shape(path, _WHITE, _GREY, 2.0) for path in paths]
        if kind == "implant":
            samples = [Shape(shape.crown, _WHITE, _PALE, 2.0)]
        samples += finding_shapes(_SAMPLE, [kind], standing)
        if kind == "pontic":
            samples += [
                Shape((("M", (way * 15, BAR)), ("L", (way * 28, BAR))), None, INK, 6.0)
                for way in (-1, 1)
            ]
        drawn = (scaled(sample, x, top, _SAMPLE_SCALE, False, 0.55) for sample in samples)
        pieces.append((*drawn, Text(entry.title, x + 14, top + 21, 12, INK, "left")))
        x += 47 + text_width(entry.title, 12)
    return pieces
