"""Run lengths: by hand, against the COCO API, and there and back."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.errors import AnnotationError
from panodent.teeth.run_lengths import from_counts, from_rle, to_counts, to_rle, to_rles


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


# Column by column, zeros first; the text is COCO's: five bits and a continuation bit, plus 48.
RUNS = [
    (drawn(".#", "##"), [1, 3], "13"),
    (drawn("#.", ".."), [0, 1, 3], "013"),
    (drawn("..", ".."), [4], "4"),
    (drawn("##", "##"), [0, 4], "04"),
    (drawn(".#.", ".#.", "..#"), [3, 2, 3, 1], "323O"),  # 1 - 2 = -1 -> 31 + 48 = 'O'
    (drawn("." * 40 + "#"), [40, 1], "X11"),  # 40 = 8 + 1 * 32 -> (8 + 32 + 48, 1 + 48)
    (drawn("." * 16 + "#"), [16, 1], "`01"),  # bit 5 is the sign: 16 needs a second group
    (drawn("#" * 1000), [0, 1000], "0Xo0"),  # 1000 = 8 + 31 * 32, and a group for the sign
]


@pytest.mark.parametrize(("mask", "counts", "text"), RUNS)
def test_run_lengths_by_hand(mask, counts, text):
    assert to_counts(mask) == counts
    assert to_rle(mask) == text
    assert np.array_equal(from_counts(counts, mask.shape), mask)
    assert np.array_equal(from_rle(text, mask.shape), mask)
    assert np.array_equal(from_rle(text.encode(), mask.shape), mask)


def test_run_lengths_are_those_of_the_coco_api():
    coco = pytest.importorskip("faster_coco_eval.core.mask", reason="the reference encoder")
    for mask in random_masks():
        theirs = coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
        theirs = theirs.decode() if isinstance(theirs, bytes) else theirs
        assert to_rle(mask) == theirs
        assert np.array_equal(from_rle(theirs, mask.shape), mask)


def test_run_lengths_of_a_crop_are_those_of_the_whole():
    rng = np.random.default_rng(1)
    for mask in random_masks():
        size = (mask.shape[0] + rng.integers(0, 9), mask.shape[1] + rng.integers(0, 9))
        top = int(rng.integers(0, size[0] - mask.shape[0] + 1))
        left = int(rng.integers(0, size[1] - mask.shape[1] + 1))
        box = (top, left, top + mask.shape[0], left + mask.shape[1])
        whole = np.zeros(size, bool)
        whole[top : box[2], left : box[3]] = mask
        assert to_rle(mask, box, size) == to_rle(whole)


def test_texts_of_many_masks_are_those_of_each() -> None:
    masks = random_masks()
    size = (40, 40)  # at the lower right, where runs of a column and of an image end, and elsewhere
    boxes = [(40 - mask.shape[0], 40 - mask.shape[1], 40, 40) for mask in masks]
    boxes[::2] = [(3, 5, 3 + mask.shape[0], 5 + mask.shape[1]) for mask in masks[::2]]
    pairs = zip(masks, boxes, strict=True)
    assert to_rles(masks, boxes, size) == [to_rle(mask, box, size) for mask, box in pairs]
    assert to_rles([], [], size) == []


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([1, 2], "add up to 3; the image of size .2, 2. has 4"),
        ([], "add up to 0"),
        ([5], "add up to 5"),
        ([6, -2], "negative"),
        ([2**62] * 4 + [4], "add up to"),  # would wrap to 4 in 64 bits
        ([2**70], "add up to"),
        ([1.5, 2.5], "whole numbers"),
        (["a", "b"], "whole numbers"),
        ([None], "whole numbers"),
        (None, "whole numbers"),
        ([float("nan")], "whole numbers"),
        ([[1], [3]], "whole numbers"),
    ],
)
def test_runs_that_do_not_fit_are_refused(counts, message):
    with pytest.raises(AnnotationError, match=message):
        from_counts(counts, (2, 2))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("13 ", "characters"),
        ("1é", "characters"),
        ("1\udc80", "characters"),
        ("1X", "in the middle"),
        ("X" * 30, "characters"),
        ("1", "add up to 1"),
        ("14", "add up to 5"),
        ("", "add up to 0"),
        ("5O", "negative"),
    ],
)
def test_damaged_run_length_text_is_refused(text, message):
    with pytest.raises(AnnotationError, match=message):
        from_rle(text, (2, 2))


def test_any_text_gives_a_mask_or_an_annotation_error():
    rng = np.random.default_rng(2)
    masks = 0
    for _ in range(500):
        text = bytes(rng.integers(40, 120, rng.integers(0, 12)).astype(np.uint8))
        try:
            masks += from_rle(text, (4, 4)).shape == (4, 4)
        except AnnotationError:
            continue
    assert masks < 500
