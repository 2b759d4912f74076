"""Tests of `panodent.evaluation.figures`: scopes, and values over resamples."""

from __future__ import annotations

import numpy as np

from panodent.evaluation.case_scores import score_pair
from panodent.evaluation.figures import estimates, figures_by_scope
from panodent.evaluation.metrics import METRICS
from panodent.teeth.teeth import Teeth

SIZE = (20, 100)


def teeth(*places: tuple[int, int]) -> Teeth:
    square = np.ones((10, 10), bool)
    return Teeth.from_masks(SIZE, [(fdi, square, (5, left)) for fdi, left in places])


def test_scopes_and_resamples() -> None:
    # 36 and 55 found in one radiograph, missed in the other.
    truth = teeth((36, 0), (55, 30))
    cases = [score_pair(truth, truth), score_pair(truth, teeth((55, 60)))]
    scopes = figures_by_scope(cases, np.array([[0, 0], [1, 1], [0, 1]]))
    assert set(scopes) >= {"all", "permanent", "deciduous", "molar", "deciduous molar", "36", "55"}
    assert list(scopes["all"]) == list(METRICS)
    for scope in ("all", "permanent", "deciduous", "36"):
        assert scopes[scope]["dice"].value == 0.5
        assert scopes[scope]["dice"].resampled.tolist() == [1.0, 0.0, 0.5]
    assert scopes["deciduous"]["ap"].resampled[:2].tolist() == [1.0, 0.0]
    assert "ap" not in scopes["molar"]
    # No permanent tooth is predicted in the second radiograph.
    error = scopes["permanent"]["calibration_error"]
    assert (error.value, error.count) == (0.0, 1)
    assert np.isnan(error.resampled).tolist() == [False, True, False]
    assert estimates(scopes["all"])["dice"].count == 4


def test_nothing_to_count() -> None:
    scopes = figures_by_scope([], np.empty((0, 0), int))
    assert list(scopes) == ["all"]
    assert scopes["all"]["ap"].reason == "no tooth in the truth to count"
    assert estimates(scopes["all"])["calibration_error"].reason == "no predicted tooth to count"
