"""The contact sheet of augmentation, on phantoms."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest

from panodent import phantom

ROOT = Path(__file__).resolve().parents[1]


def test_each_variant_is_shown_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = ROOT / "tools" / "augmentation_sheet.py"
    spec = importlib.util.spec_from_file_location("augmentation_sheet", file)
    assert spec is not None
    assert spec.loader is not None
    sheet = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sheet)
    phantom.write(tmp_path / "data", 4, size=(128, 256), ages=(7, 12))
    output = tmp_path / "sheet.png"
    sheet.main([str(tmp_path / "data"), "--output", str(output), "--only", "transplant"])
    picture = cv2.imread(str(output))
    assert picture.shape == (2 * 2 * 256, 3 * 512, 3)
    assert not np.array_equal(picture[:256], picture[256:512])
    assert "6 variants of 4 radiographs" in capsys.readouterr().out
