"""Radiographs from arrays, and which files and names are radiographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from panodent.errors import RadiographError
from panodent.radiograph.radiograph import (
    Radiograph,
    from_array,
    is_candidate,
    key_of,
    read,
    read_size,
)

LUMA = np.array([0.299, 0.587, 0.114])
ROWS, COLS = np.mgrid[:40, :60]
GREY = (60 + ROWS * 2 + COLS).astype(np.uint8)
DEEP = (GREY.astype(np.uint16) << 8) + COLS.astype(np.uint16)
COLOUR = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (GREY, GREY / 255),
        (GREY[..., None], GREY / 255),
        (DEEP, DEEP / 65535),
        (DEEP >> 4, (DEEP >> 4) / 4095),
        (GREY.astype(np.uint16), GREY / 255),
        (COLOUR, COLOUR @ LUMA / 255),
        (GREY / 255, GREY / 255),
        (GREY > 99, GREY > 99),
        (GREY[:, ::-1], GREY[:, ::-1] / 255),
        ((GREY / 255).tolist(), GREY / 255),
    ],
)
def test_arrays_are_scaled_by_their_type(pixels: np.ndarray, expected: np.ndarray) -> None:
    found = from_array(pixels)
    assert found.pixels.dtype == np.float32
    assert found.source is None
    assert np.allclose(found.pixels, expected, atol=1e-6)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((0, 5), np.uint8),
        np.zeros((40, 60, 5), np.uint8),
        np.zeros(40, np.uint8),
        np.zeros((2, 40, 60, 3), np.uint8),
        np.full((40, 60), 1.5),
        np.full((40, 60), -0.1),
        np.full((40, 60), np.nan),
        np.zeros((40, 60), np.int32),
        np.full((40, 60), "x"),
        5,
    ],
)
def test_arrays_that_are_no_picture_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(RadiographError):
        from_array(pixels)


def test_a_record_of_other_pixels_is_refused() -> None:
    with pytest.raises(RadiographError, match="expected float32"):
        Radiograph(np.zeros((40, 60)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.png", True),
        ("a.TIF", True),
        ("a.JPEG", True),
        ("a.dcm", True),
        ("a.txt", False),
        (".a.png", False),
    ],
)
def test_what_a_folder_is_searched_for(name: str, wanted: bool) -> None:
    assert is_candidate(Path(name)) is wanted


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("a.png", "a"),
        ("left/a.b.png", "left/a.b"),
        ("left\\a.png", "left\\a"),
        ("1.2.840.113619", "1.2.840.113619"),
        ("IM000001", "IM000001"),
    ],
)
def test_keys_are_names_without_a_suffix(name: str, key: str) -> None:
    assert key_of(name) == key


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(RadiographError, match=r"folder\.png: is a folder"):
        read(tmp_path / "folder.png")
    with pytest.raises(RadiographError, match=r"gone\.png: cannot be opened \(No such file"):
        read(tmp_path / "gone.png")
    with pytest.raises(RadiographError, match="cannot be opened"):
        read(tmp_path / "folder.png" / ("x" * 400))


def test_the_size_is_read_from_the_header(tmp_path: Path) -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[274] = 6  # rotated
    Image.fromarray(GREY).save(tmp_path / "a.jpg", exif=exif)
    assert read_size(tmp_path / "a.jpg") == read(tmp_path / "a.jpg").size == (60, 40)
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(RadiographError, match=r"b\.png: not a picture of a known format"):
        read_size(tmp_path / "b.png")
