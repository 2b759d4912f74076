"""Files without preamble, mark, meta group or transfer syntax are read by their first elements."""

from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
from pydicom import uid  # noqa: E402
from pydicom.dataset import FileMetaDataset  # noqa: E402

from panodent import phantom  # noqa: E402
from panodent.errors import RadiographError  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.dicom_encoding import (  # noqa: E402
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    Encoding,
    encoding_at,
    frame_syntax,
    start_of,
)
from panodent.radiograph.dicom_file import read_header  # noqa: E402
from panodent.radiograph.discovery import collect  # noqa: E402
from panodent.radiograph.radiograph import is_candidate, read, read_size  # noqa: E402

RADIOGRAPH = phantom.draw(1, (128, 256))[0]


def elements(dataset: Any, implicit: bool, little: bool) -> bytes:
    stream = io.BytesIO()
    dataset.file_meta = FileMetaDataset()
    if not little:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    dataset.save_as(stream, implicit_vr=implicit, little_endian=little)
    return stream.getvalue()


BARE = {
    "Implicit VR Little Endian": elements(to_dicom(RADIOGRAPH), True, True),
    "Explicit VR Little Endian": elements(to_dicom(RADIOGRAPH), False, True),
    "Explicit VR Big Endian": elements(to_dicom(RADIOGRAPH), False, False),
}


def meta(syntax: str | None) -> bytes:
    """A meta group, which has no transfer syntax if it is None."""
    whole = phantom.dicom_bytes(RADIOGRAPH)
    group = whole[132 : 144 + int.from_bytes(whole[140:144], "little")]
    at = group.index(b"\x02\x00\x10\x00UI")
    end = at + 8 + int.from_bytes(group[at + 6 : at + 8], "little")
    if syntax is None:
        return group[:at] + group[end:]
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    return group[: at + 6] + len(value).to_bytes(2, "little") + value + group[end:]


@pytest.mark.parametrize("name", ["opg.dcm", "opg", "IM0001", "1.2.840.17"])
@pytest.mark.parametrize("kind", BARE)
@pytest.mark.parametrize(
    "before", [b"", b"DICM", bytes(128), bytes(128) + b"DICM", bytes(128) + b"DICM" + meta(None)]
)
def test_a_data_set_without_a_transfer_syntax(
    tmp_path: Path, before: bytes, kind: str, name: str
) -> None:
    file = tmp_path / name
    file.write_bytes(before + BARE[kind])
    assert is_candidate(file)
    assert [item.path for item in collect([tmp_path])] == [file]
    found = read(file)
    assert np.abs(found.pixels - RADIOGRAPH.pixels).max() < 1 / 4000
    assert f"the file has no transfer syntax: read as {kind}" in found.notes
    assert read_size(file) == RADIOGRAPH.size


CLAIMS = [
    *(uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian),
    *(uid.JPEGLosslessSV1, "1.2.840.10008.1.20"),
]


@pytest.mark.parametrize("claimed", CLAIMS)
def test_a_transfer_syntax_that_contradicts_the_content(tmp_path: Path, claimed: str) -> None:
    for kind, data in BARE.items():
        (tmp_path / "a.dcm").write_bytes(bytes(128) + b"DICM" + meta(claimed) + data)
        found = read(tmp_path / "a.dcm")
        assert np.abs(found.pixels - RADIOGRAPH.pixels).max() < 1 / 4000
        note = f"the file contradicts its transfer syntax: read as {kind}"
        assert (note in found.notes) is (uid.UID(claimed).name != kind)


def test_deflated_data_behind_a_meta_group_without_its_length(tmp_path: Path) -> None:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = deflater.compress(BARE["Explicit VR Little Endian"]) + deflater.flush()
    group = meta(uid.DeflatedExplicitVRLittleEndian)[12:]
    (tmp_path / "a").write_bytes(bytes(128) + b"DICM" + group + data)
    assert np.abs(read(tmp_path / "a").pixels - RADIOGRAPH.pixels).max() < 1 / 4000


@pytest.mark.parametrize("vr", [b"??", b"\0\0", b"  "])
def test_private_elements_with_an_invalid_vr_are_passed_over(tmp_path: Path, vr: bytes) -> None:
    whole = phantom.dicom_bytes(RADIOGRAPH)
    at = whole.index(b"\x28\x00\x02\x00US")
    odd = b"\x21\x00\x01\x10" + vr + b"\x04\x00ABCD"
    (tmp_path / "a.dcm").write_bytes(whole[:at] + odd + whole[at:])
    assert np.abs(read(tmp_path / "a.dcm").pixels - RADIOGRAPH.pixels).max() < 1 / 4000
    assert 0x00211001 not in read_header(tmp_path / "a.dcm")


@pytest.mark.parametrize("start", [b"", bytes(128)])
def test_a_meta_group_without_a_mark(tmp_path: Path, start: bytes) -> None:
    (tmp_path / "a").write_bytes(start + phantom.dicom_bytes(RADIOGRAPH)[132:])
    assert np.abs(read(tmp_path / "a").pixels - RADIOGRAPH.pixels).max() < 1 / 4000


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEG2000Lossless, uid.JPEGLSLossless])
def test_compressed_pixels_are_recognised(tmp_path: Path, syntax: str) -> None:
    dataset = to_dicom(RADIOGRAPH)
    dataset.compress(syntax)
    (tmp_path / "a").write_bytes(elements(dataset, False, True))
    found = read(tmp_path / "a")
    assert np.abs(found.pixels - RADIOGRAPH.pixels).max() < 1 / 4000
    assert "the file has no transfer syntax: read as " in found.notes[0]


@pytest.mark.parametrize("items", [True, False])
def test_pixels_that_are_not_as_the_transfer_syntax_says(tmp_path: Path, items: bool) -> None:
    plain, packed = to_dicom(RADIOGRAPH), to_dicom(RADIOGRAPH)
    packed.compress(uid.JPEGLSLossless)
    if not items:  # as some senders strip them
        packed.PixelData = pydicom.encaps.get_frame(packed.PixelData, 0)
        packed["PixelData"].is_undefined_length = False
    claims = ((plain, uid.RLELossless), (packed, EXPLICIT if items else uid.RLELossless))
    for dataset, claimed in claims:
        (tmp_path / "a").write_bytes(bytes(128) + b"DICM" + meta(claimed))
        with (tmp_path / "a").open("ab") as stream:
            stream.write(elements(dataset, False, True))
        assert np.abs(read(tmp_path / "a").pixels - RADIOGRAPH.pixels).max() < 1 / 4000


def test_pixels_compressed_in_an_unknown_way_are_refused(tmp_path: Path) -> None:
    dataset = to_dicom(RADIOGRAPH)
    dataset.PixelData = pydicom.encaps.encapsulate([b"unknown!"])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta = FileMetaDataset()
    stream = io.BytesIO()
    dataset.file_meta.TransferSyntaxUID = uid.JPEG2000
    dataset.save_as(stream, enforce_file_format=False)
    whole = stream.getvalue()
    (tmp_path / "a").write_bytes(whole[whole.index(b"\x08\x00") :])
    with pytest.raises(RadiographError, match="compressed in an unknown way"):
        read(tmp_path / "a")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x08",
        bytes(200),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"II*\0\x08\0\0\0" + bytes(100),
        b"\x08\x00 is how this text begins, and it goes on",
        b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100" + b"no elements follow here",
        "Zähne\r\n".encode("utf-16") * 40,
    ],
)
def test_other_files_are_no_dicom(data: bytes, tmp_path: Path) -> None:
    assert start_of(data) is None
    (tmp_path / "README").write_bytes(data)
    assert not is_candidate(tmp_path / "README")


@pytest.mark.parametrize(
    ("implicit", "little", "expected"),
    [(True, True, IMPLICIT), (False, True, EXPLICIT), (False, False, BIG_ENDIAN)],
)
def test_encodings_have_a_transfer_syntax(implicit: bool, little: bool, expected: str) -> None:
    assert Encoding(implicit, little).syntax == expected
    assert encoding_at(BARE[uid.UID(expected).name], 0) == (implicit, little)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ("ffd8 ffe0 0004 0000 ffc3 000b", "1.2.840.10008.1.2.4.57"),
        ("ffd8 ffc2 000b", "1.2.840.10008.1.2.4.50"),
        ("ffd8 ffff fff7 000b", "1.2.840.10008.1.2.4.81"),
        ("ff4f ff51 0029", "1.2.840.10008.1.2.4.91"),
        ("0200 0000 4000 0000", "1.2.840.10008.1.2.5"),
        ("0000 0000", ""),
        ("ffd8", ""),
    ],
)
def test_compressions_are_known_by_their_first_bytes(frame: str, expected: str) -> None:
    assert frame_syntax(bytes.fromhex(frame)) == expected
