"""Tests of `panodent.phantom.dicom`."""

from __future__ import annotations

import io

import numpy as np
import pytest

from panodent.phantom.dicom import BITS, SPACING, dicom_bytes, to_dicom
from panodent.radiograph.radiograph import Radiograph

pydicom = pytest.importorskip("pydicom")

RADIOGRAPH = Radiograph(np.linspace(0, 1, 40 * 80, dtype=np.float32).reshape(40, 80))


def test_pixels_have_twelve_bits() -> None:
    made = to_dicom(RADIOGRAPH)
    pixels = np.frombuffer(made.PixelData, "<u2").reshape(made.Rows, made.Columns)
    assert pixels.shape == (40, 80)
    assert (pixels[0, 0], pixels[-1, -1]) == (0, 2**BITS - 1)
    assert np.abs(pixels / (2**BITS - 1) - RADIOGRAPH.pixels).max() < 1 / 2**BITS


def test_the_header_describes_a_panoramic_radiograph() -> None:
    made = to_dicom(RADIOGRAPH, seed=7)
    assert (made.Modality, made.PatientID) == ("PX", "PHANTOM-7")
    assert list(made.ImagerPixelSpacing) == [SPACING, SPACING]
    assert made.SOPInstanceUID == to_dicom(RADIOGRAPH, seed=7).SOPInstanceUID
    assert made.SOPInstanceUID != to_dicom(RADIOGRAPH, seed=8).SOPInstanceUID


def test_the_file_can_be_read() -> None:
    found = pydicom.dcmread(io.BytesIO(dicom_bytes(RADIOGRAPH)))
    assert found.pixel_array.shape == (40, 80)
