"""The command line `panodent`: one module per command, shared options and console output.

Exit codes: 0 success, 1 an input or the work failed, 2 wrong usage, 130 interrupted (Ctrl-C), 143
terminated (SIGTERM).
Commands import what they need when they run, so that `panodent --help` starts fast.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from panodent.cli import (
    average,
    benchmark,
    convert,
    correct,
    deidentify,
    dicom_node,
    dicomweb,
    ensemble,
    evaluate,
    findings,
    folds,
    inspect,
    measure,
    merge,
    phantom,
    predict,
    quantise,
    recipes,
    refiner,
    serve,
    train,
    unet,
)
from panodent.cli.console import print_error, print_warning
from panodent.errors import ConfigError, FaultyItemsError, PanodentError, UnknownNameError
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
    merge.merge,
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
    dicomweb.dicomweb,
    deidentify.deidentify,
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
        with _ending_on_sigterm():
            app()
    except (UnknownNameError, ConfigError) as error:
        _exit(error, 2)
    except FaultyItemsError as error:
        for fault in error.faults:
            print_warning(fault)
        _exit(error.summary, 1)
    except PanodentError as error:
        _exit(error, 1)
    except OSError as error:  # such as a full disk; the place says more than a traceback
        if error.strerror is None:
            raise
        _exit(": ".join(str(part) for part in (error.filename, error.strerror) if part), 1)
    except KeyboardInterrupt:
        _exit("interrupted; finished results are kept", 130)


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Ends the command with exit code 143 on SIGTERM, so that incomplete files are deleted.

    Job schedulers send it before they kill. Commands that serve handle it themselves.
    """

    def end(*_: object) -> None:
        _exit("terminated; finished results are kept", 143)

    try:
        before = signal.signal(signal.SIGTERM, end)
    except ValueError:  # not in the main thread
        before = None
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _exit(message: object, code: int) -> None:
    print_error(message)
    sys.exit(code)
