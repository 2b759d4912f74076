"""Finds text that was burnt into the pixels near the border of a radiograph, such as a name.

A device writes text with one grey value, the darkest or the brightest, with sharp edges. A line of
text is several pieces of that value, about equally high, side by side; by their widths they must be
four letters, since letters of a small font touch. The single letters R and L, which mark the sides,
are not a line. Text over teeth, handwriting, and text with soft edges
are not found: a person must look.

>>> image = np.zeros((200, 400), np.uint8)
>>> for column in range(20, 60, 10):
...     image[10:20, column : column + 5] = 255
>>> text_boxes(image)
((8, 18, 22, 57),)
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

BORDER = 0.15
"""Share of height and width, at each side, in which text is looked for."""
LEAST = 4
"""Letters that make a line, in at least two pieces."""
WIDTHS = (0.9, 8)
"""Width of a letter, and of the widest piece, as shares of the piece's height."""
HEIGHTS = (5, 0.06)
"""Lowest piece in pixels, and highest as a share of the image's height."""
_MOST_EXTREME = 0.2
"""Where more of the border has the value, it is background."""


def text_boxes(image: npt.NDArray) -> tuple[tuple[int, int, int, int], ...]:
    """Boxes of lines of text: (top, left, bottom, right) in pixels, half open, with a margin.

    image : (height, width) of any integer or float type, or (height, width, channels) with equal
        values where there is text.
    """
    grey = image if image.ndim == 2 else image.max(axis=2)
    border = _border(grey.shape)
    if grey.size == 0 or grey.min() == grey.max():
        return ()
    found: list[tuple[int, int, int, int]] = []
    for value in (grey.max(), grey.min()):
        text = (grey == value) & border
        if 0 < np.count_nonzero(text) <= _MOST_EXTREME * np.count_nonzero(border):
            found += _lines(text)
    return tuple(_widened(box, grey.shape) for box in sorted(found))


def _border(size: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    height, width = size[:2]
    rows, columns = max(1, round(BORDER * height)), max(1, round(BORDER * width))
    border = np.ones((height, width), bool)
    border[rows : height - rows, columns : width - columns] = False
    return border


def _lines(text: npt.NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Boxes of lines of pieces, without a margin."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(text.astype(np.uint8), connectivity=8)
    highest = HEIGHTS[1] * text.shape[0]
    pieces = []
    for left, top, width, height, _ in stats[1:count].tolist():
        if HEIGHTS[0] <= height <= highest and width <= WIDTHS[1] * height:
            pieces.append((left, top, left + width, top + height))
    lines: list[list[tuple[int, int, int, int]]] = []
    for piece in sorted(pieces):
        line = next((item for item in lines if _follows(item[-1], piece)), None)
        if line is None:
            lines.append([piece])
        else:
            line.append(piece)
    boxes = []
    for line in lines:
        if len(line) >= 2 and sum(map(_letters, line)) >= LEAST:
            lefts, tops, rights, bottoms = zip(*line, strict=True)
            boxes.append((min(tops), min(lefts), max(bottoms), max(rights)))
    return boxes


def _letters(piece: tuple[int, int, int, int]) -> int:
    """How many letters a piece may be, by its shape; at least one."""
    left, top, right, bottom = piece
    return max(1, round((right - left) / (WIDTHS[0] * (bottom - top))))


def _follows(last: tuple[int, int, int, int], piece: tuple[int, int, int, int]) -> bool:
    """Whether a piece is the next one in a line: near, about as high, at about the same level."""
    height = max(last[3] - last[1], piece[3] - piece[1])
    near = piece[0] - last[2] <= 2.5 * height
    level = min(last[3], piece[3]) - max(last[1], piece[1])
    return near and level >= 0.4 * height


def _widened(box: tuple[int, int, int, int], size: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The box with a margin of a fifth of its height, inside the image."""
    top, left, bottom, right = box
    margin = max(2, (bottom - top) // 5)
    return (
        max(0, top - margin),
        max(0, left - margin),
        min(size[0], bottom + margin),
        min(size[1], right + margin),
    )
