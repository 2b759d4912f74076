"""What the first bytes of a file say."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent import phantom
from panodent.radiograph.file_start import described
from panodent.radiograph.radiograph import read


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04ab", "it is a ZIP archive; unpack it"),
        (b"GIF89a", "it is a GIF; save it as PNG"),
        (b"\x1f\x8b", "it is a gzip archive; unpack it"),
        (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive; unpack it"),
        (b"%PDF-1.7 more", "it starts with '%PDF-1.7'"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid",
            "it is a pointer of Git LFS to the file",
        ),
        (b"", "it is empty"),
        (b"\x00\x01", "it starts with the bytes 00 01"),
    ],
)
def test_the_beginning_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.dcm").write_bytes(content)
    assert described(tmp_path / "a.dcm").startswith(words)


def test_a_picture_with_the_name_of_a_dicom_file_is_read(tmp_path: Path) -> None:
    phantom.write(tmp_path, 1, size=(64, 128))
    (tmp_path / "images" / "phantom-00000.png").rename(tmp_path / "a.dcm")
    assert read(tmp_path / "a.dcm").size == (64, 128)
