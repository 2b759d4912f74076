"""`Teeth` drawn on their radiograph: the picture to show, and the panel to compare.

Colours belong to tooth numbers (`panodent.dentition`) and never change from picture to picture.
Nothing is told by colour alone: every tooth bears its number, doubtful ones a dashed line and "?".
"""

from __future__ import annotations

import math

import numpy as np

from panodent.dentition import NUMBERINGS, TEETH, Numbering, from_fdi
from panodent.drawing.canvas import (
    Colour,
    Points,
    RGBImage,
    dashes,
    digit_height,
    mixed,
    put_lines,
    put_text,
    text_width,
    to_png_bytes,
)
from panodent.drawing.label_layout import Label, place_labels
from panodent.drawing.legend import legend_strip
from panodent.errors import ConfigError, TeethError, UnknownNameError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.version import DISCLAIMER

__all__ = ["DISCLAIMER", "overlay", "to_png_bytes"]

UNNUMBERED_COLOUR: Colour = (190, 190, 190)

_WINDOW = (0.5, 99.7)  # percentiles shown as black and white
_DARK: Colour = (10, 12, 16)
_WHITE: Colour = (255, 255, 255)
_RAMP = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)


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

    Returns uint8 RGB (height, width, 3); with `legend` a strip is added below, the radiograph's
    own pixels keep their places. `opacity` of the filling lies in 0 to 1.

    Raises `TeethError` if the sizes differ, `ConfigError` for another opacity, `UnknownNameError`
    for an unknown numbering.
    """
    check_drawable(radiograph, teeth, opacity, numbering)
    canvas = displayed(radiograph)
    size = font_size(teeth.size)
    for index in np.argsort(-teeth.areas, kind="stable").tolist():
        _fill(canvas, teeth, index, opacity)
    for index in range(len(teeth)):
        _outline(canvas, teeth, index, size)
    if numbers:
        _write_numbers(canvas, teeth, [_mark(teeth, i, numbering) for i in range(len(teeth))], size)
    if not legend:
        return canvas
    return np.concatenate(
        [canvas, legend_strip(teeth, numbering, teeth.size[1], max(size * 0.85, 11.0))]
    )


# --- checking and preparing ---------------------------------------------------------------------


def check_drawable(radiograph: Radiograph, teeth: Teeth, opacity: float, numbering: str) -> None:
    if radiograph.size != teeth.size:
        raise TeethError(
            f"teeth of an image of (height, width) {teeth.size} cannot be drawn on a radiograph "
            f"of {radiograph.size}; resize them with Teeth.resized"
        )
    if not 0 <= opacity <= 1:
        raise ConfigError(f"opacity is {opacity}; expected 0 (outlines alone) to 1 (opaque)")
    if numbering not in NUMBERINGS:
        raise UnknownNameError("numbering", numbering, NUMBERINGS)


def displayed(radiograph: Radiograph) -> RGBImage:
    """Pixels as RGB, the percentiles of `_WINDOW` stretched to black and white."""
    import cv2

    pixels = radiograph.pixels
    step = max(min(pixels.shape) // 256, 1)
    low, high = np.percentile(pixels[::step, ::step], _WINDOW)
    gain = 255.0 / max(float(high - low), 1e-3)
    nothing = np.empty(0)
    # addWeighted multiplies, adds, rounds and saturates in one pass.
    grey = cv2.addWeighted(pixels, gain, pixels, 0.0, -float(low) * gain, nothing, cv2.CV_8U)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)


def shrunk(radiograph: Radiograph, size: tuple[int, int]) -> Radiograph:
    import cv2

    if size == radiograph.size:
        return radiograph
    pixels = cv2.resize(radiograph.pixels, size[::-1], interpolation=cv2.INTER_AREA)
    return Radiograph(pixels, radiograph.source)


def font_size(size: tuple[int, int]) -> float:
    """Letters grow with the image, so that they read alike on every display of the whole."""
    return max(round(math.sqrt(size[0] * size[1]) / 50), 11)


def _mark(teeth: Teeth, index: int, numbering: Numbering) -> str:
    fdi = int(teeth.fdi[index])
    if fdi == UNNUMBERED:
        return "?"
    return from_fdi(fdi, numbering) + ("?" if "doubtful" in teeth.flags[index] else "")


def _colour(fdi: int) -> Colour:
    return UNNUMBERED_COLOUR if fdi == UNNUMBERED else TEETH[fdi].colour


# --- drawing ------------------------------------------------------------------------------------


def _fill(canvas: RGBImage, teeth: Teeth, index: int, opacity: float) -> None:
    """Tints a tooth; a doubtful one more weakly, so that its dashes stand out."""
    import cv2

    if "doubtful" in teeth.flags[index]:
        opacity *= 0.45
    top, left, bottom, right = teeth.boxes[index].tolist()
    region = canvas[top:bottom, left:right]
    # What becomes of each of 256 values, a colour each: looked up, not computed for each pixel.
    table = np.empty((1, 256, 3), np.uint8)
    table[:] = _colour(int(teeth.fdi[index]))
    table = cv2.addWeighted(_RAMP, 1 - opacity, table, opacity, 0.0)
    cv2.copyTo(cv2.LUT(region, table), teeth.masks[index].view(np.uint8), region)


def _outline(canvas: RGBImage, teeth: Teeth, index: int, size: float) -> None:
    width = max(round(size / 14), 1)
    rings = _rings(teeth, index, max(round(size / 14), 2))
    colour = mixed(_colour(int(teeth.fdi[index])), _WHITE, 0.15)
    if "doubtful" in teeth.flags[index]:
        pieces = [p for ring in rings for p in dashes(ring, size * 0.5, size * 0.4, closed=True)]
        put_lines(canvas, pieces, colour, width)
    else:
        put_lines(canvas, rings, colour, width, closed=True)


def _rings(teeth: Teeth, index: int, reach: int) -> list[Points]:
    """Smooth closed lines (x, y) along the outermost pixels of a tooth, around its holes too.

    Each point is averaged with `reach` pixels of the line on either side.
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
    """Fewer points on the same line, to a quarter pixel: drawing takes its time by the point."""
    import cv2

    if len(ring) < 8:
        return ring
    return cv2.approxPolyDP(ring.astype(np.float32)[:, None], 0.25, True)[:, 0].astype(np.float64)


def _smooth(ring: Points, reach: int) -> Points:
    """Takes the stairs off a closed line of pixels."""
    if len(ring) < 4 * reach:
        return ring
    weights = np.bartlett(2 * reach + 3)[1:-1]
    weights /= weights.sum()
    around = np.concatenate([ring[-reach:], ring, ring[:reach]])
    return np.stack([np.convolve(around[:, axis], weights, "valid") for axis in (0, 1)], axis=1)


def _write_numbers(canvas: RGBImage, teeth: Teeth, marks: list[str], size: float) -> None:
    halo = max(size / 10, 1.2)
    tall = digit_height(size) + 2 * halo
    sizes = [(tall, text_width(mark, size, bold=True) + 2 * halo) for mark in marks]
    labels = place_labels(teeth, sizes)
    for label in labels:
        _leader(canvas, label, _colour(int(teeth.fdi[label.index])), size)
    for label in labels:
        _, left, bottom, right = label.box
        put_text(
            canvas,
            marks[label.index],
            ((left + right) / 2, bottom - halo),
            size,
            _WHITE,
            anchor="middle",
            bold=True,
            halo=halo,
            halo_colour=_DARK,
        )


def _leader(canvas: RGBImage, label: Label, colour: Colour, size: float) -> None:
    if label.root is None:
        return
    top, left, bottom, right = label.box
    end = ((left + right) / 2, bottom if label.root[1] > bottom else top)
    line = np.array([label.root, end], np.float64)
    width = max(round(size / 18), 1)
    put_lines(canvas, [line], _DARK, width + 2)
    put_lines(canvas, [line], mixed(colour, _WHITE, 0.4), width)


# --- panel --------------------------------------------------------------------------------------
