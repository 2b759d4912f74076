"""Padding never sets the grey range, declared or not, and is dark where it fills the edges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
from pydicom.dataelem import DataElement  # noqa: E402

from panodent import phantom  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.dicom_padding import outside, padding_values  # noqa: E402
from panodent.radiograph.radiograph import Radiograph, read  # noqa: E402

PICTURE = phantom.draw(1, (128, 256))[0].pixels
INNER = (slice(12, -12), slice(20, -20))
STORED = np.round(PICTURE * 4095).astype(np.int64)
"""12 bits, of which all are used."""


def padded(value: int, signed: bool = False, window: bool = False) -> Any:
    """The phantom with a frame of this value, in 16 bits."""
    dataset = to_dicom(Radiograph(PICTURE))
    values = STORED.copy()
    frame = np.ones(values.shape, bool)
    frame[INNER] = False
    values[frame] = value
    dataset.BitsStored, dataset.HighBit = 16, 15
    dataset.PixelRepresentation = int(signed)
    dataset.PixelData = values.astype("<i2" if signed else "<u2").tobytes()
    if not window:
        del dataset.WindowCenter, dataset.WindowWidth
    return dataset


def found(dataset: Any, folder: Path) -> Radiograph:
    dataset.save_as(folder / "a.dcm", enforce_file_format=True)
    return read(folder / "a.dcm")


def declare(dataset: Any, value: int, limit: int | None = None, vr: str = "US") -> Any:
    dataset.add(DataElement(0x00280120, vr, value))
    if limit is not None:
        dataset.add(DataElement(0x00280121, vr, limit))
    return dataset


def is_right(radiograph: Radiograph, expected: Any = PICTURE, tolerance: float = 0.001) -> bool:
    inside = np.abs(radiograph.pixels - expected)[INNER].max() < tolerance
    frame = np.ones(PICTURE.shape, bool)
    frame[INNER] = False
    return bool(inside and not radiograph.pixels[frame].any())


@pytest.mark.parametrize("window", [True, False])
@pytest.mark.parametrize(
    ("value", "declared"),
    [
        (65535, (65535, None, "US")),
        (65535, (-1, None, "SS")),  # the sign in the header is wrong
        (65535, (60000, 65535, "US")),
        (65535, (65535, 60000, "US")),
        (65535, (65535, 0, "US")),  # a limit that would leave nothing
        (60000, (60000, None, "US")),
        (60000, (7, None, "US")),  # another value than the padding
        (60000, None),
    ],
)
def test_unsigned_padding(
    tmp_path: Path, value: int, declared: tuple[int, int | None, str] | None, window: bool
) -> None:
    dataset = padded(value, window=window)
    assert is_right(found(declare(dataset, *declared) if declared else dataset, tmp_path))


@pytest.mark.parametrize("declared", [(-2000, None, "SS"), (63536, None, "US"), None])
def test_signed_padding_without_a_window(tmp_path: Path, declared: Any) -> None:
    dataset = padded(-2000, signed=True)
    low, high = STORED[INNER].min(), STORED[INNER].max()
    expected = (STORED - low) / (high - low)
    if declared is None:  # the range of unsigned data begins at 0
        dataset.RescaleIntercept = 5
    made = found(declare(dataset, *declared) if declared else dataset, tmp_path)
    right = expected if declared is None else PICTURE
    assert is_right(made, right)
    assert any("left out of the grey range" in note for note in made.notes)


@pytest.mark.parametrize("declared", [True, False])
def test_padding_of_inverted_pixels_is_dark_too(tmp_path: Path, declared: bool) -> None:
    dataset = padded(0)
    values = 4095 - np.frombuffer(dataset.PixelData, "<u2").astype(np.int64)
    values[values == 4095] = 20000
    dataset.PixelData = values.astype("<u2").tobytes()
    dataset.PhotometricInterpretation = "MONOCHROME1"
    assert is_right(found(declare(dataset, 20000) if declared else dataset, tmp_path))


def test_padding_beyond_the_stored_bits(tmp_path: Path) -> None:
    dataset = padded(65535)
    dataset.BitsStored, dataset.HighBit = 12, 11
    assert is_right(found(dataset, tmp_path))


def test_metal_with_the_value_of_padding_stays_bright(tmp_path: Path) -> None:
    dataset = padded(4095)
    values = np.frombuffer(dataset.PixelData, "<u2").reshape(PICTURE.shape).copy()
    values[60:64, 100:104] = 4095
    dataset.PixelData = values.tobytes()
    made = found(declare(dataset, 4095), tmp_path)
    assert made.pixels[60:64, 100:104].min() > 0.95
    assert made.pixels[0].max() == 0


def test_a_padding_that_would_leave_out_nearly_all_is_ignored(tmp_path: Path) -> None:
    dataset = to_dicom(Radiograph(PICTURE))
    made = found(declare(dataset, 0, 4095), tmp_path)
    assert np.abs(made.pixels - PICTURE).max() < 0.001
    assert "its padding value would leave out nearly all pixels and was ignored" in made.notes


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([0, 0, *range(100, 120), 0], [0]),  # far from the others
        ([0, 0, *range(2, 22), 0], []),  # the darkest, near the others
        ([103, 0, 0, *range(100, 120), 104], [0]),  # within the picture, such as text
        ([*range(100, 140), *range(900, 909)], [*range(900, 909)]),  # noisy
        ([*range(100, 140), *range(900, 911)], []),  # as many as of a patient
        ([*range(100, 140), 600, 900], [600, 900]),  # blurred
        ([*range(3000), *range(65472, 65536)], []),  # negative ones
        ([900, 0, *range(100, 120), 0], [0, 900]),  # two kinds
        ([0, 0, 100, 150, 255, 0], []),  # a drawing
    ],
)
def test_what_is_padding_without_a_declaration(row: list[int], expected: list[int]) -> None:
    raw = np.tile(np.array(row, np.uint16), (9, 1))
    values, counts = np.unique(raw, return_counts=True)
    mask, _ = padding_values(raw, values, counts, pydicom.Dataset())
    assert values[mask].tolist() == expected


def test_parts_that_touch_the_edge() -> None:
    mask = np.zeros((5, 7), bool)
    mask[0:2, 3] = mask[3, 3] = mask[4, 6] = True
    expected = mask.copy()
    expected[3, 3] = False
    assert np.array_equal(outside(mask), expected)
