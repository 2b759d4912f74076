"""What `panodent train` does once its runs are prepared, and the scoring of their folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from panodent.cli.console import (
    MAIN_FIGURES,
    TrainingProgress,
    main_figures,
    print_line,
    print_warning,
    progress_bar,
)
from panodent.errors import ConfigError
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.evaluation.evaluate import Evaluation
    from panodent.evaluation.pairing import CaseLoader
    from panodent.training.device_group import DeviceGroup
    from panodent.training.run import Run


def train_together(group: DeviceGroup, begin: Callable[[DeviceGroup], int]) -> int:
    """Calls `begin` in the process that writes; the others train what it shares. The exit code."""
    from panodent.training.group_run import received_run, reporting_failure
    from panodent.training.loop import fit

    code = 0
    try:
        if group.writes:
            with reporting_failure(group):
                code = begin(group)
        else:
            with received_run(group) as run:
                fit(run, resume=True, group=group)
                group.disconnect()
    except KeyboardInterrupt:
        group.exit_at_once(130)
        raise
    if code == 130:
        group.exit_at_once(code)
    return code


def continue_run(output: Path, epochs: int | None, patience: int | None, group: DeviceGroup) -> int:
    """Goes on with the run in a folder, or with those of a cross-validation; the exit code."""
    from panodent.training.continuation import extend, history_of
    from panodent.training.recipes import load_config
    from panodent.training.run import fold_folders, reopen
    from panodent.training.run_folder import STATE, holding_run

    folders = fold_folders(output)
    if not folders:
        load_config(output)  # without a run nothing is made
    elif group.processes > 1:
        raise ConfigError(
            f"{output} holds the folds of a cross-validation, and several processes train one run; "
            f"name one of them, such as {folders[0]}"
        )
    with holding_run(output, "train", keep=folders[0].name if folders else STATE):
        for folder in folders or [output]:
            if epochs is not None or patience is not None:
                extend(folder, epochs, patience)
        if folders:
            runs = [reopen(folder, _quiet) for folder in folders]
            return train_runs(output, runs, group, resume=True)
        config, _ = load_config(output)
        progress = TrainingProgress(config.epochs, len(history_of(output)))
        return train_run(reopen(output, progress.report), progress, group, resume=True)


def _quiet(*_: object) -> None:
    """Reports nothing."""


def train_runs(output: Path, runs: Sequence[Run], group: DeviceGroup, resume: bool = False) -> int:
    """Trains the runs of a cross-validation one after another and scores them together.

    With `resume` those that are finished are left as they are. Returns the exit code.
    """
    from panodent.training.continuation import history_of, is_finished

    for run in runs:
        print_line(f"{run.folder.name} of {len(runs)}:")
        if resume and is_finished(run.folder):
            print_line("finished before")
            continue
        progress = TrainingProgress(run.config.epochs, len(history_of(run.folder)))
        run.report = progress.report
        if code := train_run(run, progress, group, resume, output):
            return code
    write_folds(score_folds([run.folder for run in runs]), output)
    return 0


def train_run(
    run: Run,
    progress: TrainingProgress,
    group: DeviceGroup,
    resume: bool = False,
    output: Path | None = None,
) -> int:
    """Trains and writes the bundle. Ctrl-C ends training early: the exit code is then 130.

    `output` is the folder that --resume takes, if it is not the run's own.
    """
    from panodent.training.finalise import finalise
    from panodent.training.group_run import broadcast_run
    from panodent.training.held_out import short_names
    from panodent.training.loop import fit
    from panodent.training.run_data import data_notes
    from panodent.training.tracking import tracking

    for note in data_notes(run.data):
        print_warning(note)
    print_line(
        f"{counted(len(run.training), 'radiograph', 'radiographs')} to train on, "
        f"{len(run.validation)} held out"
    )
    interrupted = False
    with progress, tracking(run) as track:
        try:
            broadcast_run(run, group, resume)
            fit(run, resume, group)
            group.disconnect()
        except KeyboardInterrupt:
            interrupted = True
            track.status = "stopped"
            if group.processes > 1:
                print_line("interrupted; continue in all processes with --resume")
                return 130
            if not run.best.exists():
                print_line(
                    "interrupted before the first epoch was finished; there is nothing to keep"
                )
                return 130
            print_line("interrupted; the best finished epoch becomes the bundle")
        bundle, evaluations = finalise(run)
        track.log(_scores(evaluations))
    exported = bundle.provenance["export"]
    compared = counted(exported["radiographs_compared"], "radiograph", "radiographs")
    print_line(
        f"bundle {run.folder / 'bundle'}: weights of epoch {bundle.provenance['epoch']}; its "
        f"answers on {compared} differ from those of training by at most "
        f"{exported['largest_logit_difference']} (logits)"
    )
    named = short_names(evaluations)
    for name, evaluation in evaluations.items():
        print_line(f"held out of the folder {named[name]}: {main_figures(evaluation)}")
    if evaluations:
        print_line(f"panels in {run.folder / 'panels'}, curves in {run.folder / 'curves.png'}")
    if interrupted:
        print_line(f"continue with: panodent train --resume --output {output or run.folder}")
    return 130 if interrupted else 0


def _scores(evaluations: Mapping[str, Evaluation]) -> dict[str, float]:
    """The main figures of each data folder, such as 'held_out/data/dice'."""
    return {
        f"held_out/{name}/{key}": figure.value
        for name, evaluation in evaluations.items()
        for key in MAIN_FIGURES
        if (figure := evaluation.figures.get(key)) is not None and figure.value is not None
    }


def prepared(output: Path, folds: int | None = None) -> int:
    """Says how runs that were only prepared are trained; returns the exit code."""
    if folds:
        print_line(f"{folds} folds prepared; train them with panodent folds {output} --train")
    else:
        print_line(f"prepared; train it with panodent train --resume --output {output}")
    return 0


def score_folds(runs: Sequence[Path]) -> tuple[Evaluation, dict[str, CaseLoader]]:
    """Scores the runs of a cross-validation; returns the scores of all, and what to draw of them.

    Prints the main figures of each run and of all together.
    """
    from panodent.training.cross_validation import evaluate_folds, missing_folds
    from panodent.training.held_out import short_names

    if missing := missing_folds(runs):
        one = len(missing) == 1
        print_warning(
            f"fold{'' if one else 's'} {', '.join(map(str, missing))} {'is' if one else 'are'} "
            f"missing, so {'its' if one else 'their'} radiographs are not scored; train "
            f"{'it' if one else 'them'} with panodent train --fold"
        )
    with progress_bar("scoring") as update:
        each, together, pictures = evaluate_folds(runs, update)
    named = short_names(each)
    for name, evaluation in each.items():
        count, figures = len(evaluation.cases), main_figures(evaluation)
        print_line(f"held out of the folder {named[name]} ({count}): {figures}")
    print_line(f"all {len(together.cases)}: {main_figures(together)}")
    for note in together.notes:
        print_warning(note)
    return together, pictures


def write_folds(scored: tuple[Evaluation, dict[str, CaseLoader]], output: Path) -> None:
    """Writes the page about what `score_folds` returned into a folder."""
    from panodent.reports.evaluation import write

    page = write(scored[0], output, cases=scored[1], title="Cross-validation")
    print_line(f"page: {page}")
