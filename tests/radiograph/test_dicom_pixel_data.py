"""Pixel data that contradict the transfer syntax, lack their delimiter or are cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
from pydicom import uid  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402

from panodent import phantom  # noqa: E402
from panodent.errors import RadiographError  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.dicom_pixel_data import undelimited  # noqa: E402
from panodent.radiograph.radiograph import read  # noqa: E402

RADIOGRAPH = phantom.draw(1, (64, 128))[0]
CODECS = [uid.JPEGLSLossless, uid.JPEG2000Lossless, uid.RLELossless]
DELIMITER = b"\xfe\xff\xdd\xe0" + bytes(4)


def packed(codec: str, claimed: str, folder: Path) -> Path:
    """A file with a frame compressed by `codec` and another transfer syntax."""
    dataset: Any = to_dicom(RADIOGRAPH)
    dataset.compress(codec)
    dataset.file_meta.TransferSyntaxUID = claimed
    dataset.save_as(folder / "a.dcm", enforce_file_format=True)
    return folder / "a.dcm"


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("claimed", [*CODECS, uid.JPEGBaseline8Bit, uid.MPEG4HP41])
def test_the_first_bytes_of_the_frame_decide(tmp_path: Path, codec: str, claimed: str) -> None:
    found = read(packed(codec, claimed, tmp_path))
    assert np.abs(found.pixels - RADIOGRAPH.pixels).max() < 1 / 4000
    said = "the file contradicts its transfer syntax: read as" in " ".join(found.notes)
    assert said is (codec != claimed)


@pytest.mark.parametrize(
    ("frame", "claimed", "reason"),
    [
        (b"unknown!", uid.MPEG4HP41, "compressed as MPEG-4 .*, which is not read; send"),
        ("ffd8 ffc1 000b 0c 0040 0080 01 011100", uid.JPEGExtended12Bit, "are 12-bit JPEG"),
    ],
)
def test_compressions_that_are_not_read_are_named(
    tmp_path: Path, frame: bytes | str, claimed: str, reason: str
) -> None:
    dataset: Any = to_dicom(RADIOGRAPH)
    data = frame if isinstance(frame, bytes) else bytes.fromhex(frame)
    dataset.PixelData = encapsulate([data])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = claimed
    dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
    with pytest.raises(RadiographError, match=reason):
        read(tmp_path / "a.dcm")


def test_offset_tables_are_not_needed(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(packed(uid.RLELossless, uid.RLELossless, tmp_path))
    dataset.ExtendedOffsetTable = dataset.ExtendedOffsetTableLengths = b"\x99" * 8
    dataset.save_as(tmp_path / "a.dcm")
    assert np.abs(read(tmp_path / "a.dcm").pixels - RADIOGRAPH.pixels).max() < 1 / 4000


def test_the_last_delimiter_may_be_missing(tmp_path: Path) -> None:
    file = packed(uid.JPEGLSLossless, uid.JPEGLSLossless, tmp_path)
    data = file.read_bytes()
    assert data.endswith(DELIMITER)
    file.write_bytes(data.removesuffix(DELIMITER))
    assert np.abs(read(file).pixels - RADIOGRAPH.pixels).max() < 1 / 4000
    file.write_bytes(data.removesuffix(DELIMITER)[:-10])
    with pytest.raises(RadiographError, match="the file ends within its pixels: the last part"):
        read(file)


def test_what_is_no_compressed_picture_has_no_items() -> None:
    assert undelimited(b"", False, True) is None
    assert undelimited(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xffpixels", False, True) is None
