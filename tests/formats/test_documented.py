"""The table of docs/reference/formats.md says of every format what its code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent import formats

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"


def rows() -> dict[str, list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip("| ") for cell in line.split(" | ")] for line in lines]
    return {line[0].strip("` "): line for line in cells if len(line) == 9 and "--" not in line[0]}


def test_every_format_has_its_row() -> None:
    assert set(rows()) == set(formats.NAMES)


@pytest.mark.parametrize("name", formats.NAMES)
def test_the_row_is_true(name: str) -> None:
    limits = formats.get(name).limits
    said = rows()[name][2:]
    held = (
        limits.overlap,
        limits.holes,
        limits.parts,
        limits.scores,
        limits.unnumbered,
        limits.repeated,
    )
    assert said == [limits.shape, *("yes" if yes else "no" for yes in held)]
