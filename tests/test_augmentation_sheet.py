"""The contact sheet of augmentation, on phantoms."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import augmentation_sheet
from panodent import phantom


def test_each_variant_is_shown_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    phantom.write(tmp_path / "data", 4, size=(128, 256), ages=(7, 12))
    output = tmp_path / "sheet.png"
    augmentation_sheet.main(
        [str(tmp_path / "data"), "--output", str(output), "--only", "transplant"]
    )
    picture = cv2.imread(str(output))
    assert picture.shape == (2 * 2 * 256, 3 * 512, 3)
    assert not np.array_equal(picture[:256], picture[256:512])
    assert "6 variants of 4 radiographs" in capsys.readouterr().out
