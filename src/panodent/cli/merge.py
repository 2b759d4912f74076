"""`panodent merge`: joins the tables of the parts of a call of `panodent predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.console import print_line
from panodent.utils.wording import counted


def merge(
    folder: Annotated[
        Path, typer.Argument(metavar="OUT", help="Output folder of panodent predict --part.")
    ],
    incomplete: Annotated[
        bool,
        typer.Option("--incomplete", help="Merge although parts are missing or not finished."),
    ] = False,
) -> None:
    """Join the tables of all parts of a prediction.

    Writes run.json, predictions.json, teeth.csv and, with findings, findings.json and findings.csv
    as one call of panodent predict for all radiographs would have written them. The exit code is 1
    if a radiograph failed.
    """
    from panodent.outputs.merging import merge_parts

    run = merge_parts(folder, incomplete=incomplete)
    parts = counted(len(run["parts"]), "part", "parts")
    print_line(
        f"{parts}: {counted(run['done'], 'radiograph', 'radiographs')}, {run['failed']} failed"
        + ("" if run["complete"] else "; not complete")
        + f"; results in {folder}"
    )
    raise typer.Exit(1 if run["failed"] else 0)
