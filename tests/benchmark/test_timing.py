"""Medians, middle halves and ratios by turns."""

from __future__ import annotations

import pytest

from panodent.benchmark.timing import Clock, Spread, ratio


def test_a_spread_is_the_median_and_the_middle_half() -> None:
    assert Spread.of([5.0, 1.0, 2.0, 4.0, 3.0]) == Spread(3.0, 2.0, 4.0, 5)


def test_a_clock_gathers_by_stage_in_order_of_appearance() -> None:
    clock = Clock()
    assert clock.time("read", lambda: "done") == "done"
    clock.add("decode", 3.0)
    clock.add("decode", 5.0)
    spreads = clock.spreads()
    assert list(spreads) == ["read", "decode"]
    assert spreads["decode"].median == 4.0
    assert spreads["read"].median >= 0


def test_a_ratio_compares_what_happened_in_one_turn() -> None:
    # The second turn was slow for both; the ratio of medians would be 25 / 15.
    assert ratio([20.0, 200.0, 30.0], [10.0, 100.0, 15.0]).median == pytest.approx(2.0)
