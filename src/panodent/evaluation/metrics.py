"""The metrics: a table of their names and definitions, and what one radiograph adds to each.

>>> METRICS["hd95"].label, METRICS["hd95"].better
('HD95', 'lower')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from panodent.dentition import PERMANENT, TEETH, TOOTH_TYPES
from panodent.evaluation.case_scores import CaseScores, ToothScore


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table of metrics.

    Attributes
    ----------
    name : name in scores.json.
    label : name on pages.
    counted : what the metric is a mean over.
    better : which values are good: 'higher' for shares from 0 to 1, 'lower' for errors, 'near 0'
        for differences with a sign.
    definition : how the metric is computed, for pages.
    surface : whether it needs surface distances, which are measured on request only.
    digits : decimal places on pages.
    """

    name: str
    label: str
    counted: str
    better: Literal["higher", "lower", "near 0"]
    definition: str
    surface: bool = False
    digits: int = 3

    @property
    def is_share(self) -> bool:
        """Whether values lie between 0 and 1 and can be shown on a line from 0 to 1."""
        return self.better == "higher"


# fmt: off
_TABLE = (
    Metric("dice", "Dice", "teeth", "higher",
           "mean over all teeth of the ground truth; 0 for a missed tooth and for every predicted "
           "tooth that the ground truth lacks"),
    Metric("numbering", "Numbering", "teeth", "higher",
           "share of the ground-truth teeth whose number is also that of the predicted instance "
           "that overlaps them most (IoU of at least 0.5); a missed tooth is wrong"),
    Metric("dice_obb", "Dice (OralBBNet)", "images times teeth", "higher",
           "at 512 x 512 pixels, mean over images and the 32 permanent teeth; 1 for a tooth that "
           "is absent and not predicted, 0 for one that is absent but predicted"),
    Metric("foreground", "Foreground Dice", "images", "higher",
           "Dice of all teeth of an image taken together"),
    Metric("detection_f1", "Detection F1", "teeth", "higher",
           "a tooth is detected when it is found with the right number and an IoU of at least "
           "0.5"),
    Metric("ap", "Mask AP", "teeth", "higher",
           "COCO: mean over IoU thresholds of 0.50 to 0.95 and over the tooth numbers, permanent "
           "and deciduous, that the ground truth has"),
    Metric("ap50", "Mask AP50", "teeth", "higher",
           "the same at an IoU threshold of 0.5"),
    Metric("nsd", "Surface Dice (NSD)", "teeth", "higher",
           "share of the outlines that agree within 0.2 % of the image's width; 0 for missed and "
           "extra teeth",
           surface=True),
    Metric("hd95", "HD95", "teeth", "lower",
           "95th percentile of the distance between outlines, in thousandths of the image's "
           "width, over the teeth found with their number",
           surface=True, digits=2),
    Metric("calibration_error", "Calibration error", "predicted teeth", "lower",
           "mean distance, in ten bins of the score, between score and share of correct teeth "
           "(right number, and IoU of at least 0.5)"),
    Metric("count_error", "Tooth count error", "images", "lower",
           "mean absolute difference between the numbers of predicted and of ground-truth teeth",
           digits=2),
    Metric("count_bias", "Tooth count bias", "images", "near 0",
           "mean difference between these numbers; above 0 where too many teeth are predicted",
           digits=2),
)
# fmt: on

METRICS: Mapping[str, Metric] = MappingProxyType({metric.name: metric for metric in _TABLE})
"""All metrics by name, in the order in which they are shown."""

_NOT_PER_CASE = ("ap", "ap50", "calibration_error", "count_error")
"""Metrics that the table of cases leaves out: undefined, or the size of another, for one case."""

DECIDUOUS_TYPES = tuple(f"deciduous {name}" for name in TOOTH_TYPES if name != "premolar")
"""Scopes of deciduous teeth by type; there are no deciduous premolars."""

Terms = dict[tuple[str, str], tuple[float, float]]
"""(scope, metric) -> (numerator, denominator).

A scope is 'all', 'permanent', 'deciduous', a tooth type (`TOOTH_TYPES` of permanent teeth,
`DECIDUOUS_TYPES`) or an FDI number.
"""


def case_terms(case: CaseScores) -> Terms:
    """What one radiograph adds to the two sums whose ratio is a metric.

    Average precision and calibration error are no such ratios and have no terms.
    """
    true_positives, false_positives, false_negatives = case.detections
    truth, predicted = case.counts
    errors = false_positives + false_negatives
    terms: Terms = {
        ("all", "foreground"): (case.foreground, 1),
        # The mean of precision's and recall's denominators: F1 is undefined only where both are 0.
        ("all", "detection_f1"): (true_positives, true_positives + errors / 2),
        ("all", "count_error"): (abs(predicted - truth), 1),
        ("all", "count_bias"): (predicted - truth, 1),
    }
    for tooth in case.teeth:
        for scope in _scopes(tooth.fdi):
            _add(terms, scope, "dice", tooth.dice, 1)
            _add(terms, scope, "numbering", tooth.correctly_numbered, 1)
            if case.with_surfaces:
                _add_surface(terms, scope, tooth)
    for fdi in case.extras:
        for scope in _scopes(fdi):
            _add(terms, scope, "dice", 0, 1)
            if case.with_surfaces:
                _add(terms, scope, "nsd", 0, 1)
    for fdi, value in zip(PERMANENT, case.dice_obb, strict=True):
        for scope in _scopes(fdi):
            _add(terms, scope, "dice_obb", value, 1)
    return terms


def _scopes(fdi: int) -> tuple[str, ...]:
    """Where a tooth counts; an instance without a number counts for no type and no tooth."""
    if not fdi:
        return ("all",)
    tooth = TEETH[fdi]
    if tooth.deciduous:
        return ("all", "deciduous", f"deciduous {tooth.type}", str(fdi))
    return ("all", "permanent", tooth.type, str(fdi))


def _add(terms: Terms, scope: str, name: str, numerator: float, denominator: float) -> None:
    above, below = terms.get((scope, name), (0.0, 0.0))
    terms[scope, name] = (above + numerator, below + denominator)


def _add_surface(terms: Terms, scope: str, tooth: ToothScore) -> None:
    """NSD counts a missed tooth as 0; HD95 leaves it out, because it has no distance."""
    _add(terms, scope, "nsd", tooth.surface.nsd if tooth.surface else 0.0, 1)
    if tooth.surface:
        _add(terms, scope, "hd95", tooth.surface.hd95, 1)


def case_row(case: CaseScores) -> dict[str, Any]:
    """One radiograph as a row of the table of cases: plain values, None where nothing counts.

    `missed` are the numbers of teeth that no instance overlaps, `misnumbered` pairs 'truth>found'
    ('?' for an instance without a number), `extra` predicted numbers that the ground truth lacks,
    `ignored` those on ignore regions.
    """
    terms = case_terms(case)
    row: dict[str, Any] = {"case": case.key, "predicted": case.predicted}
    for name in METRICS:
        if name not in _NOT_PER_CASE:
            above, below = terms.get(("all", name), (0.0, 0.0))
            row[name] = above / below if below else None
    wrong = [t for t in case.teeth if t.found_as is not None and not t.correctly_numbered]
    return row | {
        "teeth": case.counts[0],
        "predicted_teeth": case.counts[1],
        "missed": [tooth.fdi for tooth in case.teeth if tooth.found_as is None],
        "misnumbered": [f"{tooth.fdi}>{tooth.found_as or '?'}" for tooth in wrong],
        "extra": [fdi or "?" for fdi in case.extras],
        "ignored": [fdi or "?" for fdi in case.ignored],
        "ignore_regions": case.regions,
        "dentition": case.dentition,
    }
