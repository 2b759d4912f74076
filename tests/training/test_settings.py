"""Documented settings of a small dataclass."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from panodent.errors import ConfigError
from panodent.training.settings import Setting, check_ranges, setting, settings_table


@dataclass
class Example:
    count: int = setting(3, "How many.", (1, 5), "items")
    share: float = setting(0.5, "Which part.", (0, float("inf")))
    name: str = setting("x", "What it is called.")


def test_rows_are_as_the_fields_say() -> None:
    assert list(settings_table(Example, "a.")) == [
        Setting("a.count", "int", 3, (1, 5), "How many.", "items"),
        Setting("a.share", "float", 0.5, (0, float("inf")), "Which part."),
        Setting("a.name", "str", "x", None, "What it is called."),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 0}, "thing count is 0; expected at least 1 and at most 5 .items."),
        ({"count": 2.0}, "thing count is 2.0; expected a whole number"),
        ({"count": True}, "expected a number"),
        ({"share": float("nan")}, "thing share is nan; expected at least 0$"),
        ({"share": None}, "expected a number"),
    ],
)
def test_values_outside_the_range_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_ranges(Example(**changes), "thing")


def test_values_at_the_ends_are_allowed() -> None:
    check_ranges(Example(count=1))
    check_ranges(Example(count=5, share=0))
