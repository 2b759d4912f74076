"""Masks of single teeth are told from label maps by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.formats.parsing.tooth_masks import tooth_masks


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("images/a.png", "masks/a/11.png", "masks/a/48.png"), [("a", 11), ("a", 48)]),
        (("a.jpg", "labels/a_11.bmp", "labels/a_51.tif"), [("a", 11), ("a", 51)]),
        (("images/x/a.dcm", "masks/x/a_11.png"), [("x/a", 11)]),
        (("images/a_11.png", "masks/a_11.png"), []),  # a label map of the radiograph a_11
        (("images/a.png", "images/a_11.png", "masks/a_11.png"), []),
        (("images/a/11.png", "masks/a/11.png"), []),
        (("images/a.png", "masks/a_11.png", "masks/a_19.png"), []),
        (("images/a.png", "masks/a_11.png", "masks/a.png"), []),
        (("images/b.png", "masks/a_11.png"), []),
        (("images/a.png", "masks/a_11.ome.tiff"), []),
        (("images/a.png",), []),
    ],
)
def test_by_name(tmp_path: Path, names: tuple[str, ...], found: list[tuple[str, int]]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [(mask.key, mask.fdi) for mask in tooth_masks(tmp_path)] == found
