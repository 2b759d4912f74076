"""Cropped masks by hand: bounding boxes, trimming, clipping at the image and joining."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from panodent.teeth.masks import bounding_box, clipped, joined, regions, trimmed


def drawn(*rows: str) -> np.ndarray:
    """A mask from text: '#' is true."""
    return np.array([[char == "#" for char in row] for row in rows], bool)


@pytest.mark.parametrize(
    ("mask", "box"),
    [
        (drawn("....", "...."), None),
        (np.zeros((0, 4), bool), None),
        (np.zeros((4, 0), bool), None),
        (drawn("#"), (0, 0, 1, 1)),
        (drawn("....", ".##.", "...#"), (1, 1, 3, 4)),
        (drawn("#..#"), (0, 0, 1, 4)),
        (drawn("...", "..#"), (1, 2, 2, 3)),
        (drawn(".#.", "#..", ".##"), (0, 0, 3, 3)),
    ],
)
def test_bounding_box_is_half_open(mask, box):
    assert bounding_box(mask) == box


@pytest.mark.parametrize(
    ("mask", "corner", "piece", "at"),
    [
        (drawn("....", ".##.", "...#"), (0, 0), drawn("##.", "..#"), (1, 1)),
        (drawn("....", ".##.", "...#"), (5, -3), drawn("##.", "..#"), (6, -2)),
        (drawn("#"), (2, 3), drawn("#"), (2, 3)),
        (drawn("...."), (2, 3), np.zeros((0, 0), bool), (0, 0)),
        (np.zeros((0, 4), bool), (2, 3), np.zeros((0, 0), bool), (0, 0)),
    ],
)
def test_trimming_cuts_to_the_bounding_box(mask, corner, piece, at):
    found, place = trimmed(mask, corner)
    assert np.array_equal(found, piece)
    assert place == at


def test_a_trimmed_mask_does_not_keep_the_whole_in_memory():
    whole = drawn("....", ".##.")
    assert trimmed(whole)[0].base is None


L_SHAPE = drawn("#..", "#..", "###")


@pytest.mark.parametrize(
    ("corner", "piece", "at"),
    [
        ((0, 0), L_SHAPE, (0, 0)),
        ((2, 4), L_SHAPE, (2, 4)),
        ((-1, 4), drawn("#..", "###"), (0, 4)),
        ((2, -2), drawn(".", ".", "#"), (2, 0)),
        ((4, 4), drawn("#.."), (4, 4)),
        ((2, 6), drawn("#", "#", "#"), (2, 6)),
        ((-1, -1), drawn("..", "##"), (0, 0)),
    ],
)
def test_clipping_keeps_what_lies_in_an_image_of_5_by_7(corner, piece, at):
    found, place = clipped(L_SHAPE, corner, (5, 7))
    assert np.array_equal(found, piece)
    assert place == at


@pytest.mark.parametrize("corner", [(-3, 0), (5, 0), (0, 7), (0, -3), (-99, 99)])
def test_a_mask_outside_the_image_has_no_pixels(corner):
    assert clipped(L_SHAPE, corner, (5, 7))[0].size == 0


def test_joining_is_the_union():
    pieces = [(drawn("##", "##"), (1, 1)), (drawn("##"), (2, 2)), (drawn("#"), (4, 0))]
    mask, corner = joined(pieces, (6, 6))
    assert corner == (1, 0)
    assert np.array_equal(mask, drawn(".##.", ".###", "....", "#..."))


def test_one_piece_is_returned_as_it_is():
    piece = (L_SHAPE, (1, 1))
    assert joined([piece], (9, 9)) is piece


def test_empty_pieces_add_nothing():
    nothing = (np.zeros((0, 0), bool), (0, 0))
    mask, corner = joined([nothing, (L_SHAPE, (1, 2)), nothing], (9, 9))
    assert np.array_equal(mask, L_SHAPE)
    assert corner == (1, 2)
    assert joined([nothing, nothing], (9, 9))[0].size == 0


def test_regions_are_those_that_labelling_finds() -> None:
    rng = np.random.default_rng(5)
    for density in (0.0, 0.1, 0.4, 0.6, 1.0):
        mask = rng.random((20, 31)) < density
        count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        expected = {(labels == label).tobytes() for label in range(1, count)}
        found = regions(mask)
        whole = [np.zeros(mask.shape, bool) for _ in found]
        for image, (piece, (top, left)) in zip(whole, found, strict=True):
            image[top : top + piece.shape[0], left : left + piece.shape[1]] = piece
        assert len(found) == count - 1
        assert {image.tobytes() for image in whole} == expected


def test_a_region_inside_the_hole_of_another_is_a_region_of_its_own() -> None:
    mask = drawn("#####", "#...#", "#.#.#", "#...#", "#####", ".....", "##...")
    found = regions(mask)
    assert [corner for _, corner in found] == [(0, 0), (2, 2), (6, 0)]
    assert [int(piece.sum()) for piece, _ in found] == [16, 1, 2]
    wide = regions(mask, lambda height, width: width > height)
    assert [corner for _, corner in wide] == [(6, 0)]
    assert [corner for _, corner in regions(mask, holed=True)] == [(0, 0)]
