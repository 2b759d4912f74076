"""Tests of `panodent.utils.wording`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from panodent.utils.wording import counted, near_name, shown


@pytest.mark.parametrize(("count", "text"), [(0, "0 teeth"), (1, "1 tooth"), (2, "2 teeth")])
def test_counted(count: int, text: str) -> None:
    assert counted(count, "tooth", "teeth") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Muñoz 牙.png", "Muñoz 牙.png"),
        (os.fsdecode(b"Mu\xf1oz.png"), r"Mu\xf1oz.png"),
        ("a\x1b[31mb\r\nc\x7f\x9b", r"a\x1b[31mb\x0d\x0ac\x7f\x9b"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\ud800", r"\ud800"),
        (Path("a/b"), "a/b"),
    ],
)
def test_what_a_terminal_must_not_get_is_escaped(text: object, expected: str) -> None:
    assert shown(text) == expected
    shown(text).encode()


def test_a_folder_is_not_its_own_suggestion(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    assert near_name(tmp_path / "scans") == ""
    assert near_name(tmp_path / "scan") == f". Did you mean {tmp_path / 'scans'}?"
