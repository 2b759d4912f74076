"""Medians, quartiles and ratios by turns."""

from __future__ import annotations

import pytest

from panodent.benchmark.timing import Spread, StageTimer, paired_ratio


def test_a_spread_is_the_median_and_the_quartiles() -> None:
    assert Spread.of([5.0, 1.0, 2.0, 4.0, 3.0]) == Spread(3.0, 2.0, 4.0, 5)


def test_a_timer_collects_by_stage_in_order_of_appearance() -> None:
    timer = StageTimer()
    assert timer.time("read", lambda: "done") == "done"
    timer.add("decode", 3.0)
    timer.add("decode", 5.0)
    spreads = timer.spreads()
    assert list(spreads) == ["read", "decode"]
    assert spreads["decode"].median == 4.0
    assert spreads["read"].median >= 0
    assert timer.latest()["decode"] == 5.0


def test_a_ratio_compares_what_happened_in_one_turn() -> None:
    # The second turn was slow for both; the ratio of medians would be 25 / 15.
    assert paired_ratio([20.0, 200.0, 30.0], [10.0, 100.0, 15.0]).median == pytest.approx(2.0)


def test_a_ratio_needs_both_values_of_every_turn() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratio([20.0, 200.0], [10.0])
