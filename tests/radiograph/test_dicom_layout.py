"""Samples and bits of DICOM pixels that the header does not say, or says wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("pydicom")
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from panodent import phantom
from panodent.phantom.dicom import to_dicom
from panodent.radiograph.dicom_layout import complete_layout
from panodent.radiograph.radiograph import Radiograph, read

pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR")
PICTURE = phantom.draw(1, (65, 129))[0].pixels
BYTES = np.round(PICTURE * 255).astype(np.uint8)


def of_bytes() -> Any:
    """A radiograph of eight bits, without a window."""
    dataset = to_dicom(Radiograph(PICTURE))
    del dataset.WindowCenter, dataset.WindowWidth
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelData = BYTES.tobytes()
    dataset["PixelData"].VR = "OB"
    return dataset


def found(dataset: Any, folder: Path) -> Radiograph:
    dataset.save_as(folder / "a.dcm", enforce_file_format=True)
    return read(folder / "a.dcm")


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"SamplesPerPixel": None}, "SamplesPerPixel is missing: read as 1"),
        (
            {"PhotometricInterpretation": None},
            "PhotometricInterpretation is missing or unknown: read as MONOCHROME2",
        ),
        ({"PhotometricInterpretation": "GREY"}, "unknown: read as MONOCHROME2"),
        ({"PhotometricInterpretation": "Monochrome 2"}, ""),
        ({"BitsAllocated": 16, "BitsStored": 12}, "says 1 x 16 bits"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "have 1 x 8"),
    ],
)
def test_plain_pixels_are_read(tmp_path: Path, changes: dict[str, Any], note: str) -> None:
    dataset = of_bytes()
    for name, value in changes.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    image = found(dataset, tmp_path)
    assert np.abs(image.pixels - PICTURE).max() < 1 / 250
    assert note in "; ".join(image.notes)


def test_colour_without_a_configuration_of_planes(tmp_path: Path) -> None:
    dataset = of_bytes()
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "rgb"
    dataset.PixelData = np.repeat(BYTES, 3).tobytes()
    image = found(dataset, tmp_path)
    assert np.abs(image.pixels - PICTURE).max() < 1 / 250
    assert "PlanarConfiguration is missing: read as pixel by pixel" in image.notes


@pytest.mark.parametrize(
    ("colour", "changes", "note"),
    [
        (False, {}, ""),
        (True, {}, "says 1 x 8 bits for each pixel, but the pixel data have 3 x 8"),
        (
            False,
            {"SamplesPerPixel": 3, "PhotometricInterpretation": "YBR_FULL_422"},
            "have 1 x 8",
        ),
        (False, {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11}, "says 1 x 16"),
    ],
)
def test_a_compressed_picture_says_what_it_has(
    tmp_path: Path, colour: bool, changes: dict[str, Any], note: str
) -> None:
    dataset = of_bytes()
    picture = cv2.cvtColor(BYTES, cv2.COLOR_GRAY2BGR) if colour else BYTES
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    for name, value in changes.items():
        setattr(dataset, name, value)
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.PixelData = encapsulate([data])
    image = found(dataset, tmp_path)
    assert np.abs(image.pixels - PICTURE).mean() < 0.01
    assert note in "; ".join(image.notes)


def of_words(syntax: str) -> Any:
    """A radiograph of 12 bits, compressed."""
    dataset = to_dicom(Radiograph(PICTURE))
    del dataset.WindowCenter, dataset.WindowWidth
    dataset.compress(syntax)
    return dataset


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, JPEGLSLossless, RLELossless])
@pytest.mark.parametrize(
    "changes",
    [
        {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7},
        {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0},
    ],
)
def test_lossless_frames_say_what_they_have(
    tmp_path: Path, syntax: str, changes: dict[str, Any]
) -> None:
    dataset = of_words(syntax)
    for name, value in changes.items():
        setattr(dataset, name, value)
    image = found(dataset, tmp_path)
    assert np.abs(image.pixels - PICTURE).max() < 1 / 4000
    assert "but the pixel data have 1 x 16" in "; ".join(image.notes)


def test_the_bits_of_a_frame_are_those_of_its_pixels(tmp_path: Path) -> None:
    dataset = of_words(JPEG2000Lossless)
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 15, 1
    assert np.abs(found(dataset, tmp_path).pixels - PICTURE).max() < 1 / 4000


def test_pixels_of_twice_the_length_are_no_second_frame(tmp_path: Path) -> None:
    dataset = to_dicom(Radiograph(PICTURE))
    dataset.PixelData = dataset.PixelData * 2
    image = found(dataset, tmp_path)
    assert np.abs(image.pixels - PICTURE).max() < 1 / 4000
    assert "65 more rows than the 65 of the header" in "; ".join(image.notes)


def test_pixels_of_two_bytes_that_the_header_calls_one(tmp_path: Path) -> None:
    dataset = to_dicom(Radiograph(PICTURE))
    dataset.BitsAllocated = 8
    image = found(dataset, tmp_path)
    assert np.abs(image.pixels - PICTURE).max() < 1 / 4000
    assert "says 1 x 8 bits for each pixel, but the pixel data have 1 x 16" in "; ".join(
        image.notes
    )


def test_colour_that_is_not_subsampled_though_the_header_says_so(tmp_path: Path) -> None:
    dataset = of_bytes()
    grey = np.full_like(BYTES, 128)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "YBR_FULL_422"
    dataset.PixelData = np.stack([BYTES, grey, grey], axis=-1).tobytes()
    image = found(dataset, tmp_path)
    assert np.abs(image.pixels - PICTURE).max() < 1 / 100
    assert "the header says YBR_FULL_422, but the pixel data are YBR_FULL" in image.notes


@pytest.mark.parametrize("signed", [False, True])
def test_values_of_sixteen_bits_in_thirty_two(tmp_path: Path, signed: bool) -> None:
    dataset = of_bytes()
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 32, 32, 31
    dataset.PixelRepresentation = int(signed)
    values = np.round(PICTURE * 65535) - 32768 * signed
    dataset.PixelData = values.astype("<i4").tobytes()
    dataset["PixelData"].VR = "OW"
    if signed:
        dataset.WindowCenter, dataset.WindowWidth = 0, 65536
    assert np.abs(found(dataset, tmp_path).pixels - PICTURE).max() < 1 / 250


@pytest.mark.parametrize("words", [True, False])
def test_a_palette_of_eight_bits_may_be_stored_in_words(tmp_path: Path, words: bool) -> None:
    dataset = of_bytes()
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for number in (1, 2, 3):
        dataset.add_new(0x00281100 + number, "US", [256, 0, 8])
        table = np.arange(256).astype("<u2" if words else "u1")
        dataset.add_new(0x00281200 + number, "OW", table.tobytes())
    assert np.abs(found(dataset, tmp_path).pixels - PICTURE).max() < 1 / 250


def test_a_sound_header_is_not_changed() -> None:
    dataset = of_bytes()
    before = dataset.to_json()
    assert complete_layout(dataset) == ()
    assert dataset.to_json() == before


def test_rows_that_the_header_does_not_count_are_named(tmp_path: Path) -> None:
    dataset = of_bytes()
    dataset.Rows = 60
    read_again = found(dataset, tmp_path)
    assert read_again.size == (60, 129)
    note = "the pixel data have 5 more rows than the 60 of the header: they are not read"
    assert note in read_again.notes
