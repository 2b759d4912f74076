"""`panodent benchmark`: measures the speed of panodent on this computer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.console import print_lines
from panodent.cli.options import BundleName

Variants = Annotated[
    bool,
    typer.Option(
        "--variants",
        help="Also predict the folder with odontograms, without pictures, and with --fast if the "
        "bundle has eight-bit networks.",
    ),
]


def benchmark(
    images: Annotated[
        Path | None,
        typer.Option(show_default="phantoms", help="Folder of radiographs to measure on."),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            help="Program to compare with; may be repeated: seed-keras, yolo-onnx, yolo-onnx-boxes."
        ),
    ] = None,
    peer_python: Annotated[
        str,
        typer.Option(
            show_default="this one",
            help="Python interpreter with the packages that those programs need.",
        ),
    ] = "",
    bundle: BundleName = "default",
    rounds: Annotated[int, typer.Option(min=1, help="Number of repetitions.")] = 10,
    count: Annotated[
        int,
        typer.Option(
            min=0, help="Radiographs in the folder that is predicted as a whole; 0: no folder."
        ),
    ] = 40,
    scaling: Annotated[
        bool,
        typer.Option(
            "--scaling",
            help="Also measure folders of 1 to 1000 radiographs and widths of 512 to 6000 pixels.",
        ),
    ] = False,
    variants: Variants = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Measure the speed of panodent on this computer.

    Measures each stage, in a running process (warm) and in a new one (cold), and optionally other
    programs in turns with panodent.
    """
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
        variants=variants,
        preload="panodent.cli.predict",
    )
    report = measure(settings, lambda text: print(f"measuring: {text}", file=sys.stderr))
    print_lines(json.dumps(report.to_dict(), indent=1) if as_json else "\n".join(lines(report)))
