"""Teeth drawn on their radiograph: filled, outlined and numbered.

A colour belongs to a tooth number (`panodent.dentition`) and is the same on every picture. Colour
is never the only sign: every tooth has its number, doubtful teeth a dashed outline and "?".
"""

from __future__ import annotations

import numpy as np

from panodent.dentition import NUMBERINGS, TEETH, Numbering, from_fdi
from panodent.drawing.canvas import (
    Colour,
    Points,
    RGBImage,
    blended,
    dashes,
    digit_height,
    put_lines,
    put_text,
    text_width,
    to_png_bytes,
)
from panodent.drawing.display import check_same_size, font_size, windowed_rgb
from panodent.drawing.label_layout import Label, place_labels
from panodent.drawing.legend import legend_strip
from panodent.errors import ConfigError, UnknownNameError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.version import DISCLAIMER

__all__ = ["DISCLAIMER", "overlay", "to_png_bytes"]

UNNUMBERED_COLOUR: Colour = (190, 190, 190)

_DARK: Colour = (10, 12, 16)
_WHITE: Colour = (255, 255, 255)
_GREYS = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
_DOUBTFUL_OPACITY = 0.45  # share of the usual opacity


def overlay(
    radiograph: Radiograph,
    teeth: Teeth,
    *,
    opacity: float = 0.35,
    numbers: bool = True,
    legend: bool = True,
    numbering: Numbering = "fdi",
) -> RGBImage:
    """The radiograph with its teeth coloured, outlined and numbered.

    Returns uint8 RGB (height, width, 3). With `legend` a strip is added below the radiograph, whose
    own pixels keep their places. `opacity` of the filling is 0 (outlines only) to 1 (opaque);
    `numbers` writes each tooth's number in the system `numbering` ('fdi', 'universal', 'palmer').

    Raises `TeethError` if the sizes differ, `ConfigError` for an opacity outside 0 to 1,
    `UnknownNameError` for an unknown numbering.

    >>> radiograph = Radiograph(np.zeros((40, 80), np.float32))
    >>> overlay(radiograph, Teeth.empty((40, 80)), legend=False).shape
    (40, 80, 3)
    """
    check_same_size(radiograph, teeth)
    if not 0 <= opacity <= 1:
        raise ConfigError(f"opacity is {opacity}; expected 0 (outlines only) to 1 (opaque)")
    if numbering not in NUMBERINGS:
        raise UnknownNameError("numbering", numbering, NUMBERINGS)
    canvas = windowed_rgb(radiograph)
    size = font_size(teeth.size)
    for index in np.argsort(-teeth.areas, kind="stable").tolist():
        _fill(canvas, teeth, index, opacity)
    for index in range(len(teeth)):
        _outline(canvas, teeth, index, size)
    if numbers:
        _write_numbers(canvas, teeth, [_text(teeth, i, numbering) for i in range(len(teeth))], size)
    if not legend:
        return canvas
    return np.concatenate(
        [canvas, legend_strip(teeth, numbering, teeth.size[1], max(size * 0.85, 11.0))]
    )


def _text(teeth: Teeth, index: int, numbering: Numbering) -> str:
    """What is written on a tooth: its number, "?" added when doubtful, "?" without a number."""
    fdi = int(teeth.fdi[index])
    if fdi == UNNUMBERED:
        return "?"
    return from_fdi(fdi, numbering) + ("?" if "doubtful" in teeth.flags[index] else "")


def _colour(fdi: int) -> Colour:
    return UNNUMBERED_COLOUR if fdi == UNNUMBERED else TEETH[fdi].colour


# --- drawing ------------------------------------------------------------------------------------


def _fill(canvas: RGBImage, teeth: Teeth, index: int, opacity: float) -> None:
    """Tints a tooth in `canvas`; a doubtful one less, so that its dashed outline is visible."""
    import cv2

    if "doubtful" in teeth.flags[index]:
        opacity *= _DOUBTFUL_OPACITY
    top, left, bottom, right = teeth.boxes[index].tolist()
    region = canvas[top:bottom, left:right]
    # The blend of each of 256 grey values with the colour: pixels look it up.
    table = np.empty((1, 256, 3), np.uint8)
    table[:] = _colour(int(teeth.fdi[index]))
    table = cv2.addWeighted(_GREYS, 1 - opacity, table, opacity, 0.0)
    cv2.copyTo(cv2.LUT(region, table), teeth.masks[index].view(np.uint8), region)


def _outline(canvas: RGBImage, teeth: Teeth, index: int, size: float) -> None:
    """Draws a tooth's outline into `canvas`, dashed when doubtful; `size` is that of the font."""
    width = max(round(size / 14), 1)
    rings = _outline_rings(teeth, index, max(round(size / 14), 2))
    colour = blended(_colour(int(teeth.fdi[index])), _WHITE, 0.15)
    if "doubtful" in teeth.flags[index]:
        pieces = [p for ring in rings for p in dashes(ring, size * 0.5, size * 0.4, closed=True)]
        put_lines(canvas, pieces, colour, width)
    else:
        put_lines(canvas, rings, colour, width, closed=True)


def _outline_rings(teeth: Teeth, index: int, reach: int) -> list[Points]:
    """Closed lines (k, 2) of points (x, y) along the outermost pixels of a tooth and of its holes.

    They are smoothed: each point is averaged with `reach` points on either side.
    """
    import cv2

    top, left = teeth.boxes[index, :2].tolist()
    found, _ = cv2.findContours(
        teeth.masks[index].view(np.uint8),
        cv2.RETR_CCOMP,
        cv2.CHAIN_APPROX_NONE,
        offset=(left, top),
    )
    return [_thinned(_smooth(ring.reshape(-1, 2).astype(np.float64), reach)) for ring in found]


def _thinned(ring: Points) -> Points:
    """The same line within a quarter of a pixel, with fewer points, which draws faster."""
    import cv2

    if len(ring) < 8:
        return ring
    return cv2.approxPolyDP(ring.astype(np.float32)[:, None], 0.25, True)[:, 0].astype(np.float64)


def _smooth(ring: Points, reach: int) -> Points:
    """A closed line of pixels (k, 2) smoothed by triangular weights over 2 `reach` + 1 points."""
    if len(ring) < 4 * reach:
        return ring
    weights = np.bartlett(2 * reach + 3)[1:-1]
    weights /= weights.sum()
    around = np.concatenate([ring[-reach:], ring, ring[:reach]])
    return np.stack([np.convolve(around[:, axis], weights, "valid") for axis in (0, 1)], axis=1)


def _write_numbers(canvas: RGBImage, teeth: Teeth, texts: list[str], size: float) -> None:
    """Writes a text for each tooth into `canvas`; a text not on its tooth has a line to it.

    `size` is the font size in pixels.
    """
    halo = max(size / 10, 1.2)
    tall = digit_height(size) + 2 * halo
    sizes = [(tall, text_width(text, size, bold=True) + 2 * halo) for text in texts]
    labels = place_labels(teeth, sizes)
    for label in labels:
        _leader_line(canvas, label, _colour(int(teeth.fdi[label.index])), size)
    for label in labels:
        _, left, bottom, right = label.box
        put_text(
            canvas,
            texts[label.index],
            ((left + right) / 2, bottom - halo),
            size,
            _WHITE,
            anchor="middle",
            bold=True,
            halo=halo,
            halo_colour=_DARK,
        )


def _leader_line(canvas: RGBImage, label: Label, colour: Colour, size: float) -> None:
    """Draws the line from a number to its tooth; nothing for a number that is on its tooth."""
    if label.anchor is None:
        return
    top, left, bottom, right = label.box
    end = ((left + right) / 2, bottom if label.anchor[1] > bottom else top)
    line = np.array([label.anchor, end], np.float64)
    width = max(round(size / 18), 1)
    put_lines(canvas, [line], _DARK, width + 2)
    put_lines(canvas, [line], blended(colour, _WHITE, 0.4), width)
