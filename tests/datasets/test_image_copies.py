"""Copies of radiographs: copied, linked, or converted to PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from panodent.datasets.image_copies import put
from panodent.errors import OutputError
from panodent.radiograph.radiograph import read


@pytest.fixture
def image(tmp_path: Path) -> Path:
    Image.fromarray(np.arange(40 * 60, dtype=np.uint8).reshape(40, 60)).save(tmp_path / "a.bmp")
    return tmp_path / "a.bmp"


@pytest.mark.parametrize(("images", "links"), [("copy", 1), ("link", 2)])
def test_copies_and_links(image: Path, tmp_path: Path, images: str, links: int) -> None:
    place = tmp_path / "new" / "sub" / "a.bmp"
    for _ in range(2):  # a copy of an earlier call is replaced
        put(image, place, images)
    assert place.read_bytes() == image.read_bytes()
    assert place.stat().st_nlink == links


def test_another_suffix_is_written_as_png(image: Path, tmp_path: Path) -> None:
    put(image, tmp_path / "new" / "a.png", "link")
    assert np.abs(read(tmp_path / "new" / "a.png").pixels - read(image).pixels).max() < 1e-4


def test_a_place_that_cannot_be_written_is_named(image: Path, tmp_path: Path) -> None:
    (tmp_path / "new").write_text("a file")
    with pytest.raises(OutputError, match=r"a\.bmp: a\.bmp cannot be copied there"):
        put(image, tmp_path / "new" / "a.bmp", "copy")
