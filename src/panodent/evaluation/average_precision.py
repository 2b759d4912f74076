"""Mask average precision over many radiographs, as COCO defines it, by faster-coco-eval."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH
from panodent.evaluation.case_scores import CaseScores, Instance
from panodent.utils.arrays import Float64Array

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


@dataclass(frozen=True)
class ClassPrecision:
    """Average precision of each class, over all cases and over each of s resamples of them.

    Attributes
    ----------
    classes : the k FDI numbers, ascending.
    ap, ap50 : (1 + s, k) float64 of 0 to 1, see `AveragePrecision`. Row 0 is over all cases; NaN
        where the ground truth of the row lacks the class.
    """

    classes: tuple[int, ...]
    ap: Float64Array
    ap50: Float64Array

    def over(self, classes: Collection[int]) -> tuple[AveragePrecision, list[AveragePrecision]]:
        """Mean over some of the classes: over all cases, and over each resample."""
        chosen = np.isin(self.classes, list(classes))
        rows = [
            AveragePrecision(_mean(ap), _mean(ap50))
            for ap, ap50 in zip(self.ap[:, chosen], self.ap50[:, chosen], strict=True)
        ]
        return rows[0], rows[1:]


def mask_average_precision(
    cases: Sequence[CaseScores],
    classes: Iterable[int] = tuple(TEETH),
    resamples: npt.NDArray[np.int64] | None = None,
) -> tuple[AveragePrecision, list[AveragePrecision]]:
    """Average precision over all cases, and over each resample of them.

    It is the mean over the classes of which the ground truth has a tooth; instances of other
    numbers are left out. See `class_precision` for `resamples`.

    >>> mask_average_precision([])
    (AveragePrecision(ap=None, ap50=None), [])
    """
    wanted = tuple(classes)
    return class_precision(cases, wanted, resamples).over(wanted)


def class_precision(
    cases: Sequence[CaseScores],
    classes: Iterable[int] = tuple(TEETH),
    resamples: npt.NDArray[np.int64] | None = None,
) -> ClassPrecision:
    """Average precision of each class (FDI number).

    Instances of a class are ordered by score over all radiographs. `resamples` is (s, n) int64: for
    each of s resamples the positions of n cases, with repetitions. Source: the COCO detection
    metric, https://cocodataset.org/#detection-eval, as computed by faster-coco-eval.
    """
    wanted = sorted(set(classes))
    rows = np.arange(len(cases))[None]
    if resamples is not None:
        rows = np.concatenate([rows, resamples])
    truth = _entries(((c.truth, c.size) for c in cases), set(wanted))
    found = _entries(((c.prediction, c.size) for c in cases), set(wanted))
    if not truth or not found:
        # No ground truth: nothing to measure. No instance: precision is 0 at every recall above 0.
        there = {entry["category_id"] for entry in truth}
        value = np.array([0.0 if fdi in there else np.nan for fdi in wanted])
        both = np.tile(value, (len(rows), 1))
        return ClassPrecision(tuple(wanted), both, both)
    images = [{"id": i, "height": c.size[0], "width": c.size[1]} for i, c in enumerate(cases, 1)]
    categories = [{"id": fdi, "name": str(fdi)} for fdi in wanted]
    evaluator = _evaluator(
        {"images": images, "annotations": truth, "categories": categories}, found
    )
    # The instances of a radiograph match independently of other radiographs, so they are matched
    # once, and a resample selects the results: (class, radiograph), in the library's own order.
    matched = np.array(evaluator._evalImgs_cpp, object).reshape(len(wanted), len(cases))
    # Resamples of few radiographs are often the same.
    different, places = np.unique(rows, axis=0, return_inverse=True)
    values = []
    for row in different:
        evaluator._evalImgs_cpp = matched[:, row].ravel().tolist()
        values.append(_accumulated(evaluator))
    ap, ap50 = np.stack(values, axis=1)[:, places.ravel()]
    return ClassPrecision(tuple(wanted), ap, ap50)


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


def _accumulated(evaluator: Any) -> Float64Array:
    """(2, classes) float64: mean precision over all thresholds, and at the first, of each class.

    The library's -1 marks classes that the ground truth lacks; here they are NaN.
    """
    evaluator.accumulate()
    precision = np.asarray(evaluator.eval["precision"])[..., 0, 0]  # (thresholds, recalls, classes)
    values = np.stack([precision.mean(axis=(0, 1)), precision[0].mean(axis=0)])
    return np.where(precision[0, 0] > -1, values, np.nan)


def _mean(values: Float64Array) -> float | None:
    """Mean of the values that are not NaN; None where there is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None
