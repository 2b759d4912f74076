from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from panodent.serve.turning import TURNS, name_after, turned, turned_picture

IMAGE = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
EXPECTED = {
    "half": [[6, 5, 4], [3, 2, 1]],
    "left": [[3, 6], [2, 5], [1, 4]],
    "right": [[4, 1], [5, 2], [6, 3]],
    "mirror": [[3, 2, 1], [6, 5, 4]],
}


@pytest.mark.parametrize("turn", EXPECTED)
def test_turns(tmp_path: Path, turn: str) -> None:
    assert turned(IMAGE, turn).tolist() == EXPECTED[turn]
    cv2.imwrite(str(tmp_path / "a.png"), IMAGE)
    made = np.frombuffer(turned_picture(tmp_path / "a.png", turn), np.uint8)
    assert cv2.imdecode(made, cv2.IMREAD_UNCHANGED).tolist() == EXPECTED[turn]


def test_names() -> None:
    assert len({name_after("a.b.png", turn) for turn in TURNS}) == len(TURNS)
