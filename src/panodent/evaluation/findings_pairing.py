"""Pairs found with annotated findings, and scores all pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from panodent.errors import DatasetError
from panodent.evaluation.finding_scores import score_findings
from panodent.evaluation.findings_evaluation import FindingsEvaluation, summarise_findings
from panodent.evaluation.key_matching import match
from panodent.evaluation.pairing import Pairing
from panodent.formats.finding_annotations import read_findings
from panodent.outputs.findings_reader import read_finding_results
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth


def evaluate_findings(
    pairing: Pairing,
    predictions: Path,
    annotations: Path,
    samples: int = 1000,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> FindingsEvaluation:
    """Scores the findings in a folder that `panodent predict` wrote.

    pairing : of the teeth of the same folder.
    annotations : a file that `panodent.formats.finding_annotations.read_findings` reads; only the
        radiographs that it names are scored.

    Raises `DatasetError` when no radiograph of the annotations was predicted, or sizes differ.
    """
    truth = read_findings(annotations)
    found = read_finding_results(predictions)
    pairs = {pair.key: pair for pair in pairing.pairs if pair.prediction is not None}
    of_truth, _ = match(list(pairs), list(truth))
    of_found, _ = match(list(pairs), list(found))
    if not of_truth:
        raise DatasetError(
            f"{annotations}: no radiograph in it belongs to a predicted one: the first are "
            f"{min(truth, default='none')!r} and {min(pairs, default='none')!r}"
        )
    cases = []
    for key, other in of_truth.items():
        annotated, teeth = truth[other], pairs[key].truth()
        predicted = _teeth(pairs[key].prediction)
        here = _found(found, of_found.get(key), annotated.findings.size)
        sizes = {annotated.findings.size, teeth.size, predicted.size, here.size}
        if len(sizes) > 1:
            raise DatasetError(
                f"{key}: annotated and found teeth and findings have the sizes {sorted(sizes)} "
                "(height, width); they must be of one size"
            )
        cases.append(score_findings(annotated, here, teeth, predicted, key))
        if progress is not None:
            progress(len(cases), len(of_truth))
    return summarise_findings(cases, samples, seed)


def _teeth(read: Callable[[], Teeth] | None) -> Teeth:
    assert read is not None  # noqa: S101 - pairs without prediction were left out
    return read()


def _found(found: Mapping[str, Findings], key: str | None, size: tuple[int, int]) -> Findings:
    return found[key] if key is not None else Findings.empty(size)
