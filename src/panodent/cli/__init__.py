"""The command line `panodent`: one module per command, shared options and console output.

Exit codes: 0 success, 1 an input or the work failed, 2 wrong usage, 130 interrupted (Ctrl-C), 143
terminated (SIGTERM).
Commands import what they need when they run, so that `panodent --help` starts fast.
"""

from __future__ import annotations

import atexit
import gc
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Annotated

import typer

from panodent.cli.console import print_error, print_warning
from panodent.errors import ConfigError, FaultyItemsError, PanodentError, UnknownNameError
from panodent.version import __version__

COMMANDS = (
    "predict",
    "merge",
    "train",
    "recipes",
    "evaluate",
    "folds",
    "average",
    "ensemble",
    "measure",
    "quantise",
    "refiner",
    "findings",
    "convert",
    "correct",
    "inspect",
    "dicom_node",
    "dicomweb",
    "deidentify",
    "serve",
    "benchmark",
    "phantom",
    "unet",
)
"""The commands in the order of `panodent --help`: each a function in the module of its name."""

app: typer.Typer
"""All commands; see `__getattr__`."""


@cache
def made_app(commands: Sequence[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands."""
    made = typer.Typer(
        name="panodent",
        help="Segment and number (FDI) every tooth in panoramic dental radiographs.\n\n"
        "Research use only: panodent is not a medical device.\n\n"
        "Exit codes: 0 success, 1 an input or the work failed, 2 wrong usage, 130 interrupted.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
    )
    made.callback()(_root)
    for name in commands:
        made.command()(getattr(import_module(f"panodent.cli.{name}"), name))
    return made


def __getattr__(name: str) -> typer.Typer:
    """Makes `app` where it is asked for: importing all commands takes as long as a network."""
    if name == "app":
        return made_app()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"panodent {__version__}")
        raise typer.Exit


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
    # A command that is named is made alone: to make all takes a twentieth of a prediction.
    named = tuple(name for name in COMMANDS if sys.argv[1:2] == [name.replace("_", "-")])
    # Else Python searches all that was imported for unused objects before it ends: 60 ms.
    atexit.register(gc.freeze)
    try:
        with _ending_on_sigterm():
            made_app(named or COMMANDS)()
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
