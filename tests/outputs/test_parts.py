"""Parts are disjoint, cover everything, and do not depend on the machine."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from panodent.errors import ConfigError, OutputError
from panodent.outputs.parts import Part, check_same_count, listing_digest, parts_in

NAMES = [f"clinic {number % 7}/scan-{number}.png" for number in range(700)]


@pytest.mark.parametrize("count", [1, 2, 3, 16])
def test_parts_are_disjoint_and_cover_everything(count: int) -> None:
    parts = [Part(number, count) for number in range(1, count + 1)]
    holders = [[part for part in parts if part.holds(name)] for name in NAMES]
    assert all(len(found) == 1 for found in holders)
    sizes = [sum(part.holds(name) for name in NAMES) for part in parts]
    assert min(sizes) > 0.6 * len(NAMES) / count


def test_the_part_of_a_name_never_changes() -> None:
    """Machines with different versions of panodent may share a folder for weeks."""
    names = ("a.png", "b.png", "c.png", "sub/a.png")
    held = [[number for number in (1, 2, 3) if Part(number, 3).holds(name)] for name in names]
    assert held == [[3], [1], [1], [2]]


def test_one_name_in_two_codings_is_one_name() -> None:
    composed = "Röntgen.png"
    apart = unicodedata.normalize("NFD", composed)
    assert apart != composed
    for number in (1, 2, 3):
        assert Part(number, 3).holds(composed) == Part(number, 3).holds(apart)
    assert listing_digest([composed]) == listing_digest([apart])


def test_a_name_that_is_not_utf_8_has_a_part() -> None:
    assert sum(Part(number, 3).holds("scan\udcf1.png") for number in (1, 2, 3)) == 1


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "1/0", "a/b", "-1/3", "1/3/5"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected K/N"):
        Part.parse(text)


def test_parts_of_another_count_are_refused(tmp_path: Path) -> None:
    assert parts_in(tmp_path) == []
    for name in ("2-of-3", "1-of-3", "notes"):
        (tmp_path / "parts" / name).mkdir(parents=True)
    assert parts_in(tmp_path) == [Part(1, 3), Part(2, 3)]
    check_same_count(tmp_path, Part(3, 3))
    with pytest.raises(OutputError, match="holds part 1/3, which cannot be mixed with --part 1/4"):
        check_same_count(tmp_path, Part(1, 4))
