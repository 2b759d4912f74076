"""Scores the runs of a cross-validation together, each on the radiographs that it held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from panodent.bundle import bundle
from panodent.datasets.dataset import Case
from panodent.datasets.radiograph_digest import digest
from panodent.errors import DatasetError, TrainingError
from panodent.evaluation.case_scores import CaseScores
from panodent.evaluation.evaluate import Evaluation, summarise
from panodent.evaluation.pairing import CaseLoader
from panodent.evaluation.seen_cases import about_seen
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.training.held_out import folder_names, held_out
from panodent.training.recipes import load_config
from panodent.training.run import Run, reopen
from panodent.training.seen import seen_by
from panodent.utils.progress import Progress


def evaluate_folds(
    folders: Sequence[Path], progress: Progress | None = None
) -> tuple[dict[str, Evaluation], Evaluation, dict[str, CaseLoader]]:
    """Scores finished runs on what they held out.

    Returns the evaluation of each data folder, the evaluation of all, and what a report draws, by
    case key. The notes of the second tell of radiographs that the bundles which the runs started
    from were trained on. Raises `TrainingError` for a run without a bundle, `DatasetError` when the
    runs are not of one cross-validation, or two held out the same radiograph.
    """
    missing_folds(folders)
    opened = [reopen(folder, lambda *_: None) for folder in folders]
    _check_held_out_once(folders, opened)
    total = sum(len(run.validation) for run in opened)
    known: dict[str, list[str]] = {}
    seen = {run.start: seen_by(run.start) for run in opened}
    scores: dict[str, list[CaseScores]] = {}
    pictures: dict[str, CaseLoader] = {}
    done = 0
    for folder, run in zip(folders, opened, strict=True):
        made = bundle.load(folder)
        for item in held_out(run, made):
            key = f"{item.folder}/{item.case.key}"
            scores.setdefault(item.folder, []).append(replace(item.scores, key=key))
            pictures[key] = partial(_again, made, item.case)
            if seen[run.start].digests and digest(item.radiograph) in seen[run.start]:
                known.setdefault(run.start, []).append(key)
            done += 1
            if progress is not None:
                progress(done, total)
        for name in folder_names(run):
            scores.setdefault(name, [])
    each = {name: summarise(cases) for name, cases in scores.items() if cases}
    every = [case for cases in scores.values() for case in cases]
    about = (
        about_seen(start, seen[start], known.get(start, ()), len(every)) for start in seen if start
    )
    return each, summarise(every, notes=[text for text in about if text]), pictures


def _check_held_out_once(folders: Sequence[Path], opened: Sequence[Run]) -> None:
    """Raises `TrainingError` for a run without a bundle, `DatasetError` for a case of two runs."""
    owner_of: dict[Path, Path] = {}
    for folder, run in zip(folders, opened, strict=True):
        if not (folder / "bundle").is_dir():
            raise TrainingError(
                f"{folder}: the run is not finished; panodent train --resume --output {folder}"
            )
        for case in run.validation:
            first = owner_of.setdefault(case.image.resolve(), folder)
            if first != folder:
                raise DatasetError(
                    f"{case.image} was held out by {first} and by {folder}; "
                    "give runs of one cross-validation (--fold 1/N, 2/N, ...)"
                )


def missing_folds(folders: Sequence[Path]) -> list[int]:
    """The folds of the cross-validation that no run in `folders` held out, from 1.

    Runs that held out a share instead of a fold are not counted. Raises `DatasetError` when a fold
    is given twice or the runs differ in the number of folds or in their split seed, and
    `TrainingError` when a folder holds no run.
    """
    owner: dict[tuple[int, int, int], Path] = {}
    for folder in folders:
        config, _ = load_config(folder)
        if config.fold is None:
            continue
        number, count = config.fold
        first = next(iter(owner), (number, count, config.split_seed))
        if (count, config.split_seed) != first[1:]:
            raise DatasetError(
                f"{folder} held out fold {number}/{count} with split seed {config.split_seed}, "
                f"{owner[first]} fold {first[0]}/{first[1]} with split seed {first[2]}; "
                "give runs of one cross-validation"
            )
        if (known := owner.get((number, count, config.split_seed))) is not None:
            raise DatasetError(
                f"{known} and {folder} both held out fold {number}/{count}; give each fold once"
            )
        owner[number, count, config.split_seed] = folder
    if not owner:
        return []
    held = {number for number, _, _ in owner}
    return [number for number in range(1, next(iter(owner))[1] + 1) if number not in held]


def _again(made: bundle.Bundle, case: Case) -> tuple[Radiograph, Teeth, Teeth]:
    """Radiograph, ground truth and prediction of a case, on demand: reports draw only a few."""
    from panodent.inference.predictor import Predictor

    radiograph = case.radiograph()
    return radiograph, case.teeth(), Predictor(made)(radiograph)
