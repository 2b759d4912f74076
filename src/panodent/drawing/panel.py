"""Panels that compare prediction and ground truth."""

from __future__ import annotations

from collections import Counter

import numpy as np

from panodent.drawing.canvas import (
    RGBImage,
    put_text,
    text_width,
)
from panodent.drawing.legend import QUIET, STRIP, TEXT
from panodent.drawing.overlay import check_drawable, displayed, font_size, overlay, shrunk
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.utils.wording import counted


def panel(
    radiograph: Radiograph, prediction: Teeth, truth: Teeth | None = None, *, width: int = 640
) -> RGBImage:
    """Radiograph, prediction and, where there is one, truth side by side, with captions.

    Each tile is at most `width` pixels wide; returns uint8 RGB. Raises as `overlay`.
    """
    height, full = radiograph.size
    scale = min(width / full, 1.0)
    size = (max(round(height * scale), 1), max(round(full * scale), 1))
    tiles = [(displayed(shrunk(radiograph, size)), "Radiograph", "")]
    for teeth, name in ((prediction, "Prediction"), (truth, "Truth")):
        if teeth is None:
            continue
        check_drawable(radiograph, teeth, 0.35, "fdi")
        drawn = overlay(shrunk(radiograph, size), teeth.resized(size), legend=False)
        note = _difference(prediction, truth) if teeth is prediction and truth is not None else ""
        tiles.append((drawn, f"{name}: {counted(len(teeth), 'tooth', 'teeth')}", note))
    return _side_by_side(tiles, max(font_size(size), 12.0))


def _difference(prediction: Teeth, truth: Teeth) -> str:
    """Which numbers of the truth the prediction lacks, and which it has too many."""
    found, wanted = Counter(prediction.fdi.tolist()), Counter(truth.fdi.tolist())
    parts = [
        f"{name} {' '.join(str(fdi or '?') for fdi in sorted(numbers.elements()))}"
        for name, numbers in (("missed", wanted - found), ("extra", found - wanted))
        if numbers
    ]
    return " · ".join(parts) or "the same numbers"


def _side_by_side(tiles: list[tuple[RGBImage, str, str]], size: float) -> RGBImage:
    """Pictures of one size in a row, each with a caption and a quieter note above it."""
    height, width = tiles[0][0].shape[:2]
    gap, head = round(size * 0.5), round(size * 3.2)
    canvas = np.empty((head + height + gap, gap + len(tiles) * (width + gap), 3), np.uint8)
    canvas[:] = STRIP
    for number, (picture, caption, note) in enumerate(tiles):
        left = gap + number * (width + gap)
        canvas[head : head + height, left : left + width] = picture
        column = canvas[:head, left : left + width]
        put_text(column, caption, (0, size * 1.35), size, TEXT, bold=True)
        while text_width(note, size * 0.9) > width and " " in note:
            note = note.removesuffix(" ...").rpartition(" ")[0] + " ..."
        put_text(column, note, (0, size * 2.65), size * 0.9, QUIET)
    return canvas
