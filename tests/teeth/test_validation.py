"""Arrays of a `Teeth` record: which are taken, and what is said of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from panodent.errors import TeethError
from panodent.teeth.validation import FLAGS, check, whole


@pytest.mark.parametrize(
    ("values", "shape", "expected"),
    [
        ([36, 37], (-1,), [36, 37]),
        (np.array([36], np.uint8), (-1,), [36]),
        ([], (-1,), []),
        ([[0, 0, 1, 1]], (-1, 4), [[0, 0, 1, 1]]),
        ([-32768, 32767], (-1,), [-32768, 32767]),
    ],
)
def test_whole_numbers_are_taken(values: Any, shape: tuple[int, ...], expected: list[Any]) -> None:
    found = whole("fdi", values, np.int16, shape)
    assert found.dtype == np.int16
    assert found.tolist() == expected


def test_no_boxes_have_four_columns_all_the_same() -> None:
    assert whole("boxes", [], np.int32, (-1, 4)).shape == (0, 4)


@pytest.mark.parametrize(
    ("values", "shape", "reason"),
    [
        ([36.0], (-1,), r"fdi \[36\.0\] are not all whole numbers that fit int16"),
        ([True], (-1,), "not all whole numbers"),
        (["36"], (-1,), "not all whole numbers"),
        ([32768], (-1,), "that fit int16"),
        ([-32769], (-1,), "that fit int16"),
        ([[36]], (-1,), r"fdi has shape \(1, 1\); expected \(n\)"),
        ([1, 2, 3, 4], (-1, 4), r"fdi has shape \(4,\); expected \(n, 4\)"),
        ([[1, 2, 3]], (-1, 4), r"fdi has shape \(1, 3\); expected \(n, 4\)"),
        ([[1, 2], [3]], (-1, 4), "fdi has rows of different lengths"),
    ],
)
def test_other_values_are_refused(values: Any, shape: tuple[int, ...], reason: str) -> None:
    with pytest.raises(TeethError, match=reason):
        whole("fdi", values, np.int16, shape)


def arrays(**changes: Any) -> dict[str, Any]:
    """The arrays of two teeth in an image of 8 x 10 pixels."""
    return {
        "size": (8, 10),
        "fdi": np.array([36, 0], np.int16),
        "boxes": np.array([[0, 0, 2, 3], [6, 8, 8, 10]], np.int32),
        "masks": (np.ones((2, 3), bool), np.ones((2, 2), bool)),
        "scores": np.array([1, 0], np.float32),
        "flags": (frozenset(FLAGS), frozenset()),
        "alternatives": np.array([37, 0], np.int16),
        **changes,
    }


def test_sound_arrays_pass() -> None:
    check(**arrays())
    nothing = np.empty(0)
    check((1, 1), nothing, np.empty((0, 4)), (), nothing, (), nothing)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size": (0, 10)}, r"size is \(0, 10\); expected \(height, width\) of at least 1 x 1"),
        ({"fdi": np.array([36])}, "fdi has 1 entries for 2 masks"),
        ({"flags": (frozenset(),)}, "flags has 1 entries for 2 masks"),
        ({"fdi": np.array([36, 19])}, r"19 is not an FDI number \(0 means unnumbered\)"),
        ({"alternatives": np.array([37])}, "alternatives has 1 entries for 2 masks"),
        ({"alternatives": np.array([19, 0])}, r"19 is not an FDI number"),
        ({"boxes": np.array([[0, 0, 2, 3], [6, 8, 9, 10]])}, "outside the image of height 8"),
        ({"boxes": np.array([[0, 0, 0, 3], [6, 8, 8, 10]])}, "is empty or outside"),
        ({"boxes": np.array([[0, 0, 3, 3], [6, 8, 8, 10]])}, "does not fill its box"),
        ({"masks": (np.zeros((2, 3), bool), np.ones((2, 2), bool))}, "is empty; leave such a"),
        ({"scores": np.array([1, 1.5])}, "scores .* are not all from 0 to 1"),
        ({"scores": np.array([1, np.nan])}, "scores .* are not all from 0 to 1"),
        ({"flags": (frozenset({"sure"}), frozenset())}, r"unknown flags \['sure'\]; known: "),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(TeethError, match=reason):
        check(**arrays(**changes))
