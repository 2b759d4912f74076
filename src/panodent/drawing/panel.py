"""Radiograph, prediction and ground truth side by side in one picture."""

from __future__ import annotations

from collections import Counter

import numpy as np

from panodent.drawing.canvas import RGBImage, put_text, text_width
from panodent.drawing.display import check_same_size, font_size, scaled_down, windowed_rgb
from panodent.drawing.legend import BACKGROUND, QUIET_TEXT, TEXT
from panodent.drawing.overlay import overlay
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.utils.wording import counted


def panel(
    radiograph: Radiograph,
    prediction: Teeth,
    truth: Teeth | None = None,
    *,
    width: int = 640,
    truth_name: str = "Ground truth",
) -> RGBImage:
    """Radiograph, prediction and, where there is one, ground truth side by side, with captions.

    `truth_name` is the caption of the ground truth, which may be an annotation under review.

    Returns uint8 RGB (height, width, 3); each of the two or three tiles is at most `width` pixels
    wide. Raises `TeethError` when radiograph and teeth are of different sizes.

    >>> nothing = Teeth.empty((40, 80))
    >>> panel(Radiograph(np.zeros((40, 80), np.float32)), nothing, nothing).shape[2]
    3
    """
    small = scaled_down(radiograph, width)
    tiles = [(windowed_rgb(small), "Radiograph", "")]
    for teeth, name in ((prediction, "Prediction"), (truth, truth_name)):
        if teeth is None:
            continue
        check_same_size(radiograph, teeth)
        drawn = overlay(small, teeth.resized(small.size), legend=False)
        note = _difference(prediction, truth) if teeth is prediction and truth is not None else ""
        tiles.append((drawn, f"{name}: {counted(len(teeth), 'tooth', 'teeth')}", note))
    return _side_by_side(tiles, max(font_size(small.size), 12.0))


def _difference(prediction: Teeth, truth: Teeth) -> str:
    """Numbers that the prediction lacks, and numbers that it has but the ground truth lacks.

    >>> square = np.ones((2, 2), bool)
    >>> first, second = (Teeth.from_masks((9, 9), [(n, square, (0, 0))]) for n in (36, 37))
    >>> _difference(first, second)
    'missed 37 · extra 36'
    """
    found, wanted = Counter(prediction.fdi.tolist()), Counter(truth.fdi.tolist())
    parts = [
        f"{name} {' '.join(str(fdi or '?') for fdi in sorted(numbers.elements()))}"
        for name, numbers in (("missed", wanted - found), ("extra", found - wanted))
        if numbers
    ]
    return " · ".join(parts) or "the same numbers"


def _side_by_side(tiles: list[tuple[RGBImage, str, str]], size: float) -> RGBImage:
    """Tiles (picture, caption, note) of one size in a row, caption and note above the picture.

    `size` is the font size in pixels. A note that is too long ends in "...".
    """
    height, width = tiles[0][0].shape[:2]
    gap, head = round(size * 0.5), round(size * 3.2)
    canvas = np.empty((head + height + gap, gap + len(tiles) * (width + gap), 3), np.uint8)
    canvas[:] = BACKGROUND
    for number, (picture, caption, note) in enumerate(tiles):
        left = gap + number * (width + gap)
        canvas[head : head + height, left : left + width] = picture
        column = canvas[:head, left : left + width]
        put_text(column, caption, (0, size * 1.35), size, TEXT, bold=True)
        while text_width(note, size * 0.9) > width and " " in note:
            note = note.removesuffix(" ...").rpartition(" ")[0] + " ..."
        put_text(column, note, (0, size * 2.65), size * 0.9, QUIET_TEXT)
    return canvas
