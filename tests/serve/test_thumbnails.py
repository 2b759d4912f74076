from __future__ import annotations

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest

from panodent.serve import thumbnails
from panodent.serve.thumbnails import WIDTH, Thumbnails, thumbnail


def picture(folder: Path, width: int) -> Path:
    file = folder / f"{width}.png"
    cv2.imwrite(str(file), np.full((width // 2, width), 90, np.uint8))
    return file


def test_large_radiographs_become_small_and_small_ones_stay(tmp_path: Path) -> None:
    for width, expected in ((1000, WIDTH), (100, 100)):
        data = np.frombuffer(thumbnail(picture(tmp_path, width)), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        assert image.shape == (expected // 2, expected)
        assert abs(int(image.mean()) - 90) < 3


def test_the_latest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "KEPT", 2)
    file = picture(tmp_path, 100)

    async def asked() -> None:
        made = Thumbnails()
        for study in "abc":
            assert await made.get(study, file)
        assert await made.get("c", tmp_path / "gone.png")  # kept
        with pytest.raises(FileNotFoundError):
            await made.get("a", tmp_path / "gone.png")  # not any more

    asyncio.run(asked())
