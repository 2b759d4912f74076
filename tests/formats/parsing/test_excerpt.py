"""Values in error messages: short, printable, and never an error of their own."""

from __future__ import annotations

from typing import Any

import pytest

from panodent.formats.parsing.excerpt import excerpt


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ("36", "'36'"),
        (36, "36"),
        ([1, 2, 3, 4, 5, 6, 7], "[1, 2, 3, 4, 5, 6, ...]"),
        ({"a": [1, [2, [3, [4]]]]}, "{'a': [1, [2, [...]]]}"),
        ("\ud800\n", r"'\ud800\n'"),
    ],
)
def test_values_by_hand(value: Any, text: str) -> None:
    assert excerpt(value) == text


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, list(range(10**5)), [["x" * 99] * 99] * 99, nested(10**5), itself(), 10**5000],
    ids=["text", "list", "lists", "deep", "itself", "digits"],
)
def test_huge_values_make_a_short_line(value: Any) -> None:
    text = excerpt(value)
    assert len(text) < 6 * 6 * 70
    assert "\n" not in text
    text.encode()
