"""Networks and bundles made from other bundles, or drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def ensemble(
    members: Annotated[
        list[Path], typer.Argument(metavar="BUNDLE...", help="Bundles or training runs.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the new bundle.")],
) -> None:
    """Join bundles of one kind, such as those of all folds, into one that averages them."""
    from panodent.commands import networks

    raise typer.Exit(networks.ensemble(members, output))


def quantise(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Radiographs to take ranges from.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the new bundle.")],
    bundle: Annotated[str, typer.Option(help="Bundle folder or training run.")] = "default",
    count: Annotated[int, typer.Option(min=1, help="How many radiographs at most.")] = 64,
) -> None:
    """Make a bundle that counts in eight-bit integers: smaller, faster on new processors."""
    from panodent.commands import networks

    raise typer.Exit(networks.quantise(paths, output, bundle, count))


def unet(
    network: Annotated[str, typer.Option(help="default or seed.")] = "default",
    size: Annotated[str, typer.Option(help="Frame, HEIGHTxWIDTH.")] = "256x512",
    summary: Annotated[bool, typer.Option("--summary", help="Print every layer.")] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the picture of the architecture goes.")
    ] = Path("architecture.png"),
) -> None:
    """Print a network's layers and draw its architecture."""
    from panodent.commands import networks

    raise typer.Exit(networks.unet(network, size, summary, output))
