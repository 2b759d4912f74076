"""Outlines: along the edges of pixels by hand, and filled back exactly."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from panodent.errors import AnnotationError
from panodent.teeth.outlines import (
    _simple_rings,
    _trace,
    fill,
    to_parts,
    to_parts_of_many,
)


def drawn(*rows: str) -> np.ndarray:
    """A mask from text: '#' is true."""
    return np.array([[char == "#" for char in row] for row in rows], bool)


def random_masks(count: int = 60, seed: int = 0) -> list[np.ndarray]:
    """Masks of all densities and awkward sizes, empty and full ones among them."""
    rng = np.random.default_rng(seed)
    masks = []
    for index in range(count):
        size = tuple(rng.integers(1, 24, 2))
        masks.append(rng.random(size) < (index % 7) / 6)
    return masks


def test_the_outline_of_a_pixel_runs_along_its_edges():
    ((ring,),) = to_parts(drawn("...", "..#"))
    assert {tuple(point) for point in ring.tolist()} == {(2, 1), (3, 1), (3, 2), (2, 2)}
    assert len(ring) == 4


def test_simple_regions_have_the_same_ring_in_the_fast_and_in_the_general_way():
    rng = np.random.default_rng(1)
    masks = []
    for index in range(400):
        noise = cv2.GaussianBlur(
            rng.standard_normal(rng.integers(1, 30, 2)), (0, 0), 0.5 + index % 4
        )
        masks.append((noise > np.quantile(noise, rng.uniform(0.1, 0.9))).astype(np.uint8))
    found = list(zip(masks, _simple_rings(masks), strict=True))  # all at once
    fast = [(mask, ring) for mask, ring in found if ring is not None]
    for mask, ring in fast:
        (traced,) = _trace(mask)
        assert ring.tolist() == traced.tolist()
        assert _simple_rings([mask])[0].tolist() == traced.tolist()
    assert len(fast) > 100


@pytest.mark.parametrize(
    "mask",
    [
        drawn("..."),
        drawn("#"),
        drawn("#.#"),
        drawn("#.", ".#"),
        drawn("###", "#.#", "###"),
        drawn("###", "#.#", "##."),
    ],
)
def test_other_regions_are_left_to_the_general_way(mask):
    assert _simple_rings([mask.view(np.uint8)]) == [None]


def test_straight_lines_have_corners_only_at_their_ends():
    ((ring,),) = to_parts(drawn("####", "####"))
    assert {tuple(point) for point in ring.tolist()} == {(0, 0), (4, 0), (4, 2), (0, 2)}
    assert len(ring) == 4


def test_a_hole_follows_its_outer_ring():
    ((outer, hole),) = to_parts(drawn("####", "#..#", "####"))
    assert {tuple(point) for point in outer.tolist()} == {(0, 0), (4, 0), (4, 3), (0, 3)}
    assert {tuple(point) for point in hole.tolist()} == {(1, 1), (3, 1), (3, 2), (1, 2)}


@pytest.mark.parametrize(
    ("mask", "rings"),
    [
        (drawn("..."), []),
        (drawn("#.#"), [1, 1]),
        (drawn("#.", ".#"), [1, 1]),  # touching at a corner is not touching
        (drawn("#####", "#.#.#", "#####"), [3]),
        (drawn("#####", "#...#", "#.#.#", "#...#", "#####"), [2, 1]),  # an island in a hole
        (drawn("###", "#.#", "##."), [1]),  # a bay that opens at a corner
        (drawn("####", "##.#", "#.##", "####"), [2]),  # holes touching at a corner
    ],
)
def test_parts_and_their_rings(mask, rings):
    parts = to_parts(mask)
    assert [len(part) for part in parts] == rings
    assert np.array_equal(fill(parts, mask.shape), mask)


def test_outlines_fill_back_exactly():
    for mask in random_masks(80, seed=3):
        assert np.array_equal(fill(to_parts(mask), mask.shape), mask)


def test_an_offset_moves_outlines_as_row_and_column():
    mask = drawn("##.", "#.#")
    placed = np.zeros((9, 9), bool)
    placed[4:6, 5:8] = mask
    assert np.array_equal(fill(to_parts(mask, offset=(4, 5)), (9, 9)), placed)


def test_outlines_of_many_masks_are_those_of_each():
    masks = random_masks()
    offsets = [(index, 2 * index) for index in range(len(masks))]
    found = to_parts_of_many(masks, offsets)
    for mask, offset, parts in zip(masks, offsets, found, strict=True):
        assert [[ring.tolist() for ring in part] for part in parts] == [
            [ring.tolist() for ring in part] for part in to_parts(mask, offset=offset)
        ]
    assert to_parts_of_many([], []) == []


def disc(radius: int, hole: int = 0) -> np.ndarray:
    rows, cols = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    distance = np.hypot(rows, cols)
    return (distance <= radius) & (distance >= hole)


@pytest.mark.parametrize("tolerance", [0.5, 1.0, 2.0])
def test_a_tolerance_saves_points_and_costs_about_that_much(tolerance):
    mask = disc(30, hole=10)
    exact, simple = to_parts(mask), to_parts(mask, tolerance)
    assert [len(part) for part in simple] == [2]
    assert sum(map(len, simple[0])) < 0.75 * sum(map(len, exact[0]))
    wrong = fill(simple, mask.shape) != mask
    distance = np.hypot(*np.mgrid[-30:31, -30:31])
    off = np.minimum(abs(distance[wrong] - 30), abs(distance[wrong] - 10))
    assert off.max(initial=0) <= tolerance + 1.5


@pytest.mark.parametrize("mask", [drawn("#"), drawn("##", "##"), drawn("#######")])
def test_what_is_smaller_than_the_tolerance_does_not_vanish(mask):
    assert np.array_equal(fill(to_parts(mask, tolerance=5), mask.shape), mask)


@pytest.mark.parametrize(
    ("rings", "expected"),
    [
        # The centres of the pixels decide.
        ([[(0, 0), (2, 0), (2, 1), (0, 1)]], drawn("##..", "....", "....")),
        ([[(0.4, 0.4), (1.6, 0.4), (1.6, 0.6), (0.4, 0.6)]], drawn("##..", "....", "....")),
        ([[(0.6, 0), (1.4, 0), (1.4, 3), (0.6, 3)]], drawn("....", "....", "....")),
        # Beyond the image it is cut off.
        ([[(-5, -5), (2, -5), (2, 99), (-5, 99)]], drawn("##..", "##..", "##..")),
        ([[(9, 0), (12, 0), (12, 3)]], drawn("....", "....", "....")),
        # Either direction, closed or not.
        ([[(1, 0), (1, 2), (3, 2), (3, 0), (1, 0)]], drawn(".##.", ".##.", "....")),
        # A triangle: the diagonal belongs to the side that a centre lies on.
        ([[(0, 0), (3, 0), (0, 3)]], drawn("##..", "#...", "....")),
        # An outer ring and its hole; a hole in a hole is filled.
        (
            [[(0, 0), (4, 0), (4, 3), (0, 3)], [(1, 1), (3, 1), (3, 2), (1, 2)]],
            drawn("####", "#..#", "####"),
        ),
    ],
)
def test_filling_by_hand(rings, expected):
    assert np.array_equal(fill([rings], expected.shape), expected)


def test_overlapping_parts_are_joined_not_cut_out():
    square = [(0, 0), (2, 0), (2, 2), (0, 2)]
    assert np.array_equal(fill([[square], [square]], (2, 2)), np.ones((2, 2), bool))
    assert not fill([[square, square]], (2, 2)).any()


def test_nothing_fills_nothing():
    assert not fill([], (3, 4)).any()


@pytest.mark.parametrize(
    ("ring", "message"),
    [
        ([(0, 0), (1, 1)], r"shape \(2, 2\).*three finite points"),
        ([0, 0, 1, 1, 2, 2], r"shape \(6,\)"),
        ([(0, 0, 0)] * 3, r"shape \(3, 3\)"),
        ([], r"shape \(0,\)"),
        ([(0, 0), (1,), (2, 2)], "not a list of numbers"),
        ([("a", "b")] * 3, "not a list of numbers"),
        ([(0, 0), (10**400, 1), (2, 2)], "not a list of numbers"),
        (None, "shape"),
        ([(0, 0), (1, float("nan")), (2, 2)], "reaches nan"),
        ([(0, 0), (1, float("inf")), (2, 2)], "reaches inf"),
        ([(0, 0), (1e300, 1), (2, -1e300)], "reaches 1e"),
    ],
)
def test_what_is_no_outline_is_refused(ring, message):
    with pytest.raises(AnnotationError, match=message):
        fill([[ring]], (4, 4))
