"""Pairs predictions with ground truth on disk by key, and scores them.

A key is the path of a radiograph below its folder, without suffix. Nothing is paired by position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from panodent import formats
from panodent.datasets import dataset
from panodent.datasets.checking import whole_keys
from panodent.errors import DatasetError
from panodent.evaluation.evaluate import Evaluation, score_pair, summarise
from panodent.evaluation.grouping import Grouping
from panodent.evaluation.key_matching import match
from panodent.formats.base import Annotated
from panodent.formats.faults import OPTION, FaultList
from panodent.outputs.reader import failures, is_results, read_results
from panodent.outputs.summary_files import PREDICTIONS
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.utils.wording import counted, near_name

CaseLoader = Callable[[], tuple[Radiograph, Teeth, Teeth]]
"""Reads a case's radiograph, ground truth and prediction, all of the same size."""


@dataclass(frozen=True)
class Pair:
    """A case of the ground truth: functions that read its teeth, its prediction and its pixels.

    `prediction` is None where there is none, `radiograph` where the pixels are not at hand.
    """

    key: str
    truth: Callable[[], Teeth]
    prediction: Callable[[], Teeth] | None = None
    radiograph: Callable[[], Radiograph] | None = None


@dataclass(frozen=True)
class Pairing:
    """Every case of the ground truth with its prediction, and predictions without ground truth.

    Attributes
    ----------
    pairs : one for each case of the ground truth.
    without_truth : keys of predictions that belong to no case.
    notes : sentences about pairs made by file name only and about failures of the prediction run.
    """

    pairs: tuple[Pair, ...]
    without_truth: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())

    def pictures(self) -> dict[str, CaseLoader]:
        """What `panodent.reports.evaluation` draws, by key, of the cases with a radiograph."""
        return {pair.key: partial(_load, pair) for pair in self.pairs if pair.radiograph}


def pair_folders(
    predictions: Path,
    truth: Path,
    *,
    format: str | None = None,
    options: Mapping[str, Any] | None = None,
    prediction_format: str | None = None,
    prediction_options: Mapping[str, Any] | None = None,
    faults: FaultList | None = None,
) -> Pairing:
    """Finds predictions and ground truth and pairs them.

    `truth` is a folder of annotated radiographs, see `panodent.datasets.dataset.find`, or one
    annotation file. `predictions` is a folder that `panodent predict` wrote, its
    predictions.json, or annotations in any format that `panodent.formats` reads. `format` and
    `options` describe the ground truth; without `format` it is recognised. `faults` takes items of
    both that cannot be used, also later, when they are read; without it the first raises an error.

    A prediction belongs to the case with the same key; else to the case where one key ends in the
    other (images/a/1 and a/1); else to the case with the same file name. Raises `DatasetError`
    where this is ambiguous or where no prediction belongs to any case, and what `find` and the
    formats raise.
    """
    collecting = {} if faults is None else {OPTION: faults}
    cases, notes = _truth(truth, format, {**(options or {}), **collecting}, faults)
    # Label Studio has predictions in a place of their own.
    given = {"predictions": True, **(prediction_options or {}), **collecting}
    found, failed = _predictions(predictions, prediction_format, given)
    partners, guesses = match(list(cases), list(found))
    pairs = []
    for key, pair in cases.items():
        other = partners.get(key)
        pairs.append(Pair(key, pair.truth, found[other] if other else None, pair.radiograph))
    without_truth = sorted(set(found) - set(partners.values()))
    if found and not partners:
        raise DatasetError(
            f"no prediction of {predictions} belongs to a case of {truth}: the first are "
            f"{min(found)!r} and {min(cases)!r}; expected equal paths or file names"
        )
    return Pairing(tuple(pairs), tuple(without_truth), (*notes, *guesses, *failed))


def usable_pairs(pairing: Pairing, faults: FaultList, resize: bool = False) -> Pairing:
    """The pairs whose teeth can be read and compared; reads each once.

    `faults`, to which `pair_folders` reported before, takes what is wrong; `resize` is that of
    `evaluate_pairs`. A radiograph with an annotation that cannot be read is left out as a whole:
    a tooth that was found there would count as false.
    """

    def read(pair: Pair) -> None:
        _both(pair, resize)

    checks = {pair.key: partial(read, pair) for pair in pairing.pairs}
    whole = whole_keys(checks, faults)
    return replace(pairing, pairs=tuple(pair for pair in pairing.pairs if pair.key in whole))


def evaluate_pairs(
    pairing: Pairing,
    *,
    surfaces: bool = False,
    resize: bool = False,
    classes: Iterable[int] | None = None,
    samples: int = 1000,
    seed: int = 0,
    progress: Callable[[int, int, str], None] | None = None,
    groupings: Sequence[Grouping] = (),
) -> Evaluation:
    """Scores all pairs; calls `progress(done, total, key)` after each.

    `surfaces` and `classes` are those of `score_pair`; `samples`, `seed` and `groupings` those of
    `summarise`.
    With `resize`, a prediction of another size is resized to that of the ground truth by nearest
    neighbour; without, it raises `DatasetError`. A case without prediction counts as 0.
    """
    restricted = None if classes is None else tuple(classes)
    scores = []
    for number, pair in enumerate(pairing.pairs, start=1):
        truth, found = _both(pair, resize)
        scores.append(score_pair(truth, found, key=pair.key, surfaces=surfaces, classes=restricted))
        if progress is not None:
            progress(number, len(pairing.pairs), pair.key)
    return summarise(
        scores,
        samples,
        seed,
        without_truth=pairing.without_truth,
        notes=pairing.notes,
        groupings=groupings,
    )


def _both(pair: Pair, resize: bool) -> tuple[Teeth, Teeth | None]:
    """Ground truth and prediction of a pair, of one size."""
    truth = pair.truth()
    found = pair.prediction() if pair.prediction else None
    if found is not None and found.size != truth.size:
        if not resize:
            raise DatasetError(
                f"{pair.key}: the prediction is of (height, width) {found.size}, the ground "
                f"truth of {truth.size}; predict the same image, or allow resizing (--resize)"
            )
        found = found.resized(truth.size)
    return truth, found


def _load(pair: Pair) -> tuple[Radiograph, Teeth, Teeth]:
    assert pair.radiograph is not None  # noqa: S101 - `pictures` lists no other
    radiograph = pair.radiograph()
    found = pair.prediction() if pair.prediction else Teeth.empty(radiograph.size)
    sides = (pair.truth(), found)
    truth, found = (t if t.size == radiograph.size else t.resized(radiograph.size) for t in sides)
    return radiograph, truth, found


# --- reading -----------------------------------------------------------------------------------


def _truth(
    path: Path, name: str | None, options: Mapping[str, Any], faults: FaultList | None
) -> tuple[dict[str, Pair], list[str]]:
    """Cases of the ground truth by key, and notes."""
    if path.is_file():
        listed = _annotations(path, name, options)
        return {key: Pair(key, item.read) for key, item in listed.items()}, []
    found = dataset.find(path, name, options, faults)
    cases = {case.key: Pair(case.key, case.teeth, None, case.radiograph) for case in found.cases}
    missing = found.labels_without_images
    notes = []
    if missing:
        one = "annotation without a radiograph was not scored"
        many = "annotations without a radiograph were not scored"
        notes.append(counted(len(missing), one, many))
    for item in found.unread:
        notes.append(f"not read: {item.path}: {item.reason}")
    return cases, notes


def _predictions(
    path: Path, name: str | None, options: Mapping[str, Any]
) -> tuple[dict[str, Callable[[], Teeth]], list[str]]:
    """Readers of the predictions by key, and a note on each file whose prediction failed."""
    if not path.exists():
        raise DatasetError(
            f"{path}: no such file or folder; expected what `panodent predict` wrote"
            f"{near_name(path)}"
        )
    file = path / PREDICTIONS if path.is_dir() else path
    if name is None and is_results(file):
        return read_results(file), failures(file.parent)
    return {key: item.read for key, item in _annotations(path, name, options).items()}, []


def _annotations(path: Path, name: str | None, options: Mapping[str, Any]) -> dict[str, Annotated]:
    return {item.key: item for item in formats.read(path, name, options)[1]}
