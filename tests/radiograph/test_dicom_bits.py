"""Bit counts that contradict the pixels: the pixels decide, and a note says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")

from panodent import phantom  # noqa: E402
from panodent.errors import RadiographError  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.dicom_bits import carry, complete  # noqa: E402
from panodent.radiograph.radiograph import Radiograph, read  # noqa: E402

PICTURE = phantom.draw(1, (128, 256))[0].pixels


def made(
    bits: int, stored: int, high: int | None, *, shift: int = 0, window: bool = False, sign: int = 0
) -> Any:
    """Pixels of `bits` bits, shifted; the header claims `stored` and `high`."""
    dataset = to_dicom(Radiograph(PICTURE))
    values = np.round(PICTURE * (2**bits - 1)).astype(np.int64) << shift
    dataset.PixelData = values.astype("<u2").tobytes()
    dataset.BitsStored, dataset.PixelRepresentation = stored, sign
    dataset.HighBit = high
    dataset.WindowCenter, dataset.WindowWidth = 2 ** (bits - 1), 2**bits
    if not window:
        del dataset.WindowCenter, dataset.WindowWidth
    return dataset


def found(dataset: Any, folder: Path) -> Radiograph:
    dataset.save_as(folder / "a.dcm", enforce_file_format=True)
    return read(folder / "a.dcm")


@pytest.mark.parametrize("window", [True, False])
@pytest.mark.parametrize(
    ("bits", "stored", "high", "shift", "note"),
    [
        (12, 12, 11, 0, ""),
        (12, 16, 15, 0, ""),
        (16, 12, 11, 0, "BitsStored is 12, but the pixels use 16 bits"),
        (16, 8, 7, 0, "BitsStored is 8, but the pixels use 16 bits"),
        (12, 8, 7, 0, "BitsStored is 8, but the pixels use 16 bits"),
        (12, 12, 15, 4, ""),  # in the upper bits, as HighBit says
        (12, 12, 15, 0, "HighBit is 15, but the pixels use the lowest 12 bits"),
        (16, 12, 15, 0, "BitsStored is 12, but the pixels use 16 bits"),
        (12, 16, 11, 0, "HighBit 11 contradicts BitsStored 16 and was ignored"),
        (12, 12, 200, 0, "HighBit 200 contradicts BitsStored 12 and was ignored"),
        (12, 32, 31, 0, "BitsStored is 32: the pixels have 16 bits"),
        (12, 0, 11, 0, "BitsStored is 0: the pixels have 16 bits"),
    ],
)
def test_the_pixels_decide(
    tmp_path: Path, bits: int, stored: int, high: int, shift: int, note: str, window: bool
) -> None:
    radiograph = found(made(bits, stored, high, shift=shift, window=window), tmp_path)
    assert np.abs(radiograph.pixels - PICTURE).max() < 0.001
    bit_notes = [n for n in radiograph.notes if "Bit" in n]
    assert (note in bit_notes) if note else not bit_notes


def test_missing_counts(tmp_path: Path) -> None:
    dataset = made(12, 12, None)
    del dataset.BitsStored, dataset.PixelRepresentation
    radiograph = found(dataset, tmp_path)
    assert np.abs(radiograph.pixels - PICTURE).max() < 0.001
    assert "BitsStored is missing: the pixels have 16 bits" in radiograph.notes
    assert "PixelRepresentation is missing or unknown: read as unsigned" in radiograph.notes


@pytest.mark.parametrize(("bits", "stored"), [(12, 12), (16, 16)])
def test_unsigned_pixels_told_as_signed(tmp_path: Path, bits: int, stored: int) -> None:
    radiograph = found(made(bits, stored, stored - 1, sign=1), tmp_path)
    assert np.abs(radiograph.pixels - PICTURE).max() < 0.001
    assert "PixelRepresentation is signed, but the pixels are unsigned" in radiograph.notes


@pytest.mark.parametrize(("bits", "stored"), [(12, 12), (16, 16)])
def test_bytes_in_the_wrong_order_are_exchanged(tmp_path: Path, bits: int, stored: int) -> None:
    dataset = made(bits, stored, stored - 1)
    dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").byteswap().tobytes()
    radiograph = found(dataset, tmp_path)
    assert np.abs(radiograph.pixels - PICTURE).max() < 0.001
    assert "the bytes of the pixels are in the wrong order: exchanged" in radiograph.notes


def test_a_few_unsigned_values_beyond_the_signed_ones(tmp_path: Path) -> None:
    dataset = made(16, 16, 15, sign=1)
    values = np.tile(np.linspace(30000, 32800, 256), (128, 1)).astype("<u2")
    dataset.PixelData = values.tobytes()
    radiograph = found(dataset, tmp_path)
    assert (np.diff(radiograph.pixels, axis=1) > 0).all()
    assert "PixelRepresentation is signed, but the pixels are unsigned" in radiograph.notes


def test_unsigned_pixels_told_as_signed_and_compressed(tmp_path: Path) -> None:
    dataset = made(12, 12, 11)
    dataset.compress(pydicom.uid.JPEG2000Lossless)
    dataset.PixelRepresentation = 1  # the decoder extends the sign
    radiograph = found(dataset, tmp_path)
    assert np.abs(radiograph.pixels - PICTURE).max() < 0.001
    assert "PixelRepresentation is signed, but the pixels are unsigned" in radiograph.notes


@pytest.mark.parametrize("codec", [None, pydicom.uid.JPEGLSLossless, pydicom.uid.JPEG2000Lossless])
def test_signed_pixels_without_sign_extension_told_as_unsigned(
    tmp_path: Path, codec: str | None
) -> None:
    dataset = made(12, 12, 11)
    values = np.round(PICTURE * 4095).astype(np.int64) - 2048
    kept = values & (0xFFF if codec is None else 0xFFFF)
    dataset.PixelData = kept.astype("<u2").tobytes()
    if codec is not None:
        dataset.PixelRepresentation = 1
        dataset.compress(codec)
        dataset.PixelRepresentation = 0
    radiograph = found(dataset, tmp_path)
    span = (PICTURE - PICTURE.min()) / (PICTURE.max() - PICTURE.min())
    assert np.abs(radiograph.pixels - span).max() < 0.001
    assert "PixelRepresentation is unsigned, but the pixels are signed" in radiograph.notes


def test_a_white_frame_is_no_negative_value(tmp_path: Path) -> None:
    dataset = made(12, 12, 11)
    values = np.round(PICTURE * 4095).astype("<u2")
    values[:, :9] = values[:, -9:] = 4095
    values[:, 9:20] = 3
    dataset.PixelData = values.tobytes()
    assert not any("signed" in note for note in found(dataset, tmp_path).notes)


def test_values_in_the_upper_byte_alone_are_not_cleared(tmp_path: Path) -> None:
    dataset = made(8, 8, 7, shift=8)
    assert np.abs(found(dataset, tmp_path).pixels - PICTURE).max() < 1 / 150


def test_bits_allocated_are_whole_bytes(tmp_path: Path) -> None:
    dataset = made(12, 12, 11)
    dataset.BitsAllocated = 12
    radiograph = found(dataset, tmp_path)
    assert np.abs(radiograph.pixels - PICTURE).max() < 0.001
    assert "BitsAllocated is 12: read as 16" in radiograph.notes
    dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) * 3 // 4]  # two in three bytes
    with pytest.raises(RadiographError, match=r"have 49152 bytes; 128 x 256 .* need 65536; send"):
        found(dataset, tmp_path)


def test_black_and_white_is_no_radiograph(tmp_path: Path) -> None:
    dataset = made(12, 12, 11)
    dataset.BitsAllocated = dataset.BitsStored = 1
    with pytest.raises(RadiographError, match="1 samples of 1 bits per pixel; expected"):
        found(dataset, tmp_path)


@pytest.mark.parametrize("extended", [True, False])
def test_signed_pixels_stay_signed(tmp_path: Path, extended: bool) -> None:
    dataset = made(12, 12, 11, sign=1)
    values = np.round(PICTURE * 4095).astype(np.int64) - 2048
    kept = values if extended else values & 0xFFF  # with and without sign extension
    dataset.PixelData = (kept & 0xFFFF).astype("<u2").tobytes()
    dataset.RescaleIntercept = 2048
    dataset.WindowCenter, dataset.WindowWidth = 2048, 4096
    radiograph = found(dataset, tmp_path)
    assert np.abs(radiograph.pixels - PICTURE).max() < 0.001
    assert not any("signed" in note for note in radiograph.notes)


def test_signed_pixels_told_as_unsigned(tmp_path: Path) -> None:
    dataset = made(12, 16, 15)
    values = np.round(PICTURE * 3000).astype(np.int16) - 1500
    dataset.PixelData = values.astype("<i2").tobytes()
    image = found(dataset, tmp_path)
    span = (PICTURE - PICTURE.min()) / (PICTURE.max() - PICTURE.min())
    assert np.abs(image.pixels - span).max() < 1 / 1000
    assert "PixelRepresentation is unsigned, but the pixels are signed" in image.notes


def test_a_bright_mark_is_no_negative_value(tmp_path: Path) -> None:
    dataset = made(12, 16, 15)
    values = np.round(PICTURE * 4095).astype(np.uint16)
    values[20:30, 20:30] = 65535
    dataset.PixelData = values.astype("<u2").tobytes()
    image = found(dataset, tmp_path)
    assert image.pixels[25, 25] == image.pixels.max()
    assert not any("signed" in note for note in image.notes)


def test_other_data_above_the_stored_bits_are_cleared(tmp_path: Path) -> None:
    dataset = made(12, 12, 11, window=True)
    values = np.frombuffer(dataset.PixelData, "<u2").reshape(PICTURE.shape).copy()
    values[30:60, 40:90] |= 0x8000  # an overlay of old
    values[70:90, 100:140] |= 0x1000
    dataset.PixelData = values.tobytes()
    radiograph = found(dataset, tmp_path)
    assert np.abs(radiograph.pixels - PICTURE).max() < 0.001
    assert "bits above BitsStored, 12, hold other data and were cleared" in radiograph.notes


def test_carry_of_values_overlays_and_signs() -> None:
    ramp = np.tile(np.arange(0, 4096, 16, dtype=np.uint16), (4, 1))
    noise = np.random.default_rng(0).integers(0, 256, ramp.shape, dtype=np.uint16)
    signed = (np.tile(np.tile([-3, 2], 128), (4, 1)) & 0xFFF).astype(np.uint16)
    assert carry(ramp, 8) < -0.9
    assert abs(carry(noise + 256 * (ramp > 2000), 8)) < 0.25
    assert carry(signed, 11) > 0.9
    assert carry(ramp, 15) == 0  # no pixel has bits above


def test_a_sound_header_is_not_changed() -> None:
    header = to_dicom(Radiograph(PICTURE))
    assert complete(header) == ()
    assert (header.BitsStored, header.PixelRepresentation) == (12, 0)


def test_signed_pixels_that_the_header_calls_unsigned(tmp_path: Path) -> None:
    dataset = made(12, 12, 11)
    dataset.PixelData = (np.round(PICTURE * 4095) - 2048).astype("<i2").tobytes()
    read_again = found(dataset, tmp_path)
    assert "PixelRepresentation is unsigned, but the pixels are signed" in read_again.notes
    assert np.corrcoef(read_again.pixels.ravel(), PICTURE.ravel())[0, 1] > 0.999
