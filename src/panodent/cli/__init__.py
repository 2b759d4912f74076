"""The command line `panodent`: one module per command, shared options and console output.

Exit codes: 0 success, 1 an input or the work failed, 2 wrong usage, 130 interrupted (Ctrl-C).
Commands import what they need when they run, so that `panodent --help` starts fast.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from panodent.cli import (
    average,
    benchmark,
    convert,
    correct,
    dicom_node,
    ensemble,
    evaluate,
    findings,
    folds,
    inspect,
    measure,
    phantom,
    predict,
    quantise,
    recipes,
    refiner,
    serve,
    train,
    unet,
)
from panodent.cli.console import print_error
from panodent.errors import ConfigError, PanodentError, UnknownNameError
from panodent.version import __version__

app = typer.Typer(
    name="panodent",
    help="Segment and number (FDI) every tooth in panoramic dental radiographs.\n\n"
    "Research use only: panodent is not a medical device.\n\n"
    "Exit codes: 0 success, 1 an input or the work failed, 2 wrong usage, 130 interrupted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)

COMMANDS = (
    predict.predict,
    train.train,
    recipes.recipes,
    evaluate.evaluate,
    folds.folds,
    average.average,
    ensemble.ensemble,
    measure.measure,
    quantise.quantise,
    refiner.refiner,
    findings.findings,
    convert.convert,
    correct.correct,
    inspect.inspect,
    dicom_node.dicom_node,
    serve.serve,
    benchmark.benchmark,
    phantom.phantom,
    unet.unet,
)
"""The commands in the order of `panodent --help`."""

for _command in COMMANDS:
    app.command()(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"panodent {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Runs the command that `sys.argv` names; errors end it with one line and an exit code."""
    try:
        app()
    except (UnknownNameError, ConfigError) as error:
        _exit(error, 2)
    except PanodentError as error:
        _exit(error, 1)
    except KeyboardInterrupt:
        _exit("interrupted; finished results are kept", 130)


def _exit(message: object, code: int) -> None:
    print_error(message)
    sys.exit(code)
