"""`panodent folds`: scores the runs of a cross-validation together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.console import main_figures, print_line, progress_bar


def folds(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Finished training runs.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for scores.json and an HTML report."),
    ] = None,
) -> None:
    """Score the runs of a cross-validation together.

    Give the finished runs of `panodent train --fold 1/N` to `N/N`. Each radiograph is scored with
    the run that held it out.
    """
    from panodent.reports.evaluation import write
    from panodent.training.cross_validation import evaluate_folds

    with progress_bar("scoring") as update:
        each, together, pictures = evaluate_folds(runs, update)
    for name, evaluation in each.items():
        print_line(f"held out of {name} ({len(evaluation.cases)}): {main_figures(evaluation)}")
    print_line(f"all {len(together.cases)}: {main_figures(together)}")
    if output is not None:
        page = write(together, output, cases=pictures, title="Cross-validation")
        print_line(f"page: {page}")
