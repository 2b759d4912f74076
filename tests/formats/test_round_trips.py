"""Every format converted to every other: the table in docs/reference/formats.md is made here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.base import losses
from panodent.formats.registry import BY_NAME
from panodent.teeth.teeth import Teeth

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"
BEGIN, END = "<!-- round trips -->\n", "\n<!-- end of round trips -->"
SIZE = (40, 60)
BLOCK = np.ones((6, 7), bool)
SLOPE = np.tri(8, 8, dtype=bool)
HOLE = np.pad(np.zeros((2, 2), bool), 2, constant_values=True)
PARTS = np.repeat(np.array([[1, 0, 1]], bool), 3, axis=1)
CASES = {
    "s": [(36, SLOPE, (3, 4)), (48, BLOCK, (20, 40))],
    "h": [(11, HOLE, (14, 2)), (48, BLOCK, (20, 40))],
    "p": [(12, PARTS, (5, 20)), (48, BLOCK, (20, 40))],
    "o": [(36, BLOCK, (1, 1)), (37, BLOCK, (4, 5))],
    "u": [(0, BLOCK, (25, 10)), (48, BLOCK, (5, 40))],
    "r": [(36, BLOCK, (1, 1)), (36, BLOCK, (20, 30))],
}
"""The same teeth for all formats, by what is special about them."""
LOST = {
    "s": "outlines (boxes only)",
    "h": "holes",
    "p": "several parts of a tooth",
    "o": "overlap",
    "u": "unnumbered teeth",
    "r": "second teeth of one number",
}
"""What `panodent convert` calls it when it is lost."""


def passed(folder: Path, name: str, teeth: Teeth) -> Teeth | None:
    """The teeth after writing and reading in this format; None if it cannot be written."""
    chosen = formats.get(name)
    try:
        chosen.write(folder, [("a.png", teeth)])
    except AnnotationError:
        return None
    place = folder / chosen.image_place("a.png")
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(teeth.size, np.uint8)).save(place)
    (item,) = chosen.read(folder)
    found = item.read().sorted()
    # The flag `box` does not count.
    return Teeth(found.size, found.fdi, found.boxes, found.masks, found.scores)


def test_the_table_of_round_trips(tmp_path: Path) -> None:
    @cache
    def once(name: str, what: str, number: int) -> Teeth | None:
        teeth = seen[what][number]
        return passed(tmp_path / name / f"{what}{number}", name, teeth)

    seen = {what: [Teeth.from_masks(SIZE, items).sorted()] for what, items in CASES.items()}
    rows = []
    for first in formats.WRITTEN:
        cells = []
        for second in formats.WRITTEN:
            lost = ""
            for what, known in seen.items():
                between = once(first, what, 0)
                if between is not None:
                    if between not in known:
                        known.append(between)
                    between = once(second, what, known.index(between))
                lost += "" if between == known[0] else what
            cells.append(lost or "=")
        rows.append(f"| `{first}` | {' | '.join(cells)} |")
    head = [f"| from, to | {' | '.join(f'`{name}`' for name in formats.WRITTEN)} |"]
    head.append("|" + "---|" * (len(formats.WRITTEN) + 1))
    table = "\n".join([*head, *rows])
    page = PAGE.read_text(encoding="utf-8")
    if BEGIN + table + END not in page:
        told = (
            f"put this table into docs/reference/{PAGE.name}, in place of the table of round trips"
        )
        pytest.fail(f"{told}:\n{table}", pytrace=False)  # without E before each line, to be copied


def test_what_is_lost_is_what_convert_reports() -> None:
    """A conversion never loses anything without a word."""
    page = PAGE.read_text(encoding="utf-8")
    table = page[page.index(BEGIN) : page.index(END)].strip().splitlines()[3:]
    assert len(table) == len(formats.WRITTEN), "copy the table that the test above prints"
    for name, line in zip(formats.WRITTEN, table, strict=True):
        own = line.split("|")[2:-1][formats.WRITTEN.index(name)].strip()
        for what, items in CASES.items():
            reported = losses(Teeth.from_masks(SIZE, items), BY_NAME[name].limits)
            if BY_NAME[name].limits.shape == "boxes":  # outlines include holes and parts
                assert what not in own or LOST["s"] in reported, (name, what, reported)
            else:
                assert (what in own) == (LOST[what] in reported), (name, what, reported)
