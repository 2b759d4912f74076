"""Teeth drawn on their radiograph: filled, outlined and numbered.

A colour belongs to a tooth number (`panodent.dentition`) and is the same on every picture. Colour
is never the only sign: every tooth has its number, doubtful teeth a dashed outline and "?", each
kind of finding a pattern.
"""

from __future__ import annotations

import numpy as np

from panodent.dentition import NUMBERINGS, TEETH, Numbering, from_fdi
from panodent.drawing.canvas import (
    Colour,
    RGBImage,
    blended,
    digit_height,
    plain,
    put_lines,
    put_text,
    text_width,
    to_png_bytes,
)
from panodent.drawing.display import check_same_size, font_size, windowed_rgb
from panodent.drawing.finding_patterns import draw_findings
from panodent.drawing.label_layout import Label, place_labels
from panodent.drawing.legend import legend_strip
from panodent.drawing.outlines import draw_outline
from panodent.errors import ConfigError, UnknownNameError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.version import DISCLAIMER

__all__ = ["DISCLAIMER", "overlay", "to_png_bytes"]

UNNUMBERED_COLOUR: Colour = (190, 190, 190)

_DARK: Colour = (10, 12, 16)
_WHITE: Colour = (255, 255, 255)
_DOUBTFUL_OPACITY = 0.45  # share of the usual opacity


def overlay(
    radiograph: Radiograph,
    teeth: Teeth,
    *,
    opacity: float = 0.35,
    numbers: bool = True,
    legend: bool = True,
    numbering: Numbering = "fdi",
    findings: Findings | None = None,
) -> RGBImage:
    """The radiograph with its teeth coloured, outlined and numbered.

    Returns uint8 RGB (height, width, 3). With `legend` a strip is added below the radiograph, whose
    own pixels keep their places. `opacity` of the filling is 0 (outlines only) to 1 (opaque);
    `numbers` writes each tooth's number in the system `numbering` ('fdi', 'universal', 'palmer').
    `findings` are drawn over the teeth, each kind with its own pattern.

    Raises `TeethError` if the sizes differ, `ConfigError` for an opacity outside 0 to 1,
    `UnknownNameError` for an unknown numbering.

    >>> radiograph = Radiograph(np.zeros((40, 80), np.float32))
    >>> overlay(radiograph, Teeth.empty((40, 80)), legend=False).shape
    (40, 80, 3)
    """
    check_same_size(radiograph, teeth)
    if findings is not None:
        check_same_size(radiograph, findings.marks)
    if not 0 <= opacity <= 1:
        raise ConfigError(f"opacity is {opacity}; expected 0 (outlines only) to 1 (opaque)")
    if numbering not in NUMBERINGS:
        raise UnknownNameError("numbering", numbering, NUMBERINGS)
    size = font_size(teeth.size)
    if legend:
        strip = legend_strip(teeth, numbering, teeth.size[1], max(size * 0.85, 11.0), findings)
    else:
        strip = np.empty((0, teeth.size[1], 3), np.uint8)
    picture = np.empty((teeth.size[0] + len(strip), teeth.size[1], 3), np.uint8)
    picture[teeth.size[0] :] = strip
    canvas = windowed_rgb(radiograph, picture[: teeth.size[0]])
    for index in np.argsort(-teeth.areas, kind="stable").tolist():
        _fill(canvas, teeth, index, opacity)
    for index in range(len(teeth)):
        colour = blended(_colour(int(teeth.fdi[index])), _WHITE, 0.15)
        draw_outline(canvas, teeth, index, colour, size)
    if findings is not None:
        draw_findings(canvas, findings, size)
    if numbers:
        _write_numbers(canvas, teeth, [_text(teeth, i, numbering) for i in range(len(teeth))], size)
    return picture


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
    tint = plain((bottom - top, right - left), _colour(int(teeth.fdi[index])))
    tinted = cv2.addWeighted(region, 1 - opacity, tint, opacity, 0.0)
    cv2.copyTo(tinted, teeth.masks[index].view(np.uint8), region)


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
