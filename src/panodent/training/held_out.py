"""Predicts and scores the radiographs that a training run held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from panodent.bundle.bundle import Bundle
from panodent.datasets.dataset import Case
from panodent.evaluation.case_scores import CaseScores, score_pair
from panodent.inference.rescaling import predict_teeth
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.training.run import Run


@dataclass(frozen=True)
class HeldOut:
    """One held-out radiograph: its data folder, prediction (`found`), ground truth and scores.

    `unscored` is the number of teeth of the ground truth that the network has no class for.
    """

    folder: str
    case: Case
    radiograph: Radiograph
    found: Teeth
    truth: Teeth
    scores: CaseScores
    unscored: int = 0


def held_out(run: Run, bundle: Bundle) -> Iterator[HeldOut]:
    """Predicts and scores each held-out radiograph; one is in memory at a time.

    Only teeth that are classes of the network are scored.
    """
    owners = [
        name
        for name, item in zip(folder_names(run), run.data, strict=True)
        for _ in item["validation"]
    ]
    for number, (owner, case) in enumerate(zip(owners, run.validation, strict=True), start=1):
        radiograph, truth = case.radiograph(), case.teeth()
        found = predict_teeth(bundle, radiograph.pixels)
        scores = score_pair(truth, found.numbered(), key=case.key, classes=bundle.classes)
        unscored = int((~np.isin(truth.numbered().fdi, bundle.classes)).sum())
        run.report("scoring", {"done": number, "cases": len(run.validation)})
        yield HeldOut(owner, case, radiograph, found, truth, scores, unscored)


def folder_names(run: Run) -> list[str]:
    """A unique name for each of the run's data folders: 1-first, 2-second, ..."""
    return [f"{place}-{folder_name(item['root'])}" for place, item in enumerate(run.data, start=1)]


def short_names(names: Iterable[str]) -> dict[str, str]:
    """How messages call the data folders of `folder_names`: by their own names, if these differ.

    >>> short_names(["1-twelve"]), short_names(["1-data", "2-data"])
    ({'1-twelve': 'twelve'}, {'1-data': 'data (folder 1)', '2-data': 'data (folder 2)'})
    """
    own = {name: name.partition("-")[2] for name in names}
    shared = Counter(own.values())
    return {
        name: folder if shared[folder] == 1 else f"{folder} (folder {name.partition('-')[0]})"
        for name, folder in own.items()
    }


def folder_name(path: str) -> str:
    """The last part of a path with either separator; '' for ''.

    >>> folder_name("C:\\\\data\\\\panoramics\\\\")
    'panoramics'
    """
    return path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
