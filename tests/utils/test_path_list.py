"""Paths that are kept as texts, in the order of paths."""

from __future__ import annotations

from pathlib import Path

from panodent.utils.path_list import PathList

NAMES = (
    "b.png",
    "a/b.png",
    "a b/c.png",
    "a.png",
    "a/b/c.png",
    "a-1/c.png",
    "ä.png",
    "Mu\udcf1.png",
)


def test_sorted_as_paths_are() -> None:
    files, expected = PathList(map(Path, NAMES)), sorted(map(Path, NAMES))
    assert list(files) == expected
    assert (len(files), files[-1], files[:2]) == (len(NAMES), expected[-1], expected[:2])
    assert not PathList()
