"""Ends the training of a findings network: export, limits, calibration, scores, bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from panodent.bundle import bundle as bundles
from panodent.bundle.bundle import Bundle
from panodent.bundle.calibration import Calibration, fit
from panodent.bundle.findings_network import FindingsNetwork, KindLimits
from panodent.bundle.frame import MULTIPLE
from panodent.datasets.dataset import Case
from panodent.evaluation.finding_scores import (
    LEVELS,
    FindingCase,
    counted,
    matched,
    object_iou,
    score_findings,
)
from panodent.evaluation.findings_evaluation import FindingsEvaluation, summarise_findings
from panodent.formats.finding_annotations import AnnotatedFindings
from panodent.inference.rescaling import predict_all
from panodent.teeth.findings import Findings
from panodent.training import onnx_export
from panodent.training.findings import TRAINED_KINDS, FindingsRun
from panodent.training.history import Row
from panodent.training.seen import seen_by, seen_with
from panodent.utils.arrays import Float64Array
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__

AREAS = (0.5, 0.75, 1.0, 0.35, 0.25)
"""Smallest areas that are tried, as shares of the fifth percentile of annotated areas. The first of
equally good ones is taken: the two last only if they are better, since with a small limit bone
screws would be implants."""
SCORES = (0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.82, 0.85, 0.9)
"""Smallest scores that are tried."""
FEWEST = 5
"""With fewer annotated objects on the held-out side, a kind keeps usual limits."""
USUAL_SCORE = 0.6


def finish(run: FindingsRun, model: Any, rows: Sequence[Row]) -> Bundle:
    """The bundle with its findings network, scored on the held-out radiographs and written to RUN.

    Limits and calibration are chosen on the held-out radiographs too, so that the scores are
    slightly too good. With `limits`, they are those of that bundle; without held-out radiographs,
    those of the run that this one began with, or else usual limits and uncalibrated scores.
    """
    frame = run.config.frame
    parts = MULTIPLE % model.configuration.divisor == 0
    exported = onnx_export.to_onnx(model, frame.size, open_sides=parts)
    network = FindingsNetwork(exported, frame, TRAINED_KINDS)
    note = {
        "panodent": __version__,
        "settings": asdict(run.config),
        "trained_with": run.bundle.digest,
        "epochs": len(rows),
        "continued": bool(run.earlier.start),
        "taught": bool(run.earlier.teacher),
        "training_cases": len(run.training),
        "annotated_cases": sum(case.key in run.annotated for case in run.training),
        "validation_cases": len(run.validation),
    }
    provenance = {**run.bundle.provenance, "findings": note}
    before = (run.earlier.start, run.earlier.teacher)
    seen = seen_with(run.training, run.bundle.seen, *map(seen_by, before))
    made = replace(run.bundle, findings=network, provenance=provenance, seen=seen)
    limits, calibration = _first_choice(made, run)
    made = replace(made, findings=replace(network, limits=limits, calibration=calibration))
    cases = [outcome.case for outcome in _outcomes(made, run)]
    if cases and not run.earlier.limits:  # it changes little of what is found
        made = replace(made, findings=replace(network, limits=limits, calibration=_fitted(cases)))
    scores = summarise_findings(cases)
    write_whole(run.folder / "scores.json", scores.to_json())
    made = replace(made, scores={**made.scores, "findings": headline(scores)})
    bundles.save(made, run.folder / "bundle")
    return made


def _first_choice(made: Bundle, run: FindingsRun) -> tuple[Mapping[str, KindLimits], Calibration]:
    """Limits, and the calibration to begin with."""
    source = run.earlier.limits or ("" if run.validation else run.earlier.start)
    if not source:
        return chosen_limits(_outcomes(made, run), fifth_percentiles(run)), Calibration()
    before = bundles.load(source).findings
    if before is None:
        return chosen_limits([], fifth_percentiles(run)), Calibration()
    return before.limits, before.calibration


def headline(scores: FindingsEvaluation) -> dict[str, Any]:
    """F1 at the lower overlap by kind and the figures of restorations, for the bundle's card."""
    figures = dict(scores.figures)
    level = f"f1_{round(100 * LEVELS[0])}"
    figures |= {f"{kind}_{level}": by[level] for kind, by in scores.by_kind.items()}
    return {
        name: [None if x is None else round(x, 4) for x in (figure.value, figure.low, figure.high)]
        for name, figure in figures.items()
        if figure.value is not None
    }


@dataclass(frozen=True)
class FindingsOutcome:
    """One held-out radiograph: what was annotated and found, and its scores."""

    truth: AnnotatedFindings
    found: Findings
    case: FindingCase


def _outcomes(bundle: Bundle, run: FindingsRun) -> list[FindingsOutcome]:
    result = []
    for case in run.validation:
        pixels, teeth, truth = case.radiograph().pixels, case.teeth(), annotation(run, case)
        found_teeth, found = predict_all(bundle, pixels)
        assert found is not None  # noqa: S101 - the bundle has a findings network
        scored = score_findings(truth, found, teeth, found_teeth, case.key)
        result.append(FindingsOutcome(truth, found, scored))
        run.report("scoring", {"done": len(result), "cases": len(run.validation)})
    return result


def annotation(run: FindingsRun, case: Case) -> AnnotatedFindings:
    """The annotated findings of a case; none for a plain one."""
    if case.key in run.annotated:
        return run.annotated[case.key]
    size = case.teeth().size
    return AnnotatedFindings(Findings.empty(size), np.zeros(size, bool))


def fifth_percentiles(run: FindingsRun) -> dict[str, float]:
    """Area below which 5 % of the training side's objects lie, by kind, as share of the image."""
    areas: dict[str, list[float]] = {kind: [] for kind in TRAINED_KINDS}
    for case in run.training:
        findings = annotation(run, case).findings
        pixels = findings.size[0] * findings.size[1]
        for kind, area in zip(findings.kinds, findings.marks.areas.tolist(), strict=True):
            areas[kind].append(area / pixels)
    return {kind: float(np.percentile(a, 5)) if a else 0.0 for kind, a in areas.items()}


def chosen_limits(
    outcomes: Sequence[FindingsOutcome], small: Mapping[str, float]
) -> dict[str, KindLimits]:
    """For each kind the limits with the highest F1 on the outcomes; of equals, the first tried."""
    result = {}
    for kind in TRAINED_KINDS:
        usual = KindLimits(0.5 * small[kind], USUAL_SCORE)
        count = sum(outcome.case.kinds[kind].annotated for outcome in outcomes)
        tried = [KindLimits(share * small[kind], score) for share in AREAS for score in SCORES]
        objects = [_Objects.of(outcome, kind) for outcome in outcomes]
        values = [_f1(objects, limits) for limits in tried]
        result[kind] = tried[int(np.argmax(values))] if count >= FEWEST else usual
    return {kind: KindLimits(round(limit.area, 7), limit.score) for kind, limit in result.items()}


@dataclass(frozen=True)
class _Objects:
    """The found objects of one kind in one radiograph, the highest score first."""

    shares: Float64Array
    scores: Float64Array
    iou: Float64Array

    @classmethod
    def of(cls, outcome: FindingsOutcome, kind: str) -> _Objects:
        found = counted(outcome.found.of_kind(kind), outcome.truth.unclear)
        found = found.select(np.argsort(-found.scores, kind="stable"))
        truth = outcome.truth.findings.of_kind(kind)
        shares = found.marks.areas / (found.size[0] * found.size[1])
        return cls(shares, found.scores.astype(float), object_iou(truth.marks, found.marks))


def _f1(objects: Sequence[_Objects], limits: KindLimits) -> float:
    """F1 at the lower overlap if only objects within the limits are kept."""
    right = total = 0
    for item in objects:
        kept = item.iou[:, (item.shares >= limits.area) & (item.scores >= limits.score)]
        right += len(matched(kept, LEVELS[0]))
        total += sum(kept.shape)
    return 2 * right / total if total else 0.0


def _fitted(cases: Sequence[FindingCase]) -> Calibration:
    scores = [s for case in cases for kind in case.kinds.values() for s in kind.scores.tolist()]
    right = [
        r for case in cases for kind in case.kinds.values() for r in kind.right[LEVELS[0]].tolist()
    ]
    return fit(scores, right) if scores else Calibration()
