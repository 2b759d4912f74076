"""DICOM files are opened within limits, and errors quote no values."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import pytest

pydicom = pytest.importorskip("pydicom")

from panodent import phantom  # noqa: E402
from panodent.errors import PanodentError, RadiographError  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph import dicom_file  # noqa: E402
from panodent.radiograph.dicom_file import (  # noqa: E402
    add_pixels,
    decoding,
    is_dicom,
    quiet,
    read_header,
    reason,
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("dicom") / "opg.dcm"
    to_dicom(phantom.draw(1, (64, 128))[0], 1).save_as(place, enforce_file_format=True)
    return place


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a", bytes(128) + b"DICM", True),
        ("a.dcm", b"no mark", True),
        ("a.IMA", b"no mark", True),
        ("a.dcm", b"", False),
        ("a.png", b"\x89PNG", False),
        ("a.dcm", b"BM\x36\x10" + bytes(50), False),
        ("a.dcm", b"II+\0" + bytes(50), False),
    ],
)
def test_files_are_recognised(tmp_path: Path, name: str, content: bytes, expected: bool) -> None:
    (tmp_path / name).write_bytes(content)
    assert is_dicom(tmp_path / name) is expected
    assert not is_dicom(tmp_path / "missing.dcm")


def test_the_header_comes_first_and_then_the_pixels(file: Path) -> None:
    header = read_header(file)
    assert (header.Rows, header.Columns) == (64, 128)
    assert "PixelData" not in header
    add_pixels(header, file, 64 * 128 * 2)
    assert len(header.PixelData) == 64 * 128 * 2


def test_a_file_far_larger_than_its_pixels_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dicom_file, "MAX_OTHER_BYTES", 10)
    with pytest.raises(RadiographError, match=r"opg\.dcm: 0 MB for pixels of 0\.0 MB; refused"):
        add_pixels(read_header(file), file, 100)


def test_large_values_are_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_file, "MAX_VALUE_BYTES", 4)
    header = read_header(file)
    assert "StudyInstanceUID" not in header
    assert header.Rows == 64


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("bad value 'Doe^Jane'"), "bad value '...'"),
        (ValueError("'Bits Stored' is '12'"), "'Bits Stored' is '12'"),
        (ValueError("two\n lines"), "two lines"),
        (ValueError(""), "ValueError"),
        (RecursionError("x"), "its sequences are nested too deeply"),
        (TypeError("int 'Doe^Jane'"), "its elements are malformed"),
        (AttributeError("no 'Rows'", name="Rows"), "it has no Rows"),
    ],
)
def test_reasons_quote_no_values(error: Exception, expected: str) -> None:
    assert reason(error) == expected


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), RadiographError("x")])
def test_errors_of_decoders_name_the_file(error: Exception) -> None:
    with pytest.raises(RadiographError, match=r"^a\.dcm: .*x"), decoding(Path("a.dcm")):
        raise error


def test_errors_that_name_the_file_stay_as_they_are() -> None:
    with pytest.raises(PanodentError, match=r"^about a\.dcm$"), decoding(Path("a.dcm")):
        raise PanodentError("about a.dcm")


def test_libraries_are_quiet_until_the_last_thread_leaves(recwarn: Any) -> None:
    level = logging.getLogger("pydicom").level
    with quiet():
        with quiet():
            warnings.warn("inner", stacklevel=1)
        warnings.warn("outer", stacklevel=1)
        assert logging.getLogger("pydicom").level > logging.CRITICAL
    assert logging.getLogger("pydicom").level == level
    assert len(recwarn) == 0


def test_a_picture_that_holds_bytes_of_elements_is_no_dicom(tmp_path: Path) -> None:
    element = b"\x08\0\x05\0CS\x0a\0ISO_IR 100"
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n".ljust(132, b"\0") + element * 9)
    assert not dicom_file.is_dicom(tmp_path / "a.png")
