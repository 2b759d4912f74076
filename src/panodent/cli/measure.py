"""`panodent measure`: measures the teeth of results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.console import print_line, print_warning, progress_bar
from panodent.cli.options import WrittenNumbering, checked_numbering
from panodent.utils.wording import counted


def measure(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Folder written by `panodent predict`.")
    ],
    report: Annotated[
        bool,
        typer.Option(
            "--report", help="Also write a page for printing (HTML and PDF) for each radiograph."
        ),
    ] = False,
    numbering: WrittenNumbering = "fdi",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier call wrote to RESULTS.")
    ] = False,
) -> None:
    """Measure teeth, gaps and third molars in predictions.

    Writes measures.json and measures.csv for each radiograph, and measures.csv for all of them.
    """
    from panodent.reports.measures import CSV, measure_folder

    with progress_bar("measuring") as update:
        written = checked_numbering(numbering)
        done, failed = measure_folder(results, report, update, written, overwrite)
    print_line(f"{counted(done, 'radiograph', 'radiographs')} measured; table: {results / CSV}")
    for reason in failed.values():
        print_warning(reason)
    raise typer.Exit(1 if failed else 0)
