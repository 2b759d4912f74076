"""Sizes in compressed frames are read and compared with the header."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from panodent.errors import RadiographError
from panodent.radiograph.dicom_codestream import (
    RLE,
    check_frame_size,
    jpeg2000_frame_size,
    jpeg2000_precision,
    jpeg_frame_size,
    without_comments,
)

JPEG = "1.2.840.10008.1.2.4.50"


def encoded(kind: str, mode: str = "L", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.new(mode, (60, 40)).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(("mode", "components"), [("L", 1), ("RGB", 3)])
@pytest.mark.parametrize("progressive", [False, True])
def test_sizes_of_jpeg(mode: str, components: int, progressive: bool) -> None:
    frame = encoded("JPEG", mode, progressive=progressive)
    assert jpeg_frame_size(frame) == (40, 60, components)
    assert jpeg2000_frame_size(frame) is None


@pytest.mark.parametrize("no_jp2", [False, True])
def test_sizes_of_jpeg_2000(no_jp2: bool) -> None:
    frame = encoded("JPEG2000", no_jp2=no_jp2)
    assert jpeg2000_frame_size(frame) == (40, 60, 1)
    assert jpeg2000_precision(frame) == 8
    assert jpeg_frame_size(frame) is None


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00\x04", b"no picture" * 9])
def test_other_data_have_no_size(data: bytes) -> None:
    assert jpeg_frame_size(data) is jpeg2000_frame_size(data) is jpeg2000_precision(data) is None


def test_comments_are_left_out() -> None:
    plain = encoded("JPEG", "RGB")
    assert without_comments(plain) == plain
    assert without_comments(encoded("JPEG", "RGB", comment=b"NAME", exif=b"Exif\0\0NAME")) == plain
    plain = encoded("JPEG2000", no_jp2=True, comment="")
    for no_jp2 in (True, False):
        found = without_comments(encoded("JPEG2000", no_jp2=no_jp2, comment="NAME"))
        assert found[:4] == b"\xff\x4f\xff\x51"
        assert b"NAME" not in found
        assert Image.open(io.BytesIO(found)).getpixel((3, 4)) == 0
    assert without_comments(b"others") == b"others"


def test_another_size_than_that_of_the_header_is_refused() -> None:
    check_frame_size(encoded("JPEG"), (40, 60, 1), JPEG, 1)
    with pytest.raises(RadiographError, match="is 40 x 60 of 1 samples, the header says 41 x 60"):
        check_frame_size(encoded("JPEG"), (41, 60, 1), JPEG, 1)


def run_length(*segments: bytes) -> bytes:
    starts, at = [], 64
    for segment in segments:
        starts.append(at)
        at += len(segment)
    head = struct.pack("<16I", len(segments), *starts, *[0] * (15 - len(segments)))
    return head + b"".join(segments)


SIX_ZEROS, THREE_BYTES = b"\xfb\x00", b"\x02abc"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (run_length(SIX_ZEROS), None),
        (run_length(THREE_BYTES + THREE_BYTES), None),
        (run_length(b"\x80" + SIX_ZEROS), None),  # 128: no operation
        (run_length(SIX_ZEROS, SIX_ZEROS), "has 2 segments; expected 1"),
        (run_length(THREE_BYTES), "unpacks to only 3 bytes; expected 6"),
        (run_length(SIX_ZEROS * 9), "unpacks to more than 6 bytes; expected 6"),
        (run_length(SIX_ZEROS)[:40], "segments; expected 1"),
        (struct.pack("<16I", 1, 9999, *[0] * 14) + SIX_ZEROS, "outside of the frame"),
    ],
)
def test_run_length_frames_unpack_to_the_planes_of_the_header(
    frame: bytes, message: str | None
) -> None:
    if message is None:
        check_frame_size(frame, (2, 3, 1), RLE, 1)
        return
    with pytest.raises(RadiographError, match=message):
        check_frame_size(frame, (2, 3, 1), RLE, 1)


def test_frames_of_pydicom_are_accepted() -> None:
    pydicom = pytest.importorskip("pydicom")
    from pydicom.encaps import get_frame

    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 40, 60, 1
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.SOPClassUID = dataset.SOPInstanceUID = "1.2.3"
    values = np.random.default_rng(1).integers(0, 4096, (40, 60), np.uint16)
    dataset.PixelData = values.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.compress(pydicom.uid.RLELossless, generate_instance_uid=False)
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    check_frame_size(frame, (40, 60, 1), RLE, 2)
