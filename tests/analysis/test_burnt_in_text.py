"""Lines of text are found wherever they stand on the border; teeth and side marks are none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from panodent.analysis.burnt_in_text import text_boxes
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth


@pytest.fixture(scope="module")
def image(drawn: tuple[Radiograph, Teeth]) -> np.ndarray:
    """A phantom in 12 bits, (512, 1024)."""
    return np.round(drawn[0].pixels * 4095).astype(np.uint16)


def written(image: np.ndarray, text: str, place: tuple[int, int], value: int, size: float) -> tuple:
    """The image with a text at (column, row) of its lower left corner, and the text's pixels."""
    mask = np.zeros(image.shape, np.uint8)
    cv2.putText(mask, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, 255, 1)
    changed = image.copy()
    changed[mask > 127] = value
    return changed, mask > 127


@pytest.mark.parametrize(
    ("text", "size"), [("NAME 1970-01", 0.5), ("NAME 1970-01", 0.8), ("DOE, JOHN", 0.4)]
)
@pytest.mark.parametrize("place", [(20, 40), (600, 505), (700, 30)])
@pytest.mark.parametrize("value", [4095, 0])
def test_text_is_covered_by_a_box(
    image: np.ndarray, place: tuple[int, int], value: int, text: str, size: float
) -> None:
    image = np.clip(image, 1, 4094)
    changed, letters = written(image, text, place, value, size)
    covered = np.zeros(image.shape, bool)
    boxes = text_boxes(changed)
    for top, left, bottom, right in boxes:
        covered[top:bottom, left:right] = True
    assert covered[letters].all()
    assert covered.sum() < 6 * letters.sum()
    assert text_boxes(np.dstack([changed] * 3)) == boxes


def test_what_is_no_line_of_text_is_left_alone(image: np.ndarray) -> None:
    assert text_boxes(image) == ()
    marked, _ = written(image, "R", (20, 60), 4095, 1.0)
    assert text_boxes(marked) == ()
    inside, _ = written(image, "NAME 1970", (400, 260), 4095, 0.5)
    assert text_boxes(inside) == ()
    assert text_boxes(np.zeros((8, 8))) == ()
    assert text_boxes(np.zeros((0, 0))) == ()
