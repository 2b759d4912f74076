"""Tests of `panodent.evaluation.calibration_error`, worked out by hand."""

from __future__ import annotations

import pytest

from panodent.evaluation.calibration_error import expected_calibration_error


@pytest.mark.parametrize(
    ("scores", "correct", "expected"),
    [
        ([1.0], [True], 0.0),
        ([1.0, 1.0], [False, False], 1.0),
        ([0.55, 0.55], [True, False], 0.05),  # share 0.5 in the bin of 0.55
        ([0.15, 0.85], [False, True], 0.15),  # two bins, each 0.15 off
        ([0.3, 0.31, 0.32, 0.9], [0, 0, 1, 1], (abs(0.93 - 1) + 0.1) / 4),
    ],
)
def test_by_hand(scores, correct, expected) -> None:
    assert expected_calibration_error(scores, correct) == pytest.approx(expected)


def test_no_predictions() -> None:
    assert expected_calibration_error([], []) is None
