"""`panodent phantom`: draws synthetic radiographs with their ground truth."""

from __future__ import annotations

from typing import Annotated

import typer

from panodent.cli.console import print_line, progress_bar
from panodent.cli.options import Output, Overwrite, parse_integers, parse_size
from panodent.utils.wording import counted


def phantom(
    output: Output,
    count: Annotated[int, typer.Option(min=1, help="Number of phantoms.")] = 1,
    seed: Annotated[
        int, typer.Option(help="Random seed of the first phantom; the others follow.")
    ] = 0,
    size: Annotated[
        str, typer.Option(help="Size of the radiographs, HEIGHTxWIDTH in pixels.")
    ] = "1024x2048",
    ages: Annotated[
        str,
        typer.Option(
            metavar="YOUNGEST,OLDEST",
            help="Draw children of random ages between these, in years from 5 to 14, with "
            "deciduous teeth and germs; adults if left out.",
        ),
    ] = "",
    findings: Annotated[
        bool,
        typer.Option(
            "--findings", help="Also write findings.json: the fillings, crowns and root fillings."
        ),
    ] = False,
    dicom: Annotated[
        bool, typer.Option("--dicom", help="Write DICOM files instead of PNG.")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Draw synthetic panoramic radiographs with ground truth.

    Writes the radiographs to images/ and their annotations to truth.json (COCO).
    """
    from panodent.phantom import write

    limits = parse_integers(ages, ",", "--ages", "two ages such as 5,14", 2) if ages else None
    with progress_bar("drawing") as update:
        write(
            output,
            count,
            seed,
            parse_size(size),
            update,
            dicom,
            ages=(limits[0], limits[1]) if limits else None,
            findings=findings,
            overwrite=overwrite,
        )
    print_line(f"{counted(count, 'phantom', 'phantoms')} with ground truth in {output}")
