"""`panodent phantom`."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.datasets.dataset import find


def test_phantoms_are_drawn_by_seed(panodent, tmp_path: Path) -> None:
    found = panodent("phantom", "-o", tmp_path, "--count", 2, "--seed", 7, "--size", "128x256")
    assert found.code == 0
    assert found.out == f"2 phantoms with ground truth in {tmp_path}\n"
    cases = list(find(tmp_path).cases)
    assert [case.key for case in cases] == ["phantom-00007", "phantom-00008"]
    assert cases[0].radiograph().size == (128, 256)


def test_phantoms_may_be_dicom_files(panodent, tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    assert panodent("phantom", "-o", tmp_path, "--size", "128x256", "--dicom").code == 0
    assert (tmp_path / "images" / "phantom-00000.dcm").read_bytes()[128:132] == b"DICM"


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 2, "Missing option '--output'"),
        (("-o", "{tmp}/p", "--count", "0"), 2, "--count"),
        (("-o", "{tmp}/p", "--size", "128"), 2, "HEIGHTxWIDTH"),
        (("-o", "{tmp}/p", "--seed", "-1"), 2, "seed is -1"),
        (("-o", "{tmp}/file/p", "--size", "128x256"), 1, "{tmp}/file"),
    ],
)
def test_faults(panodent, tmp_path: Path, options: tuple, code: int, message: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    found = panodent("phantom", *(part.replace("{tmp}", str(tmp_path)) for part in options))
    assert (found.code, found.out) == (code, "")
    assert message.replace("{tmp}", str(tmp_path)) in found.err
