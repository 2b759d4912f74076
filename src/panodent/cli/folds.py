"""`panodent folds`: scores the runs of a cross-validation, and trains them side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from panodent.cli.console import print_error, print_line
from panodent.cli.options import Overwrite
from panodent.cli.training_session import score_folds, write_folds
from panodent.errors import ConfigError


def folds(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Training runs.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for scores.json and an HTML report."),
    ] = None,
    train: Annotated[
        bool, typer.Option("--train", help="First train the runs that are not finished.")
    ] = False,
    devices: Annotated[
        str | None,
        typer.Option(
            help="With --train: numbers of CUDA devices such as 0,1; each trains one run at a time."
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default="1",
            help="With --train: number of runs trained at the same time on the processors, which "
            "they share equally.",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Train and score the runs of a cross-validation.

    Give the finished runs of `panodent train --fold 1/N` to `N/N`. Each radiograph is scored with
    the run that held it out. For all runs of `panodent train --folds N`, give its output folder.

    With --train, runs that `panodent train --folds N --prepare` wrote are trained first, each in a
    process of its own; interrupted ones are continued. A run that fails does not stop the others.
    """
    from panodent.reports.report_folder import FOLDS, check_free, replacing
    from panodent.training.run import fold_folders

    if not train and (devices or jobs):
        raise ConfigError("--devices and --jobs say where runs are trained; add --train")
    check_free(output, FOLDS, overwrite)
    folders = [run for given in runs for run in fold_folders(given) or [given]]
    if train:
        _train(folders, devices, jobs)
    scored = score_folds(folders)
    if output is not None:
        with replacing(output, FOLDS, overwrite):
            write_folds(scored, output)


def _train(folders: Sequence[Path], devices: str | None, jobs: int | None) -> None:
    """Trains the runs that are not finished; exits where one fails, or after Ctrl-C."""
    from panodent.cli.options import require_keras
    from panodent.training.continuation import is_finished
    from panodent.training.side_by_side import (
        LOG,
        check_devices,
        device_slots,
        last_line,
        processor_slots,
        train_side_by_side,
    )

    require_keras()
    if devices and jobs:
        raise ConfigError("--devices trains on GPUs and --jobs on processors; give one of the two")
    slots = device_slots(devices) if devices else processor_slots(jobs) if jobs else None
    open_runs = [folder for folder in folders if not is_finished(folder)]
    if devices and open_runs:
        check_devices(devices)
    for folder in folders:
        if folder not in open_runs:
            print_line(f"{folder.name}: finished before")
    progress = FoldsProgress(open_runs)
    try:
        with progress:
            codes = train_side_by_side(open_runs, slots, progress.report)
    except KeyboardInterrupt:
        print_line("interrupted; complete epochs are kept, and the same command goes on")
        raise typer.Exit(130) from None
    failed = [folder for folder in open_runs if codes[folder]]
    for folder in failed:
        why = last_line(folder).removeprefix("error: ")
        print_error(f"{folder.name}: {why} (all in {folder / LOG})")
    print_line(f"{len(folders) - len(failed)} of {len(folders)} runs are finished")
    if failed:
        raise typer.Exit(1)


class FoldsProgress:
    """One line of progress for each run; where there is no terminal, a line for each epoch."""

    def __init__(self, folders: Sequence[Path]) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        from panodent.training.continuation import history_of
        from panodent.training.recipes import load_config

        self.epochs = {folder: load_config(folder)[0].epochs for folder in folders}
        self.lines = not sys.stderr.isatty()
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            disable=self.lines,
        )
        self.tasks = {
            folder: self.progress.add_task(
                folder.name, total=total, completed=len(history_of(folder)), text="waits"
            )
            for folder, total in self.epochs.items()
        }

    def __enter__(self) -> FoldsProgress:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def report(self, folder: Path, event: str, row: dict[str, Any]) -> None:
        """Shows that a run starts, that an epoch is complete, or how a run ended."""
        if event == "start":
            text = f"trains on {row['place']}"
        elif event == "epoch":
            self.progress.update(self.tasks[folder], completed=row["epoch"])
            text = f"loss {row['loss']:.4f}  dice {row['val_dice']:.4f}"
        else:
            text = f"failed with exit code {row['code']}" if row["code"] else "finished"
        self.progress.update(self.tasks[folder], text=text)
        if self.lines:
            epoch = f"epoch {row['epoch']:.0f}/{self.epochs[folder]}  " if event == "epoch" else ""
            print_line(f"{folder.name}: {epoch}{text}")
