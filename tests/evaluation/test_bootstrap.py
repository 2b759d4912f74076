"""Tests of `panodent.evaluation.bootstrap`, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.evaluation.bootstrap import (
    Estimate,
    estimate,
    percentile_interval,
    resampled_ratios,
    resamples,
)


def test_resamples_draw_every_case_with_replacement() -> None:
    drawn = resamples(4, 200, seed=1)
    assert drawn.shape == (200, 4)
    assert set(drawn.ravel().tolist()) == {0, 1, 2, 3}
    assert any(len(set(row)) < 4 for row in drawn.tolist())
    assert np.array_equal(drawn, resamples(4, 200, seed=1))
    assert not np.array_equal(drawn, resamples(4, 200, seed=2))


def test_no_samples() -> None:
    assert resamples(4, 0, seed=1).shape == (0, 4)


def test_ratios_of_sums() -> None:
    numerators = np.array([[1.0, 0.0], [3.0, 0.0]])
    denominators = np.array([[2.0, 0.0], [4.0, 1.0]])
    drawn = np.array([[0, 0], [0, 1], [1, 1]])
    ratios = resampled_ratios(numerators, denominators, drawn)
    # (1 + 1) / (2 + 2), (1 + 3) / (2 + 4), (3 + 3) / (4 + 4); the first case has no second term.
    assert ratios[:, 0] == pytest.approx([0.5, 2 / 3, 0.75])
    assert np.isnan(ratios[0, 1])
    assert ratios[1:, 1].tolist() == [0, 0]


def test_more_resamples_than_one_block() -> None:
    values = np.array([[0.0], [1.0]])
    drawn = resamples(2, 250, seed=0)
    expected = values[drawn, 0].mean(axis=1)
    assert resampled_ratios(values, np.ones((2, 1)), drawn)[:, 0] == pytest.approx(expected)


def test_percentiles() -> None:
    assert percentile_interval(np.arange(41)) == pytest.approx((1.0, 39.0))
    assert percentile_interval([np.nan, 7.0]) == (7.0, 7.0)


@pytest.mark.parametrize("resampled", [[], [np.nan, np.nan]])
def test_an_estimate_without_resampled_values_says_why(resampled: list[float]) -> None:
    assert percentile_interval(resampled) is None
    expected = Estimate(0.5, None, None, 3, "too few cases for an interval")
    assert estimate(0.5, resampled, 3) == expected


def test_an_estimate_with_its_interval() -> None:
    assert estimate(0.5, [0.25, 0.25], 3) == Estimate(0.5, 0.25, 0.25, 3)
