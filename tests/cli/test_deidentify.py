"""`panodent deidentify`."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

pydicom = pytest.importorskip("pydicom", reason="needs the dicom extra")
pytest.importorskip("dicomanonymizer", reason="needs the dicom extra")

from panodent import phantom  # noqa: E402


@pytest.fixture
def study(tmp_path: Path) -> Path:
    phantom.write(tmp_path / "study", 2, size=(128, 256), dicom=True)
    return tmp_path / "study" / "images"


def test_copies_are_named_by_their_new_uids(panodent, study: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    found = panodent("deidentify", study, "-o", tmp_path / "out", "--key", key)
    assert found.code == 0, found.err
    assert found.out == (
        f"2 radiographs de-identified, text masked in 0, 0 failed; copies in {tmp_path / 'out'}\n"
    )
    files = sorted((tmp_path / "out").iterdir())
    assert [f"{pydicom.dcmread(file).SOPInstanceUID}.dcm" for file in files] == [
        file.name for file in files
    ]
    assert key.stat().st_mode & 0o077 == 0
    panodent("deidentify", study, "-o", tmp_path / "again", "--key", key)
    assert sorted(f.name for f in (tmp_path / "again").iterdir()) == [f.name for f in files]


def test_copies_are_no_radiographs_of_another_call(panodent, study: Path, tmp_path: Path) -> None:
    for out, message in ((study, "copies would be among the originals"), (tmp_path, "originals")):
        refused = panodent("deidentify", study, "-o", out)
        assert (refused.code, message in refused.err) == (2, True)
    refused = panodent("deidentify", study, "-o", tmp_path / "out", "--key", tmp_path / "out/key")
    assert (refused.code, "would be given away with the copies" in refused.err) == (2, True)
    for _ in range(2):
        found = panodent("deidentify", study, "-o", study / "out", "--key", tmp_path / "key")
        assert found.out.startswith("2 radiographs de-identified")
    assert len(list((study / "out").iterdir())) == 2


def test_warnings_of_pydicom_are_not_shown(
    panodent, study: Path, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    file = min(study.glob("*.dcm"))
    dataset = pydicom.dcmread(file)
    dataset.SpecificCharacterSet = "JANE DOE"
    dataset.save_as(file)
    recwarn.clear()
    warnings.simplefilter("always")
    found = panodent("deidentify", file, "-o", tmp_path / "out")
    assert (found.code, found.err) == (0, "")
    assert [str(warning.message) for warning in recwarn] == []


def test_two_files_of_one_uid(panodent, study: Path, tmp_path: Path) -> None:
    first = min(study.glob("*.dcm"))
    (study / "a.dcm").write_bytes(first.read_bytes())
    found = panodent("deidentify", study, "-o", tmp_path / "out")
    assert found.out.startswith("2 radiographs de-identified")
    assert f"left out: {first}: the same radiograph as {study / 'a.dcm'}" in found.err
    other = pydicom.dcmread(first)
    other.PixelSpacing = [1, 1]
    other.save_as(study / "a.dcm")
    found = panodent("deidentify", study, "-o", tmp_path / "out2")
    assert found.code == 1
    assert found.out.startswith("2 radiographs de-identified, text masked in 0, 1 failed")
    assert "and another content; give one of them a UID of its own" in found.err


def test_what_cannot_be_copied_is_told(panodent, study: Path, tmp_path: Path) -> None:
    (study / "scan.png").write_bytes(b"x")
    found = panodent("deidentify", study, tmp_path / "none", "-o", tmp_path / "out")
    assert found.code == 1
    assert "scan.png: is not a DICOM file" in found.err
    assert "no such file or folder" in found.err
    assert found.out.startswith("2 radiographs de-identified, text masked in 0, 2 failed")
    (tmp_path / "short").write_text("abc")
    short = panodent("deidentify", study, "-o", tmp_path / "o", "--key", tmp_path / "short")
    assert (short.code, "too short for a key" in short.err) == (2, True)
