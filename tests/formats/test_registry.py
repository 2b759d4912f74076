"""The table of formats: consistent, light to import, and what help and documentation say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from panodent import formats
from panodent.cli.options import read_options
from panodent.formats.base import Format
from panodent.formats.registry import (
    BY_NAME,
    FORMATS,
    NAMES,
    READ_OPTIONS,
    FormatInfo,
    listed,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "formats.md"


def rows() -> dict[str, list[str]]:
    """The cells of the table in docs/reference/formats.md by format name."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    cells = [[cell.strip("| ") for cell in line.split(" | ")] for line in lines]
    return {line[0].strip("` "): line for line in cells if len(line) == 10 and "--" not in line[0]}


def test_names_and_modules_are_unique() -> None:
    assert (
        len({info.name for info in FORMATS})
        == len({info.module for info in FORMATS})
        == len(FORMATS)
    )
    assert tuple(BY_NAME) == NAMES == formats.NAMES
    assert set(NAMES) - set(formats.WRITTEN) == {"dicom-seg"}


@pytest.mark.parametrize("info", FORMATS, ids=lambda info: info.name)
def test_each_row_has_its_module(info: FormatInfo) -> None:
    found = formats.get(info.name)
    assert isinstance(found, Format)
    assert type(found).__module__ == info.module
    assert (found.name, found.limits) == (info.name, info.limits)


def test_the_table_is_light() -> None:
    """The command line's help needs it, and must not load NumPy for it."""
    code = "import sys, panodent.formats as f; f.NAMES; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_format_is_in_the_documentation() -> None:
    assert list(rows()) == list(NAMES)


@pytest.mark.parametrize("info", FORMATS, ids=lambda info: info.name)
def test_the_documentation_says_what_the_table_says(info: FormatInfo) -> None:
    limits = info.limits
    held = (
        *(limits.overlap, limits.holes, limits.parts),
        *(limits.scores, limits.unnumbered, limits.repeated),
    )
    assert [cell.replace("`", "") for cell in rows()[info.name]] == [
        info.name,
        info.description,
        limits.shape,
        *("yes" if yes else "no" for yes in held),
        {"no": "no", "kind": "kind", "tooth": "kind and tooth"}[limits.findings],
    ]


def test_the_command_line_has_every_option_of_reading() -> None:
    assert set(read_options("a", "b", Path("c"), True, "d", "e")) == set(READ_OPTIONS)
    assert {option for info in FORMATS for option in info.options} == set(READ_OPTIONS)


@pytest.mark.parametrize(
    ("names", "text"),
    [(("coco",), "coco"), (("coco", "voc"), "coco or voc"), (("a", "b", "c"), "a, b or c")],
)
def test_names_in_a_sentence(names: tuple[str, ...], text: str) -> None:
    assert listed(names) == text
