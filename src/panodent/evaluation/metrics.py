"""What the figures are: a table of them, and the terms that one radiograph adds to each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from panodent.dentition import PERMANENT, TEETH
from panodent.evaluation.case_scores import CaseScores, ToothScore

Terms = dict[tuple[str, str], tuple[float, float]]
"""(scope, figure) -> (numerator, denominator); a scope is 'all', a tooth type or an FDI number."""


@dataclass(frozen=True, slots=True)
class FigureKind:
    """A figure as it is shown: its name, what it is taken over, and which way is good."""

    label: str
    counted: str
    better: Literal["higher", "lower", "near 0"]
    about: str
    surface: bool = False

    @property
    def is_share(self) -> bool:
        """Whether it runs from 0 to 1."""
        return self.better == "higher"


FIGURES: Mapping[str, FigureKind] = MappingProxyType(
    {
        "dice": FigureKind(
            "Dice",
            "teeth",
            "higher",
            "mean over every tooth of the truth; missed = 0, and a 0 for every predicted tooth "
            "that the truth lacks",
        ),
        "numbering": FigureKind(
            "Numbering",
            "teeth",
            "higher",
            "share of the truth's teeth whose best-overlapping instance (IoU of at least 0.5) "
            "bears their number; a miss is wrong",
        ),
        "dice_obb": FigureKind(
            "Dice (OralBBNet)",
            "images times teeth",
            "higher",
            "at 512 x 512, mean over images and the 32 permanent teeth; absent and not predicted "
            "= 1, absent but predicted = 0",
        ),
        "foreground": FigureKind(
            "Foreground Dice", "images", "higher", "all teeth of an image taken together"
        ),
        "detection_f1": FigureKind(
            "Detection F1",
            "teeth",
            "higher",
            "found under the right number with an IoU of at least 0.5",
        ),
        "ap": FigureKind(
            "Mask AP",
            "teeth",
            "higher",
            "COCO, mean over 32 classes and IoU 0.50 to 0.95",
        ),
        "ap50": FigureKind("Mask AP50", "teeth", "higher", "COCO, mean over 32 classes at IoU 0.5"),
        "nsd": FigureKind(
            "Surface Dice (NSD)",
            "teeth",
            "higher",
            "share of outlines that agree within 0.2 % of the image's width; missed and extra = 0",
            surface=True,
        ),
        "hd95": FigureKind(
            "HD95",
            "teeth",
            "lower",
            "95th percentile of the distance between outlines in thousandths of the image's "
            "width, over the teeth found under their number",
            surface=True,
        ),
        "calibration_error": FigureKind(
            "Calibration error",
            "predicted teeth",
            "lower",
            "mean distance between the score of a tooth and the share that is right (number, and "
            "IoU of at least 0.5), by tenths of score",
        ),
        "count_error": FigureKind(
            "Tooth count error", "images", "lower", "mean absolute difference of the tooth counts"
        ),
        "count_bias": FigureKind(
            "Tooth count bias",
            "images",
            "near 0",
            "mean difference; above 0 where too many teeth were predicted",
        ),
    }
)
"""All figures by name, in the order in which they are shown."""


def case_terms(case: CaseScores) -> Terms:
    """What one radiograph adds to the sums of every figure but mask AP and calibration."""
    hits, false, missed = case.detections
    truth, found = case.counts
    terms: Terms = {
        ("all", "foreground"): (case.foreground, 1),
        # The mean of precision's and recall's denominators: F1 is undefined only where both are 0.
        ("all", "detection_f1"): (hits, hits + (false + missed) / 2),
        ("all", "count_error"): (abs(found - truth), 1),
        ("all", "count_bias"): (found - truth, 1),
    }
    for tooth in case.teeth:
        for scope in _scopes(tooth.fdi):
            _add(terms, scope, "dice", tooth.dice, 1)
            _add(terms, scope, "numbering", tooth.numbered, 1)
            if case.measured:
                _add_surface(terms, scope, tooth)
    for fdi in case.extras:
        for scope in _scopes(fdi):
            _add(terms, scope, "dice", 0, 1)
            if case.measured:
                _add(terms, scope, "nsd", 0, 1)
    for fdi, value in zip(PERMANENT, case.dice_obb, strict=True):
        for scope in _scopes(fdi):
            _add(terms, scope, "dice_obb", value, 1)
    return terms


def _scopes(fdi: int) -> tuple[str, ...]:
    """Where a tooth counts; one without a number counts in no type and in no tooth."""
    return ("all", TEETH[fdi].type, str(fdi)) if fdi else ("all",)


def _add(terms: Terms, scope: str, name: str, numerator: float, denominator: float) -> None:
    above, below = terms.get((scope, name), (0.0, 0.0))
    terms[scope, name] = (above + numerator, below + denominator)


def _add_surface(terms: Terms, scope: str, tooth: ToothScore) -> None:
    """NSD counts a missed tooth as 0; a distance to a tooth that is not there does not exist."""
    _add(terms, scope, "nsd", tooth.surface.nsd if tooth.surface else 0.0, 1)
    if tooth.surface:
        _add(terms, scope, "hd95", tooth.surface.hd95, 1)


def case_row(case: CaseScores) -> dict[str, Any]:
    """One radiograph as a row of the table of cases, plain values, None where nothing counts.

    `missed` are teeth that no instance lies on, `misnumbered` pairs 'truth>found' ('?' for an
    instance without a number), `extra` predicted numbers that the truth lacks.
    """
    terms = case_terms(case)
    row: dict[str, Any] = {"case": case.key, "predicted": case.predicted}
    for name in FIGURES:
        above, below = terms.get(("all", name), (0.0, 0.0))
        if name not in ("ap", "ap50", "calibration_error", "count_error"):
            row[name] = above / below if below else None
    wrong = [t for t in case.teeth if t.found is not None and not t.numbered]
    return row | {
        "teeth": case.counts[0],
        "predicted_teeth": case.counts[1],
        "missed": [tooth.fdi for tooth in case.teeth if tooth.found is None],
        "misnumbered": [f"{tooth.fdi}>{tooth.found or '?'}" for tooth in wrong],
        "extra": [fdi or "?" for fdi in case.extras],
    }
