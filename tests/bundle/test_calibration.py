"""Scores that mean what they say."""

import numpy as np
import pytest

from panodent.bundle.calibration import Calibration, fit
from panodent.errors import BundleError
from panodent.evaluation.calibration_error import expected_calibration_error


def sample(count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and whether right: overconfident, since the truth is the score's square."""
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.3, 1, count)
    return scores, rng.random(count) < scores**2


def test_fitting_lowers_the_error() -> None:
    scores, right = sample()
    found = fit(scores[::2], right[::2])
    before = expected_calibration_error(scores[1::2], right[1::2])
    after = expected_calibration_error([found(score) for score in scores[1::2]], right[1::2])
    assert before == pytest.approx(0.17, abs=0.03)
    assert after < 0.03


def test_order_is_kept_and_the_range_too() -> None:
    bent = [Calibration(1.7, -0.7)(score) for score in np.linspace(0, 1, 50)]
    assert np.all(np.diff(bent) >= 0)
    assert bent[0] >= 0
    assert bent[-1] <= 1
    assert Calibration()(0.123) == 0.123


@pytest.mark.parametrize(
    ("scores", "right"),
    [([], []), ([0.9] * 20, [1] * 20), ([0.9] * 200, [1] * 200)],
)
def test_too_little_changes_nothing(scores: list[float], right: list[int]) -> None:
    assert fit(scores, right) == Calibration()


def test_scores_that_say_the_opposite_change_nothing() -> None:
    scores, right = sample()
    assert fit(scores, ~right) == Calibration()


def test_the_error_of_honest_scores_is_small() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(20_000)
    assert expected_calibration_error(scores, rng.random(20_000) < scores) < 0.02
    assert expected_calibration_error([1.0, 1.0], [0, 0]) == 1
    assert expected_calibration_error([], []) is None


@pytest.mark.parametrize("values", [(0.0, 0.0), (-1.0, 0.0), (np.nan, 0.0), (1.0, np.inf)])
def test_nonsense_is_refused(values: tuple[float, float]) -> None:
    with pytest.raises(BundleError, match="calibration"):
        Calibration(*values)
