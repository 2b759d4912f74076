"""NIfTI of one plane: columns first, with the file's scale; volumes and damage are refused."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent.errors import RadiographError
from panodent.radiograph.nifti import read_plane
from panodent.radiograph.radiograph import read, read_size

CODES = {"u1": 2, "i2": 4, "f4": 16, "f8": 64, "i1": 256, "u2": 512}
IMAGE = (np.arange(40 * 60) % 251).reshape(40, 60).astype(np.uint8)
LIMIT = 100_000_000


def nifti1(
    image: np.ndarray,
    order: str = "<",
    dims: tuple[int, ...] | None = None,
    scale: tuple[float, float] = (1, 0),
    code: int | None = None,
) -> bytes:
    """The bytes of a NIfTI-1 file; `image` is (rows, columns)."""
    sides = dims or (image.shape[1], image.shape[0], 1)
    head = bytearray(352)
    struct.pack_into(f"{order}i", head, 0, 348)
    struct.pack_into(f"{order}{1 + len(sides)}h", head, 40, len(sides), *sides)
    kind = CODES[image.dtype.str[1:]] if code is None else code
    struct.pack_into(f"{order}2h", head, 70, kind, 8 * image.dtype.itemsize)
    struct.pack_into(f"{order}3f", head, 108, 352, *scale)
    head[344:348] = b"n+1\0"
    return bytes(head) + image.astype(image.dtype.newbyteorder(order)).tobytes()


def nifti2(image: np.ndarray) -> bytes:
    head = bytearray(544)
    struct.pack_into("<i", head, 0, 540)
    head[4:8] = b"n+2\0"
    struct.pack_into("<h", head, 12, CODES[image.dtype.str[1:]])
    struct.pack_into("<4q", head, 16, 3, image.shape[1], image.shape[0], 1)
    struct.pack_into("<q2d", head, 168, 544, 0, 0)
    return bytes(head) + image.tobytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.nii", nifti1(IMAGE)),
        ("a.nii.gz", gzip.compress(nifti1(IMAGE))),
        ("a.NII", nifti1(IMAGE.astype(np.int16), ">")),
        ("a.nii", nifti1(IMAGE.astype(np.float64), dims=(60, 40))),
        ("a.nii.gz", nifti2(IMAGE.astype(np.float32))),  # packed or not is seen from the content
    ],
)
def test_a_plane_is_read(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    assert np.array_equal(read_plane(file, LIMIT), IMAGE)
    assert read_size(file) == read(file).size == (40, 60)


def test_the_scale_of_the_file_counts(tmp_path: Path) -> None:
    file = tmp_path / "a.nii"
    file.write_bytes(nifti1(IMAGE, scale=(0.5, 10)))
    assert np.allclose(read_plane(file, LIMIT), IMAGE * 0.5 + 10)
    file.write_bytes(nifti1(IMAGE, scale=(0, 10)))  # 0: the file has no scale
    assert np.array_equal(read_plane(file, LIMIT), IMAGE)


def test_grey_values_become_a_radiograph(tmp_path: Path) -> None:
    file = tmp_path / "a.nii"
    file.write_bytes(nifti1(IMAGE))
    assert np.allclose(read(file).pixels, IMAGE / 255)
    file.write_bytes(nifti1(IMAGE.astype(np.int16) - 1000))
    found = read(file)
    assert (found.pixels.min(), found.pixels.max()) == (0, 1)
    assert found.notes == ("grey values -1000 to -750 scaled to the whole range",)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (nifti1(IMAGE, dims=(60, 40, 2)), "60 x 40 x 2 values; expected one plane: a volume"),
        (nifti1(IMAGE, dims=(2400, 1, 1)), "2400 x 1 x 1 values; expected one plane"),
        (nifti1(IMAGE, dims=(60, -40)), "header is damaged"),
        (nifti1(IMAGE, code=128), "data type 128; expected grey values"),
        (nifti1(IMAGE, dims=(30000, 30000)), "megapixels; the limit is"),
        (nifti1(IMAGE, dims=(16, 40)), "too small for a radiograph"),
        (nifti1(IMAGE)[:-1], r"has 2399 bytes of pixels; its header declares 2400: it is cut off"),
        (nifti1(np.full((40, 60), np.nan, np.float32)), "values that are not numbers"),
        (b"\x1f\x8b" + b"0" * 500, "cannot be read as NIfTI"),
        (gzip.compress(nifti1(IMAGE))[:-20], "cannot be read as NIfTI|cut off"),
        (b"\x5c\x01\x00\x00" + bytes(400), "is not NIfTI in one file"),
        (b"12", "is not NIfTI"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "a.nii"
    file.write_bytes(content)
    with pytest.raises(RadiographError, match=rf"a\.nii: .*({reason})"):
        read(file)


def test_it_agrees_with_nibabel(tmp_path: Path) -> None:
    nibabel: Any = pytest.importorskip("nibabel")
    file = tmp_path / "a.nii.gz"
    nibabel.save(nibabel.Nifti1Image(IMAGE.T[..., None], np.diag([-1, -1, 1, 1])), file)
    assert np.array_equal(read_plane(file, LIMIT), IMAGE)
