"""Scores the runs of a cross-validation together, each on the radiographs that it held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from panodent.bundle import bundle
from panodent.datasets.dataset import Case
from panodent.errors import DatasetError, TrainingError
from panodent.evaluation.case_scores import CaseScores
from panodent.evaluation.evaluate import Evaluation, summarise
from panodent.evaluation.pairing import CaseLoader
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.training.held_out import folder_names, held_out
from panodent.training.run import reopen

Progress = Callable[[int, int], None]


def evaluate_folds(
    folders: Sequence[Path], progress: Progress | None = None
) -> tuple[dict[str, Evaluation], Evaluation, dict[str, CaseLoader]]:
    """Scores finished runs on what they held out.

    Returns the evaluation of each data folder, the evaluation of all, and what a report draws, by
    case key. Raises `TrainingError` for a run without a bundle, `DatasetError` when two runs held
    out the same radiograph, which would count twice.
    """
    opened = [reopen(folder, lambda *_: None) for folder in folders]
    total = sum(len(run.validation) for run in opened)
    owner_of: dict[Path, Path] = {}
    scores: dict[str, list[CaseScores]] = {}
    pictures: dict[str, CaseLoader] = {}
    done = 0
    for folder, run in zip(folders, opened, strict=True):
        if not (folder / "bundle").is_dir():
            raise TrainingError(
                f"{folder}: the run is not finished; panodent train --resume --output {folder}"
            )
        made = bundle.load(folder)
        for item in held_out(run, made):
            first = owner_of.setdefault(item.case.image.resolve(), folder)
            if first != folder:
                raise DatasetError(
                    f"{item.case.image} was held out by {first} and by {folder}; "
                    "give runs of one cross-validation (--fold 1/N, 2/N, ...)"
                )
            key = f"{item.folder}/{item.case.key}"
            scores.setdefault(item.folder, []).append(replace(item.scores, key=key))
            pictures[key] = partial(_again, made, item.case)
            done += 1
            if progress is not None:
                progress(done, total)
        for name in folder_names(run):
            scores.setdefault(name, [])
    each = {name: summarise(cases) for name, cases in scores.items() if cases}
    return each, summarise([case for cases in scores.values() for case in cases]), pictures


def _again(made: bundle.Bundle, case: Case) -> tuple[Radiograph, Teeth, Teeth]:
    """Radiograph, ground truth and prediction of a case, on demand: reports draw only a few."""
    from panodent.inference.predictor import Predictor

    radiograph = case.radiograph()
    return radiograph, case.teeth(), Predictor(made)(radiograph)
