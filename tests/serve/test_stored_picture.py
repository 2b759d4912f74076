from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from panodent.serve.stored_picture import read_picture


def test_pixels_come_back_and_a_deleted_picture_is_missing(tmp_path: Path) -> None:
    file, pixels = tmp_path / "a.png", np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    cv2.imwrite(str(file), pixels)
    assert read_picture(file).tolist() == pixels.tolist()
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(FileNotFoundError, match=r"a\.png"):
        read_picture(file)
