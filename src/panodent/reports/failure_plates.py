"""Drawings of the worst radiographs without the radiographs: outlines and numbers as SVG.

A drawing shows the ground truth as grey areas and the predicted outlines over them, and says which
teeth were missed, misnumbered or invented. It contains no pixel of the radiograph, so it may be
published where the radiograph may not.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from panodent.drawing.canvas import Colour
from panodent.drawing.vector import Command, Part, Shape, Text
from panodent.evaluation.case_scores import CaseScores
from panodent.evaluation.evaluate import Evaluation
from panodent.evaluation.matching import match_teeth, on_ignore_regions
from panodent.evaluation.pairing import CaseLoader
from panodent.teeth import outlines
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole
from panodent.utils.wording import counted

WIDTH, HEIGHT = 1000.0, 500.0
"""Size of the drawn radiograph in chart units; panoramic radiographs are about twice as wide as
high, also those that are stored in a square."""
TITLE_HEIGHT = 70.0
TRUTH: Colour = (214, 214, 214)
MISSED: Colour = (246, 190, 120)
RIGHT: Colour = (30, 90, 160)
WRONG: Colour = (190, 30, 45)
INK: Colour = (40, 40, 40)
TOLERANCE = 1.3
"""How far a drawn outline may lie from the mask, in chart units across."""


def write(
    evaluation: Evaluation, loaders: Mapping[str, CaseLoader], folder: Path, count: int
) -> int:
    """Writes 01.svg, 02.svg ... of the `count` worst radiographs; returns how many were written.

    Worst is the lowest share of correct numbers, then the lowest Dice. `loaders` as for the page of
    an evaluation. Radiographs without a prediction cannot be drawn and are left out.
    """
    cases = [case for case in evaluation.cases if case.key in loaders and case.predicted]
    chosen = sorted(cases, key=_badness)[:count]
    for place, case in enumerate(chosen, start=1):
        _, truth, found = loaders[case.key]()
        write_whole(folder / f"{place:02d}.svg", plate(case, truth, found))
    return len(chosen)


def _badness(case: CaseScores) -> tuple[float, float]:
    return (
        1.0 if case.numbering is None else case.numbering,
        1.0 if case.dice is None else case.dice,
    )


def plate(case: CaseScores, truth: Teeth, found: Teeth) -> str:
    """The drawing of one radiograph as SVG text."""
    found = found.select(~on_ignore_regions(truth, found))
    numbered = truth.select(truth.fdi != 0)
    matching = match_teeth(numbered, found)
    parts: list[Part] = []
    captions: list[Part] = []
    faults: list[str] = []
    for row, fdi in enumerate(numbered.fdi.tolist()):
        column = matching.best_column(row)
        parts += _shapes(numbered, row, TRUTH if column is not None else MISSED, TRUTH)
        if column is None:
            faults.append(f"{fdi} missed")
        elif found.fdi[column] != fdi:
            faults.append(f"{fdi} called {_name(found, column)}")
        right = column is not None and found.fdi[column] == fdi
        captions.append(_caption(numbered, row, str(fdi), INK if right else WRONG))
    correct = set(matching.correct.values())
    for column in range(len(found)):
        parts += _shapes(found, column, None, RIGHT if column in correct else WRONG)
        if not matching.on_a_tooth[column]:
            faults.append(f"{_name(found, column)} invented")
    return _svg([*_title(case, faults), *parts, *captions])


def _name(teeth: Teeth, index: int) -> str:
    return str(teeth.fdi[index]) if teeth.fdi[index] else "no number"


def _scale(teeth: Teeth) -> tuple[float, float]:
    """Chart units per pixel across and down."""
    return WIDTH / teeth.size[1], HEIGHT / teeth.size[0]


def _shapes(teeth: Teeth, index: int, fill: Colour | None, stroke: Colour) -> list[Part]:
    """The outlines of a tooth in chart units."""
    across, down = _scale(teeth)
    top, left = teeth.boxes[index][:2].tolist()
    shapes: list[Part] = []
    for part in outlines.to_parts(teeth.masks[index], TOLERANCE / across, (top, left)):
        path: list[Command] = []
        for ring in part:
            corners = np.round(ring * (across, down) + (0, TITLE_HEIGHT), 1).tolist()
            path += [("L" if at else "M", (x, y)) for at, (x, y) in enumerate(corners)]
            path.append(("Z", ()))
        shapes.append(Shape(tuple(path), fill, stroke, 1.4))
    return shapes


def _caption(teeth: Teeth, index: int, text: str, colour: Colour) -> Text:
    """A text in the middle of a tooth."""
    across, down = _scale(teeth)
    top, left, bottom, right = teeth.boxes[index].tolist()
    x, y = (left + right) / 2 * across, (top + bottom) / 2 * down + TITLE_HEIGHT
    return Text(text, round(x, 1), round(y, 1), 11, colour, bold=colour == WRONG)


def _title(case: CaseScores, faults: list[str]) -> list[Part]:
    numbering = "-" if case.numbering is None else f"{case.numbering:.2f}"
    dice = "-" if case.dice is None else f"{case.dice:.2f}"
    lines = [
        f"{case.key}: correct numbers {numbering}, Dice {dice}, "
        f"{counted(len(case.teeth), 'tooth', 'teeth')}",
        "; ".join(faults) or "no wrong number",
        "Grey: ground truth, orange where it was missed. Blue: found with its number, red: not.",
    ]
    return [
        Text(lines[0], 10, 20, 15, INK, "left", True),
        Text(lines[1], 10, 40, 13, WRONG if faults else INK, "left"),
        Text(lines[2], 10, 58, 12, INK, "left"),
    ]


def _svg(parts: list[Part]) -> str:
    body = "\n".join(part.to_svg() for part in parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} '
        f'{HEIGHT + TITLE_HEIGHT:g}" font-family="sans-serif">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )
