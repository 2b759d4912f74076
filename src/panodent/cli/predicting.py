"""From radiographs to teeth, from teeth to millimetres."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.options import Output


def predict(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Radiographs, or folders of them.")
    ],
    output: Output,
    bundle: Annotated[
        str, typer.Option(help="Bundle folder or training run to predict with.")
    ] = "default",
    resume: Annotated[bool, typer.Option("--resume", help="Skip what is done already.")] = False,
    overlay: Annotated[bool, typer.Option(help="Write overlay.png.")] = True,
    chart: Annotated[
        bool, typer.Option("--chart", help="Write the odontogram as SVG and PNG too.")
    ] = False,
    mirror: Annotated[
        bool,
        typer.Option("--tta", help="Ask of the mirror image too: a little better, slower."),
    ] = False,
    dicom_seg: Annotated[
        bool, typer.Option("--dicom-seg", help="Write a DICOM segmentation (DICOM input).")
    ] = False,
    dicom_pr: Annotated[
        bool, typer.Option("--dicom-pr", help="Write outlines as a DICOM presentation state.")
    ] = False,
    dicom_sr: Annotated[
        bool, typer.Option("--dicom-sr", help="Write a DICOM structured report.")
    ] = False,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Largest radiograph accepted, in pixels.")
    ] = 100_000_000,
    workers: Annotated[
        int, typer.Option(min=0, help="Radiographs in work at a time; 0: one a core.")
    ] = 0,
    threads: Annotated[
        int, typer.Option(min=0, help="Threads of the network; 0: what suits the workers.")
    ] = 0,
) -> None:
    """Find and number the teeth of radiographs."""
    from panodent.commands import predicting

    raise typer.Exit(
        predicting.predict(
            paths,
            output,
            bundle=bundle,
            threads=threads,
            workers=workers,
            resume=resume,
            pictures=overlay,
            chart=chart,
            mirror=mirror,
            dicom={"seg": dicom_seg, "pr": dicom_pr, "sr": dicom_sr},
            max_pixels=max_pixels,
        )
    )


def measure(
    results: Annotated[Path, typer.Argument(help="Folder that `panodent predict` wrote.")],
    report: Annotated[
        bool, typer.Option("--report", help="Write a page to print, as HTML and PDF.")
    ] = False,
) -> None:
    """Measure teeth, gaps and third molars of results."""
    from panodent.commands import predicting

    raise typer.Exit(predicting.measure(results, report))
