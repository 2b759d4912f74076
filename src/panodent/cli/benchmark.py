"""`panodent benchmark`: measures the speed of panodent on this computer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.console import print_line
from panodent.cli.options import BundleName


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
    bundle: BundleName = "default",
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
    import json

    from panodent.benchmark.formatting import lines
    from panodent.benchmark.report import BenchmarkSettings, measure

    settings = BenchmarkSettings(
        images=images,
        against=tuple(against or ()),
        python=peer_python or sys.executable,
        bundle=bundle,
        rounds=rounds,
        count=count,
        scaling=scaling,
        preload="panodent.cli",
    )
    report = measure(settings, lambda text: print(f"measuring: {text}", file=sys.stderr))
    print_line(json.dumps(report.to_dict(), indent=1) if as_json else "\n".join(lines(report)))
