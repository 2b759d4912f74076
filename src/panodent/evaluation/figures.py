"""The metrics of many radiographs, by scope, with their values over resamples of radiographs.

A scope is 'all', 'permanent', 'deciduous', a tooth type or an FDI number. All metrics but average
precision and calibration error are ratios of two sums over radiographs, so that a resample of the
radiographs is a weighted sum.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.dentition import DECIDUOUS, PERMANENT, TEETH
from panodent.evaluation.average_precision import class_precision
from panodent.evaluation.bootstrap import Estimate, estimate, resampled_ratios
from panodent.evaluation.calibration_error import expected_calibration_error
from panodent.evaluation.case_scores import CaseScores
from panodent.evaluation.metrics import METRICS, case_terms
from panodent.utils.arrays import Float64Array

AP_SAMPLES = 200
"""At most this many resamples for AP and calibration error, which cost more than the others."""

KINDS: Mapping[str, tuple[int, ...]] = {"permanent": PERMANENT, "deciduous": DECIDUOUS}
"""The two kinds of teeth with their FDI numbers."""


@dataclass(frozen=True)
class Figure:
    """The value of a metric and its values over resamples.

    Attributes
    ----------
    value : None where there was nothing to count.
    resampled : (s,) float64, NaN for a resample without a value.
    count, reason : as in `Estimate`.
    """

    value: float | None
    resampled: Float64Array
    count: int = 0
    reason: str = ""

    def estimate(self) -> Estimate:
        """The value with its interval."""
        if self.value is None:
            return Estimate(None, reason=self.reason)
        return estimate(self.value, self.resampled, self.count)


Figures = dict[str, Figure]
"""Metric -> figure."""


def figures_by_scope(
    cases: Sequence[CaseScores], drawn: npt.NDArray[np.int64]
) -> dict[str, Figures]:
    """Scope -> metric -> figure; 'all' has every metric, in the order of `METRICS`.

    `drawn` is (s, n) int64 as from `panodent.evaluation.bootstrap.resamples`. The scope 'deciduous'
    exists where either side has a deciduous tooth.
    """
    scopes = _ratios(cases, drawn)
    fewer = drawn[:AP_SAMPLES]
    precision = class_precision(cases, resamples=fewer)
    for scope in ("all", *KINDS):
        numbers = KINDS.get(scope, tuple(TEETH))
        if scope != "all" and scope not in scopes:
            continue
        for name in ("ap", "ap50"):
            value, resampled = precision.over(numbers)
            spread = [getattr(item, name) for item in resampled]
            count = sum(item.fdi in numbers for case in cases for item in case.truth)
            scopes[scope][name] = _figure(
                getattr(value, name), spread, count, "no tooth in the truth to count"
            )
        scopes[scope]["calibration_error"] = _calibration(cases, fewer, numbers)
    return {
        scope: {name: figures[name] for name in METRICS if name in figures}
        for scope, figures in scopes.items()
    }


def estimates(figures: Mapping[str, Figure]) -> dict[str, Estimate]:
    """The figures with their intervals."""
    return {name: figure.estimate() for name, figure in figures.items()}


def _figure(value: float | None, spread: Sequence[float | None], count: int, reason: str) -> Figure:
    """None in `spread` is a resample without a value."""
    resampled = np.array(spread, np.float64)  # None becomes NaN
    return Figure(value, resampled, 0 if value is None else count, reason if value is None else "")


def _ratios(cases: Sequence[CaseScores], drawn: npt.NDArray[np.int64]) -> dict[str, Figures]:
    terms = [case_terms(case) for case in cases]
    keys = list(dict.fromkeys(key for case in terms for key in case))
    keys += [("all", name) for name in METRICS if ("all", name) not in keys]
    numerators, denominators = np.zeros((2, len(cases), len(keys)))
    column = {key: index for index, key in enumerate(keys)}
    for row, case in enumerate(terms):
        for key, (numerator, denominator) in case.items():
            numerators[row, column[key]] = numerator
            denominators[row, column[key]] = denominator
    resampled = resampled_ratios(numerators, denominators, drawn)
    scopes: dict[str, Figures] = {"all": {}}
    for (scope, name), index in column.items():
        total = float(denominators[:, index].sum())
        figures = scopes.setdefault(scope, {})
        if total == 0:
            figures[name] = Figure(None, resampled[:, index], reason=_why_none(name, cases))
        else:
            value = float(numerators[:, index].sum()) / total
            figures[name] = Figure(value, resampled[:, index], round(total))
    return scopes


def _why_none(name: str, cases: Sequence[CaseScores]) -> str:
    """Why a metric has no value although there are cases."""
    if METRICS[name].surface and cases and not any(case.with_surfaces for case in cases):
        return "not measured"
    return f"no {METRICS[name].counted} to count"


def _calibration(
    cases: Sequence[CaseScores], drawn: npt.NDArray[np.int64], numbers: Collection[int]
) -> Figure:
    """Calibration error over the predicted teeth of these FDI numbers."""
    wanted = frozenset(numbers)
    chosen = [[tooth for tooth in case.prediction if tooth.fdi in wanted] for case in cases]
    scores = [np.array([tooth.score for tooth in teeth]) for teeth in chosen]
    correct = [np.array([tooth.correct for tooth in teeth], bool) for teeth in chosen]

    def over(chosen: Sequence[int] | npt.NDArray[np.int64]) -> float | None:
        if not len(chosen):
            return None
        return expected_calibration_error(
            np.concatenate([scores[i] for i in chosen]),
            np.concatenate([correct[i] for i in chosen]),
        )

    value = over(range(len(cases)))
    spread = [over(row) for row in drawn] if value is not None else []
    return _figure(value, spread, sum(map(len, scores)), "no predicted tooth to count")
