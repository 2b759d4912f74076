"""`panodent folds`: scores the runs of a cross-validation together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.options import Overwrite
from panodent.cli.training_session import score_folds, write_folds


def folds(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Finished training runs.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for scores.json and an HTML report."),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Score the runs of a cross-validation together.

    Give the finished runs of `panodent train --fold 1/N` to `N/N`. Each radiograph is scored with
    the run that held it out. The folder of `panodent train --folds N` stands for all its runs.
    """
    from panodent.reports.report_folder import FOLDS, check_free, replacing
    from panodent.training.run import fold_folders

    check_free(output, FOLDS, overwrite)
    scored = score_folds([run for given in runs for run in fold_folders(given) or [given]])
    if output is not None:
        with replacing(output, FOLDS, overwrite):
            write_folds(scored, output)
