"""Mask average precision over many radiographs, as COCO defines it, by faster-coco-eval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from panodent.dentition import PERMANENT
from panodent.evaluation.case_scores import CaseScores, Instance

MAX_INSTANCES = 100
"""At most this many instances of one class count in one radiograph, the highest scores first."""


class AveragePrecision(NamedTuple):
    """Average precision, 0 to 1; None where the ground truth has no tooth of the classes.

    Attributes
    ----------
    ap : mean over the IoU thresholds 0.50, 0.55, ..., 0.95.
    ap50 : at the IoU threshold 0.50.
    """

    ap: float | None
    ap50: float | None


def mask_average_precision(
    cases: Sequence[CaseScores],
    classes: Iterable[int] = PERMANENT,
    resamples: npt.NDArray[np.int64] | None = None,
) -> tuple[AveragePrecision, list[AveragePrecision]]:
    """Average precision over all cases, and over each resample of them.

    Instances of a class are ordered by score over all radiographs. Classes that the ground truth
    lacks, and instances of other numbers, are left out. `resamples` is (s, n) int64: for each of s
    resamples the positions of n cases, with repetitions. Source: the COCO detection metric,
    https://cocodataset.org/#detection-eval, as computed by faster-coco-eval.

    >>> mask_average_precision([])
    (AveragePrecision(ap=None, ap50=None), [])
    """
    wanted = sorted(set(classes))
    rows = np.empty((0, len(cases)), np.int64) if resamples is None else resamples
    truth = _entries(((c.truth, c.size) for c in cases), set(wanted))
    found = _entries(((c.prediction, c.size) for c in cases), set(wanted))
    if not truth or not found:
        # No ground truth: nothing to measure. No instance: precision is 0 at every recall above 0.
        value = AveragePrecision(0.0, 0.0) if truth else AveragePrecision(None, None)
        return value, [value] * len(rows)
    images = [{"id": i, "height": c.size[0], "width": c.size[1]} for i, c in enumerate(cases, 1)]
    categories = [{"id": fdi, "name": str(fdi)} for fdi in wanted]
    evaluator = _evaluator(
        {"images": images, "annotations": truth, "categories": categories}, found
    )
    # The instances of a radiograph match independently of other radiographs, so they are matched
    # once, and a resample selects the results: (class, radiograph), in the library's own order.
    matched = np.array(evaluator._evalImgs_cpp, object).reshape(len(wanted), len(cases))
    value = _accumulated(evaluator)
    drawn = []
    for row in rows:
        evaluator._evalImgs_cpp = matched[:, row].ravel().tolist()
        drawn.append(_accumulated(evaluator))
    return value, drawn


def _entries(
    cases: Iterable[tuple[Sequence[Instance], tuple[int, int]]], wanted: set[int]
) -> list[dict[str, Any]]:
    """COCO annotations; ids start at 1 because the library reads 0 as "unmatched"."""
    entries: list[dict[str, Any]] = []
    for image_id, (instances, size) in enumerate(cases, start=1):
        for item in instances:
            if item.fdi not in wanted:
                continue
            entries.append(
                {
                    "id": len(entries) + 1,
                    "image_id": image_id,
                    "category_id": item.fdi,
                    "segmentation": {"size": list(size), "counts": item.rle},
                    "area": item.area,
                    "score": item.score,
                    "iscrowd": 0,
                }
            )
    return entries


def _evaluator(truth: dict[str, Any], found: list[dict[str, Any]]) -> Any:
    """A faster-coco-eval evaluator in which the instances of every radiograph are matched."""
    from faster_coco_eval import COCO, COCOeval_faster

    def silent(*_: object) -> None:
        pass

    known = COCO(truth, print_function=silent)
    evaluator = COCOeval_faster(
        known, known.loadRes(found), iouType="segm", print_function=silent, separate_eval=True
    )
    evaluator.params.areaRng, evaluator.params.areaRngLbl = [[0, 1e10]], ["all"]
    evaluator.params.maxDets = [MAX_INSTANCES]
    evaluator.evaluate()
    return evaluator


def _accumulated(evaluator: Any) -> AveragePrecision:
    """Mean precision; the library's -1 marks classes that the ground truth lacks."""
    evaluator.accumulate()
    precision = np.asarray(evaluator.eval["precision"])  # (thresholds, recalls, classes, 1, 1)
    known = precision[:, :, precision[0, 0, :, 0, 0] > -1]
    if not known.size:
        return AveragePrecision(None, None)
    return AveragePrecision(float(known.mean()), float(known[0].mean()))
