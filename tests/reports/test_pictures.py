"""Tests of `panodent.reports.pictures`."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from panodent.errors import OutputError, RadiographError
from panodent.reports.pictures import CasePicture, write_picture


def grey() -> np.ndarray:
    return np.full((20, 30, 3), 128, np.uint8)


def test_a_picture_is_written_and_described(tmp_path: Path) -> None:
    picture = write_picture(grey, tmp_path, "a/1.jpg", "caption", "description")
    assert picture == CasePicture("caption", "description", "a/1.jpg", 30, 20)
    assert cv2.imread(str(tmp_path / "a/1.jpg")).shape == (20, 30, 3)


def test_a_case_that_cannot_be_read_has_a_reason_and_no_file(tmp_path: Path) -> None:
    def damaged():
        raise RadiographError("x.png: damaged")

    picture = write_picture(damaged, tmp_path, "1.jpg", "caption", "description")
    assert picture == CasePicture("caption", "description", problem="x.png: damaged")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_picture(grey, tmp_path / "file", "1.jpg", "", "")
