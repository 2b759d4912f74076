"""How fast panodent is here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def benchmark(
    images: Annotated[
        Path | None, typer.Option(help="Folder of radiographs; phantoms if left out.")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            help="Peer to measure beside (repeat): seed-keras, yolo-onnx, yolo-onnx-boxes."
        ),
    ] = None,
    peer_python: Annotated[
        str, typer.Option(help="Python that has what the peers require; this one if left out.")
    ] = "",
    bundle: Annotated[str, typer.Option(help="Bundle folder or training run.")] = "default",
    rounds: Annotated[int, typer.Option(min=1, help="How often everything is measured.")] = 10,
    count: Annotated[
        int, typer.Option(min=0, help="Radiographs in the folder that is measured; 0: no folder.")
    ] = 40,
    scaling: Annotated[
        bool, typer.Option("--scaling", help="Folders of 1 to 1000 and widths of 512 to 6000 too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Measure how fast panodent is here, stage by stage, warm and cold, beside its peers."""
    from panodent.commands import benchmarking

    raise typer.Exit(
        benchmarking.benchmark(
            images, against or [], peer_python, bundle, rounds, count, scaling, as_json
        )
    )
