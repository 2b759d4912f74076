"""Sketches of fingerprints miss no duplicate and invent none."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.datasets.duplicates import LENGTH, Sketches

ABOVE = 0.985


def unit(vector: np.ndarray) -> np.ndarray:
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def turned(vector: np.ndarray, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """A vector with this correlation to another one of unit length."""
    other = rng.standard_normal(len(vector))
    other = unit(other - (other @ vector) * vector)
    return unit(correlation * vector + np.sqrt(1 - correlation**2) * other)


def grouped(prints: dict[str, np.ndarray]) -> tuple[list[tuple[str, ...]], list[str]]:
    """The groups, and the keys whose fingerprints were asked for again."""
    sketches, asked = Sketches(ABOVE), []

    def again(key: str) -> np.ndarray:
        asked.append(key)
        return prints[key]

    for key, print_ in prints.items():
        sketches.add(key, print_)
    return sketches.groups(again), asked


@pytest.mark.parametrize("correlation", [0.9851, 0.99, 1.0])
@pytest.mark.parametrize("length", [LENGTH - 1, 2048])
def test_duplicates_are_found(correlation: float, length: int) -> None:
    rng = np.random.default_rng(1)
    firsts = [unit(rng.standard_normal(length)) for _ in range(300)]  # more than one block
    prints = {f"a{n}": first for n, first in enumerate(firsts)}
    prints |= {f"b{n}": turned(first, correlation, rng) for n, first in enumerate(firsts[:7])}
    groups, asked = grouped(prints)
    assert groups == [(f"a{n}", f"b{n}") for n in range(7)]
    assert len(asked) < 100


def test_what_is_only_alike_is_no_duplicate() -> None:
    rng = np.random.default_rng(2)
    first = unit(rng.standard_normal(2048))
    groups, _ = grouped({"a": first, "b": turned(first, 0.9849, rng), "c": turned(first, 0.5, rng)})
    assert groups == []


def test_a_folder_of_equal_radiographs_is_compared_once_each() -> None:
    first = unit(np.random.default_rng(3).standard_normal(2048))
    groups, asked = grouped({f"a{n}": first for n in range(600)})
    assert [len(group) for group in groups] == [600]
    assert len(asked) <= 600


def test_nothing_and_one_are_no_group() -> None:
    assert grouped({}) == ([], [])
    assert grouped({"a": np.eye(3)[0]}) == ([], [])
