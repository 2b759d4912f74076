"""Folders of annotated radiographs: scored against, converted, checked, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.options import FORMATS, FormatName, NameMap, Numbering, Output, Values, reading


def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Folder that `panodent predict` wrote.")],
    truth: Annotated[Path, typer.Argument(help="Folder of annotated radiographs.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for scores.json and a page.")
    ] = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    table: NameMap = None,
    surfaces: Annotated[bool, typer.Option(help="Measure HD95 and NSD too (slower).")] = False,
    resize: Annotated[
        bool, typer.Option("--resize", help="Resize predictions of another size than the truth.")
    ] = False,
    samples: Annotated[int, typer.Option(min=0, help="Bootstrap samples for intervals.")] = 1000,
) -> None:
    """Score predictions against the truth, with 95 % intervals."""
    from panodent.commands import annotated

    raise typer.Exit(
        annotated.evaluate(
            predictions,
            truth,
            output,
            format_name,
            reading(values, numbering, table),
            surfaces,
            resize,
            samples,
        )
    )


def convert(
    source: Annotated[Path, typer.Argument(help="Folder of annotated radiographs, or a file.")],
    target: Annotated[Path, typer.Argument(help="New folder.")],
    to: Annotated[str, typer.Option(help=f"Format to write: {FORMATS}.")],
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    table: NameMap = None,
    write_numbering: Annotated[
        str | None, typer.Option(help="Numbering of class names to write: fdi, universal, palmer.")
    ] = None,
    geometry: Annotated[
        str | None,
        typer.Option(
            help="polygon writes outlines where a format (coco, cvat, label-studio) has masks too."
        ),
    ] = None,
    images: Annotated[str, typer.Option(help="Radiographs: copy, link or none.")] = "copy",
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a call cut off.")] = False,
) -> None:
    """Convert annotations from one format to another, with their radiographs."""
    from panodent.commands import annotated

    read_options = reading(values, numbering, table)
    write_options = {"numbering": write_numbering, "geometry": geometry}
    raise typer.Exit(
        annotated.convert(
            source, target, to, format_name, read_options, write_options, images, resume
        )
    )


def inspect(
    data: Annotated[Path, typer.Argument(help="Folder of annotated radiographs.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a page with pictures.")
    ] = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    table: NameMap = None,
) -> None:
    """Check a data folder before training on it."""
    from panodent.commands import annotated

    raise typer.Exit(
        annotated.inspect(data, output, format_name, reading(values, numbering, table))
    )


def phantom(
    output: Output,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the first.")] = 0,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH in pixels.")] = "1024x2048",
    dicom: Annotated[bool, typer.Option("--dicom", help="As DICOM files instead of PNG.")] = False,
) -> None:
    """Draw synthetic panoramic radiographs with their truth (COCO)."""
    from panodent.commands import annotated

    raise typer.Exit(annotated.phantom(output, count, seed, size, dicom))
