"""What the commands refiner and findings share: they train further networks of a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from panodent.cli.console import print_line
from panodent.cli.options import parse_integers
from panodent.errors import ConfigError

LearningRate = Annotated[
    float | None, typer.Option(show_default="0.003", help="Highest learning rate.")
]
Teacher = Annotated[
    str,
    typer.Option(
        "--teacher",
        help="Also learn from the predictions of this run, such as one with more filters.",
    ),
]


def parse_filters(text: str) -> tuple[int, ...]:
    """The numbers of `--filters`; raises `ConfigError` for anything else.

    >>> parse_filters("16,32,64")
    (16, 32, 64)
    """
    expected = "whole numbers such as 16,32,64,96"
    return tuple(parse_integers(text, ",", "--filters", expected))


def check_resumed(others: bool) -> None:
    """Raises `ConfigError` if `others`, options of a new run, were given with --resume."""
    if others:
        raise ConfigError(
            "--resume takes data and settings from the run; give no other option than --output"
        )


def print_progress(kind: str, row: Mapping[str, float], every: int) -> None:
    """Prints a line for every so many steps, and for every fiftieth radiograph of other work.

    >>> print_progress("step", {"step": 40, "steps": 90, "loss": 0.5}, 20)
      step 40/90  loss 0.5000
    >>> print_progress("crops", {"done": 50, "cases": 60}, 20)
      crops: 50 of 60 radiographs
    >>> print_progress("step", {"step": 41, "steps": 90, "loss": 0.5}, 20)
    """
    if kind == "step":
        if int(row["step"]) % every == 0:
            print_line(f"  step {int(row['step'])}/{int(row['steps'])}  loss {row['loss']:.4f}")
    elif int(row["done"]) % 50 == 0:
        print_line(f"  {kind}: {int(row['done'])} of {int(row['cases'])} radiographs")
