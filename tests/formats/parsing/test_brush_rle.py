"""Brush run lengths of Label Studio: masks come back, and no text makes more than its image."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from panodent.errors import AnnotationError
from panodent.formats.parsing.brush_rle import decode, encode
from panodent.teeth.teeth import Teeth

ONE = [0, 0, 0, 8, 57, 27, 252, 96, 17, 255, 128]
"""(1, 2): a pixel of four zeros, a pixel of four 255."""


def packed(*fields: tuple[int, int]) -> list[int]:
    """(number, bits) one after the other, as bytes."""
    text = "".join(f"{number:0{bits}b}" for number, bits in fields)
    text += "0" * (-len(text) % 8)
    return [int(text[at : at + 8], 2) for at in range(0, len(text), 8)]


def head(
    count: int, word: int = 8, widths: tuple[int, ...] = (3, 4, 8, 16)
) -> list[tuple[int, int]]:
    return [(count, 32), (word - 1, 5), *((width - 1, 4) for width in widths)]


def test_random_masks_come_back() -> None:
    rng = np.random.default_rng(5)
    for _ in range(300):
        size = tuple(rng.integers(1, 40, 2).tolist())
        mask = rng.random(size) < rng.random() ** 3
        assert np.array_equal(decode(encode(mask), size), mask)


@pytest.mark.parametrize("side", [1, 2, 3, 4, 5, 16, 17, 64, 65, 128, 129, 256, 257])
@pytest.mark.parametrize("value", [False, True])
def test_runs_at_the_ends_of_every_width(side: int, value: bool) -> None:
    mask = np.full((side, side), value)
    assert np.array_equal(decode(encode(mask), mask.shape), mask)
    mask[-1, -1] = not value
    assert np.array_equal(decode(encode(mask), mask.shape), mask)
    mask[0, 0] = not value
    assert np.array_equal(decode(encode(mask), mask.shape), mask)


def test_the_bytes_are_those_of_the_scheme() -> None:
    zeros, ones = [(1, 1), (0, 2), (3, 3), (0, 8)], [(1, 1), (0, 2), (3, 3), (255, 8)]
    assert packed(*head(8), *zeros, *ones) == ONE == encode(np.array([[False, True]]))
    long = packed(
        *head(65536 + 400),
        *[(1, 1), (3, 2), (65535, 16), (0, 8)],
        *[(1, 1), (3, 2), (399, 16), (0, 8)],
    )
    assert encode(np.zeros((1, 16484), bool)) == long


def test_values_one_after_the_other_and_other_widths() -> None:
    """As Label Studio itself writes coloured, half transparent strokes."""
    pixels = [9, 8, 7, 1, 9, 8, 7, 0, 0, 0, 0, 200]
    text = packed(
        *head(12, widths=(1, 2, 3, 5)),
        *[(0, 1), (3, 2), (6, 5), *((value, 8) for value in pixels[:7])],
        *[(1, 1), (1, 2), (3, 2), (0, 8)],
        *[(0, 1), (0, 2), (0, 1), (200, 8)],
    )
    assert decode(text, (1, 3)).tolist() == [[True, False, True]]
    assert decode([*text, 0, 0], (3, 1)).tolist() == [[True], [False], [True]]


@pytest.mark.parametrize(
    ("rle", "reason"),
    [
        ([], "0 bytes"),
        (ONE[:6], "6 bytes"),
        (ONE[:7], "ends before all of its 8 values"),
        (ONE[:8], "ends before all of its 8 values"),
        (ONE[:9], "ends before all of its 8 values"),
        (ONE[:10], "ends before all of its 8 values"),
        (packed(*head(12), (0, 8)), "12 values; an image of size .1, 2. has 8"),
        (packed(*head(2**32 - 1), (0, 8)), "4294967295 values; an image of size"),
        (packed(*head(8, word=16), (0, 8)), "16 bits; expected 8"),
        (packed(*head(8), (1, 1), (3, 2), (65535, 16), (255, 8)), "more than the 8 values"),
        (packed(*head(8), (0, 1), (3, 2), (65535, 16), (255, 8)), "more than the 8 values"),
        (packed(*head(8), (0, 1), (0, 2), (7, 3), (255, 8)), "ends before all"),
        ([*ONE[:10], 256], "from 0 to 255"),
        ([*ONE[:10], -1], "from 0 to 255"),
        ([*ONE[:10], 1.5], "from 0 to 255"),
        ([*ONE[:10], None], "from 0 to 255"),
        (None, "from 0 to 255"),
        (11, "from 0 to 255"),
        ("AAAA", "from 0 to 255"),
    ],
)
def test_what_makes_no_image_of_this_size_is_refused(rle: Any, reason: str) -> None:
    with pytest.raises(AnnotationError, match=reason):
        decode(rle, (1, 2))


def test_any_bytes_make_a_mask_or_an_annotation_error() -> None:
    rng = np.random.default_rng(6)
    for _ in range(500):
        text = encode(rng.random((5, 6)) < 0.5)
        for at in rng.integers(4, len(text), 3).tolist():
            text[at] = int(rng.integers(0, 256))
        try:
            assert decode(text, (5, 6)).shape == (5, 6)
        except AnnotationError:
            continue


def test_a_whole_radiograph_takes_no_time(drawn: tuple[Any, Teeth]) -> None:
    mask = np.kron(drawn[1].label_image() > 0, np.ones((2, 2), bool))[:, :2041]
    begin = time.thread_time()  # of the processor: a busy machine makes it no slower
    text = encode(mask)
    middle = time.thread_time()
    assert np.array_equal(decode(text, mask.shape), mask)
    # Hundredths of a second each; the bound is for slow machines.
    assert middle - begin < 0.3
    assert time.thread_time() - middle < 0.3
