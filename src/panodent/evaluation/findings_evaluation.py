"""Scores of findings of many radiographs, with 95 % bootstrap intervals over radiographs.

>>> summarise_findings([]).figures["restoration_recall"].reason
'nothing to count'
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.errors import ConfigError
from panodent.evaluation.bootstrap import (
    CONFIDENCE,
    Estimate,
    estimate,
    resampled_ratios,
    resamples,
)
from panodent.evaluation.finding_scores import COVERED, LEVELS, FindingCase
from panodent.teeth.finding_kinds import KINDS, RESTORATIONS

SCHEMA = "panodent-findings-scores/1"
AP_SAMPLES = 200
"""At most this many resamples for AP, which costs more than the others."""

FINDING_METRICS: Mapping[str, str] = {
    "restoration_recall": "annotated fillings, crowns, pontics and posts of which found ones "
    "cover at least half",
    "restoration_precision": "found ones of which annotated ones cover at least half",
    "restoration_dice": "Dice of their pixels, all radiographs together",
    "implants_without_tooth": "annotated implants where no tooth was found",
    "plain_with_false": "radiographs without findings in which one was found",
}
"""Metrics over all kinds, with their meaning."""
KIND_METRICS: Mapping[str, str] = {
    **{f"f1_{round(100 * level)}": f"F1 at an IoU of {level}" for level in LEVELS},
    **{f"ap_{round(100 * level)}": f"average precision at an IoU of {level}" for level in LEVELS},
    "recall": f"annotated objects found, IoU of at least {LEVELS[0]}",
    "precision": "found objects that are right",
    "assigned": "right objects with the right tooth or position",
    "sensitivity": "teeth or positions that have it, and of which this is said",
    "specificity": "those that do not have it, and of which this is not said",
}
"""Metrics of one kind, with their meaning."""


@dataclass(frozen=True)
class FindingsEvaluation:
    """The scores of many radiographs.

    Attributes
    ----------
    cases : of each radiograph.
    figures : metric of `FINDING_METRICS` -> estimate.
    by_kind : kind -> metric of `KIND_METRICS` -> estimate.
    samples, seed : of the bootstrap.
    """

    cases: tuple[FindingCase, ...]
    figures: Mapping[str, Estimate]
    by_kind: Mapping[str, Mapping[str, Estimate]]
    samples: int
    seed: int

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """(kinds + 1, kinds + 1): rows annotated, then none; columns found, then none."""
        empty = np.zeros((len(KINDS) + 1, len(KINDS) + 1), np.int64)
        return sum((case.confusion for case in self.cases), empty)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values; a value that does not exist is None."""
        return {
            "schema": SCHEMA,
            "settings": {
                "levels": list(LEVELS),
                "covered": COVERED,
                "restorations": list(RESTORATIONS),
                "confidence": CONFIDENCE,
                "samples": self.samples,
                "seed": self.seed,
            },
            "case_count": len(self.cases),
            "figures": {name: asdict(figure) for name, figure in self.figures.items()},
            "by_kind": {
                kind: {name: asdict(figure) for name, figure in figures.items()}
                for kind, figures in self.by_kind.items()
            },
            "confusion": {
                "rows": [*KINDS, "none"],
                "columns": [*KINDS, "none"],
                "counts": self.confusion.tolist(),
            },
        }

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"


def summarise_findings(
    cases: Iterable[FindingCase], samples: int = 1000, seed: int = 0
) -> FindingsEvaluation:
    """Joins the scores of radiographs; intervals are percentiles over resamples of radiographs.

    Raises `ConfigError` for a negative number of samples.
    """
    listed = tuple(cases)
    if samples < 0:
        raise ConfigError(f"samples is {samples}; expected 0 (no intervals) or more")
    drawn = resamples(len(listed), samples if len(listed) > 1 else 0, seed)
    by_kind = {}
    for kind in KINDS:
        terms = [_kind_terms(case, kind) for case in listed]
        ratios = _ratios(terms, [n for n in KIND_METRICS if not n.startswith("ap_")], drawn)
        precision = {
            f"ap_{round(100 * level)}": _average_precision(listed, kind, level, drawn[:AP_SAMPLES])
            for level in LEVELS
        }
        by_kind[kind] = {name: {**ratios, **precision}[name] for name in KIND_METRICS}
    overall = _ratios([_overall_terms(case) for case in listed], list(FINDING_METRICS), drawn)
    return FindingsEvaluation(listed, overall, by_kind, samples, seed)


Terms = Mapping[str, tuple[float, float]]
"""Metric -> numerator and denominator of one radiograph."""


def _overall_terms(case: FindingCase) -> Terms:
    there, said, both = case.pixels
    return {
        "restoration_recall": case.covered[::-1],
        "restoration_precision": case.confirmed[::-1],
        "restoration_dice": (2 * both, there + said),
        "implants_without_tooth": case.implants[::-1],
        "plain_with_false": (int(case.plain and case.found > 0), int(case.plain)),
    }


def _kind_terms(case: FindingCase, kind: str) -> Terms:
    score = case.kinds[kind]
    found, right = len(score.scores), int(score.right[LEVELS[0]].sum())
    true, false, missed, rightly_not = score.teeth
    return {
        **{
            f"f1_{round(100 * level)}": (2 * int(score.right[level].sum()), found + score.annotated)
            for level in LEVELS
        },
        "recall": (right, score.annotated),
        "precision": (right, found),
        "assigned": score.assigned[::-1],
        "sensitivity": (true, true + missed),
        "specificity": (rightly_not, rightly_not + false),
    }


def _ratios(
    terms: Sequence[Terms], names: Sequence[str], drawn: npt.NDArray[np.int64]
) -> dict[str, Estimate]:
    """The metrics `names`, which are ratios of two sums over radiographs."""
    result = {}
    for name in names:
        above = np.array([[term[name][0]] for term in terms], np.float64).reshape(-1, 1)
        below = np.array([[term[name][1]] for term in terms], np.float64).reshape(-1, 1)
        total = float(below.sum())
        if not total:
            result[name] = Estimate(None, reason="nothing to count")
            continue
        spread = resampled_ratios(above, below, drawn)[:, 0]
        result[name] = estimate(float(above.sum()) / total, spread, round(total))
    return result


def _average_precision(
    cases: Sequence[FindingCase], kind: str, level: float, drawn: npt.NDArray[np.int64]
) -> Estimate:
    annotated = np.array([case.kinds[kind].annotated for case in cases], int)
    if not annotated.sum():
        return Estimate(None, reason="nothing to count")
    scores = [case.kinds[kind].scores for case in cases]
    right = [case.kinds[kind].right[level] for case in cases]

    def over(chosen: Iterable[int]) -> float:
        rows = list(chosen)
        if not annotated[rows].sum():
            return np.nan
        return average_precision(
            np.concatenate([scores[i] for i in rows]),
            np.concatenate([right[i] for i in rows]),
            int(annotated[rows].sum()),
        )

    value = over(range(len(cases)))
    return estimate(value, [over(row.tolist()) for row in drawn], int(annotated.sum()))


def average_precision(
    scores: npt.NDArray[np.floating], right: npt.NDArray[np.bool_], annotated: int
) -> float:
    """Area under the curve of precision over recall, made falling, as in PASCAL VOC from 2010 on.

    >>> average_precision(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), 2)
    0.8333333333333333
    """
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    precision = hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[right[order]].sum() / annotated)
