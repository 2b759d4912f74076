"""The legend below an overlay: counts, the meaning of its marks, teeth that were not found.

>>> [item.text for item in legend_items(Teeth.empty((9, 9)), "fdi")]
['No teeth found', 'Research use only, not a medical device']
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from panodent.analysis.tooth_attributes import tooth_attributes
from panodent.dentition import ARCH_ORDER, DECIDUOUS, Numbering, from_fdi
from panodent.drawing.canvas import (
    Colour,
    RGBImage,
    dashes,
    digit_height,
    plain,
    put_lines,
    put_text,
    text_width,
)
from panodent.drawing.finding_patterns import draw_sample
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.wording import counted
from panodent.version import DISCLAIMER

BACKGROUND: Colour = (20, 23, 28)
TEXT: Colour = (226, 229, 233)
QUIET_TEXT: Colour = (150, 156, 164)

Swatch = str
"""Nothing, "dashed", "plain", or the kind of a finding, whose pattern is shown."""


class LegendItem(NamedTuple):
    """One entry of the legend: a text, and the sample ("swatch") before it."""

    text: str
    swatch: Swatch = ""
    colour: Colour = TEXT


def not_found(teeth: Teeth) -> list[int]:
    """Permanent teeth whose number no tooth has, in the order 18..11, 21..28, 38..31, 41..48."""
    seen = set(teeth.fdi.tolist())
    return [fdi for fdi in ARCH_ORDER if fdi not in seen]


def count_doubtful(teeth: Teeth) -> int:
    """How many teeth have the flag 'doubtful'."""
    return sum("doubtful" in flags for flags in teeth.flags)


def counted_attributes(teeth: Teeth) -> list[str]:
    """How many teeth are unerupted, impacted or root remnants, such as "2 unerupted".

    An impacted tooth counts as such only.
    """
    told = tooth_attributes(teeth)
    impacted = sum(one.impaction is not None for one in told)
    unerupted = sum(not one.erupted and one.impaction is None for one in told)
    remnants = sum(one.remnant for one in told)
    words = [f"{unerupted} unerupted"] if unerupted else []
    words += [f"{impacted} impacted"] if impacted else []
    return [*words, *([counted(remnants, "root remnant", "root remnants")] if remnants else [])]


def legend_items(
    teeth: Teeth, numbering: Numbering, findings: Findings | None = None
) -> list[LegendItem]:
    """The entries of the legend in reading order; only marks that occur are explained."""
    missing = not_found(teeth)
    found = [LegendItem(counted(len(teeth), "tooth", "teeth") if len(teeth) else "No teeth found")]
    if count := int(np.isin(teeth.fdi, DECIDUOUS).sum()):
        found.append(LegendItem(f"{count} deciduous"))
    found += [LegendItem(words) for words in counted_attributes(teeth)]
    if count := count_doubtful(teeth):
        found.append(LegendItem(f"{count} doubtful (dashed, ?)", "dashed"))
    if count := int((teeth.fdi == UNNUMBERED).sum()):
        found.append(LegendItem(f"{count} without a number (grey, ?)", "plain", TEXT))
    if not missing:
        found.append(LegendItem("All 32 permanent teeth found"))
    elif len(missing) < len(ARCH_ORDER):
        names = " ".join(from_fdi(fdi, numbering) for fdi in missing)
        found.append(LegendItem(f"Not found: {names}"))
    found += _finding_items(findings) if findings is not None else []
    found.append(LegendItem(DISCLAIMER, "", QUIET_TEXT))
    return found


def _finding_items(findings: Findings) -> list[LegendItem]:
    """An entry for each kind that occurs, with its pattern, and one for doubtful findings."""
    found = [
        LegendItem(counted(count, entry.title, entry.plural), kind)
        for kind, entry in KINDS.items()
        if (count := findings.kinds.count(kind))
    ]
    if count := count_doubtful(findings.marks):
        words = counted(count, "doubtful finding", "doubtful findings")
        found.append(LegendItem(f"{words} (dashed)", "dashed"))
    return found


def legend_strip(
    teeth: Teeth,
    numbering: Numbering,
    width: int,
    size: float,
    findings: Findings | None = None,
) -> RGBImage:
    """The legend as uint8 RGB (height, width, 3), as high as its text of `size` pixels needs."""
    margin = round(size * 0.7)
    lines = list(_lines(legend_items(teeth, numbering, findings), width - 2 * margin, size))
    pitch = round(size * 1.45)
    strip = plain((2 * margin + pitch * (len(lines) - 1) + round(size), width), BACKGROUND)
    tall = digit_height(size)
    for row, line in enumerate(lines):
        baseline = margin + row * pitch + (size + tall) / 2
        for x, piece in line:
            at = margin + x
            if piece.swatch:
                _draw_swatch(strip, piece.swatch, at, baseline - tall / 2, size)
                at += 2.4 * size
            put_text(strip, piece.text, (at, baseline), size, piece.colour)
    return strip


def _lines(
    pieces: list[LegendItem], room: float, size: float
) -> Iterator[list[tuple[float, LegendItem]]]:
    """Lines of (x, entry) that fit into `room` pixels.

    Lines are broken between entries; an entry wider than a line is broken between its words.
    """
    space = text_width(" ", size)
    line: list[tuple[float, LegendItem]] = []
    x = 0.0
    for piece in pieces:
        start = x + (1.6 * size if line else 0.0)
        if line and start + _reach(piece, size) > room:
            yield line
            line, start = [], 0.0
        if _reach(piece, size) <= room:
            line.append((start, piece))
            x = start + _reach(piece, size)
            continue
        x = 0.0
        for word in piece.text.split():
            if line and x + text_width(word, size) > room:
                yield line
                line, x = [], 0.0
            line.append((x, LegendItem(word, "", piece.colour)))
            x += text_width(word, size) + space
    yield line


def _reach(piece: LegendItem, size: float) -> float:
    """Width in pixels of an entry with its swatch."""
    return text_width(piece.text, size) + (2.4 * size if piece.swatch else 0.0)


def _draw_swatch(strip: RGBImage, kind: Swatch, x: float, y: float, size: float) -> None:
    """Draws a sample of a line or of a pattern into `strip`, (x, y) its left end."""
    if kind in KINDS:
        draw_sample(strip, kind, x, y, size)
        return
    line = np.array([[x, y], [x + 1.9 * size, y]])
    width = max(round(size / 9), 1)
    if kind == "dashed":
        put_lines(strip, dashes(line, size * 0.45, size * 0.25), TEXT, width)
    else:
        put_lines(strip, [line], (190, 190, 190), width)
