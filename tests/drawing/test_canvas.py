"""Tests of `panodent.drawing.canvas`."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from panodent.drawing.canvas import (
    blended,
    dashes,
    digit_height,
    put_colours,
    put_lines,
    put_shape,
    put_text,
    text_width,
    to_jpeg_bytes,
    to_png_bytes,
)
from panodent.errors import OutputError


def test_dashes_keep_lengths_and_close_evenly() -> None:
    square = np.array([[0.0, 0], [30, 0], [30, 30], [0, 30]])
    pieces = dashes(square, 6, 4, closed=True)
    assert len(pieces) == 12
    lengths = [np.hypot(*np.diff(piece, axis=0).T).sum() for piece in pieces]
    assert lengths == pytest.approx([6] * 12)
    assert len(dashes(square, 100, 40, closed=True)) == 1


def test_text_is_cut_at_the_border_and_scales() -> None:
    canvas, larger = np.full((20, 20, 3), 90, np.uint8), np.full((60, 60, 3), 90, np.uint8)
    put_text(canvas, "36", (-5, 6), 14, (255, 255, 255), halo=2)
    put_text(larger, "36", (15, 26), 14, (255, 255, 255), halo=2)
    assert np.array_equal(canvas, larger[20:40, 20:40])
    assert canvas.max() == 255
    assert canvas.min() == 0
    for text, x in (("36", 500), (" ", 5)):
        put_text(canvas, text, (x, 10), 14, (255, 255, 255))
    assert np.array_equal(canvas, larger[20:40, 20:40])
    assert text_width("36", 28) == pytest.approx(2 * text_width("36", 14), rel=0.05)


def test_png_bytes_decode_to_the_same_picture() -> None:

    picture = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    decoded = cv2.imdecode(np.frombuffer(to_png_bytes(picture), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decoded[..., ::-1], picture)
    with pytest.raises(OutputError, match="float64"):
        to_png_bytes(np.zeros((4, 4, 3)))


def test_jpeg_bytes_decode_to_nearly_the_same_picture() -> None:
    picture = np.full((20, 30, 3), (200, 100, 50), np.uint8)
    decoded = cv2.imdecode(np.frombuffer(to_jpeg_bytes(picture), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(decoded[..., ::-1].astype(int) - picture).max() <= 3


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 4, 4), (4,)])
def test_arrays_that_are_no_pictures_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(OutputError, match="expected"):
        to_png_bytes(np.zeros(shape, np.uint8))


def test_lines_and_areas() -> None:
    canvas = np.zeros((20, 20, 3), np.uint8)
    put_lines(canvas, [np.array([[2.0, 10], [17, 10]])], (255, 0, 0), 1)
    assert canvas[10, 5, 0] > 200  # anti-aliased
    assert not canvas[14:].any()
    put_shape(canvas, np.array([[5.0, 14], [15, 14], [15, 18], [5, 18]]), (0, 255, 0))
    assert canvas[16, 10].tolist() == [0, 255, 0]


def test_colours_are_blended() -> None:
    assert blended((0, 100, 200), (255, 255, 255), 0.0) == (0, 100, 200)
    assert blended((0, 100, 200), (100, 100, 100), 0.25) == (25, 100, 175)


def test_layers_of_colour_are_mixed_one_after_another_and_rounded_once() -> None:
    region = np.full((1, 2, 3), 100, np.uint8)
    layers = [((200, 100, 0), 0.015), ((0, 0, 0), 0.5)]
    put_colours(region, [(c, np.array([[share, 1]], np.float32)) for c, share in layers])
    assert region.tolist() == [[[51, 50, 49], [0, 0, 0]]]


def test_text_is_placed_by_its_anchor() -> None:
    columns = {}
    for anchor in ("left", "middle", "right"):
        canvas = np.zeros((30, 100, 3), np.uint8)
        put_text(canvas, "888", (50, 20), 14, (255, 255, 255), anchor=anchor)
        columns[anchor] = np.flatnonzero(canvas.any(axis=(0, 2)))
        assert np.flatnonzero(canvas.any(axis=(1, 2))).max() <= 20  # digits stand on the baseline
    assert columns["left"].min() >= 50
    assert columns["right"].max() <= 50
    assert columns["middle"].mean() == pytest.approx(50, abs=1)
    assert digit_height(28) == pytest.approx(2 * digit_height(14), abs=0.5)
