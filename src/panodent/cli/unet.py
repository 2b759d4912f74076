"""`panodent unet`: prints a network's layers and draws its architecture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.console import print_line, print_lines
from panodent.cli.options import parse_size, require_keras


def unet(
    network: Annotated[str, typer.Option(help="Network: default or seed.")] = "default",
    size: Annotated[
        str, typer.Option(help="Input size of the network, HEIGHTxWIDTH in pixels.")
    ] = "256x512",
    summary: Annotated[bool, typer.Option("--summary", help="Also print every layer.")] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="PNG file for the diagram of the architecture.")
    ] = Path("architecture.png"),
) -> None:
    """Print a network's layers and draw its architecture."""
    require_keras()
    from panodent.training.diagram import draw
    from panodent.training.unet import build, named
    from panodent.utils.atomic_files import write_whole

    model = build(named(network), parse_size(size))
    if summary:
        model.summary(line_length=110, print_fn=print_lines)
    write_whole(output, draw(model, network))
    print_line(f"{network}: {model.count_params():,} parameters; picture in {output}")
