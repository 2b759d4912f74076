"""The command line: parse, call, report, exit code; nothing else.

A file a group of commands; `panodent.commands` does their work. Exit codes: 0 all done, 1 some
input or the work failed, 2 usage.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from panodent.cli import annotated, benchmarking, networks, predicting, serving, training
from panodent.errors import ConfigError, PanodentError, UnknownNameError
from panodent.version import __version__

app = typer.Typer(
    name="panodent",
    help="Every tooth of a panoramic dental radiograph as its own mask with its FDI number.\n\n"
    "Research use only: panodent is not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)

COMMANDS = (
    predicting.predict,
    training.train,
    annotated.evaluate,
    training.folds,
    training.average,
    networks.ensemble,
    predicting.measure,
    networks.quantise,
    annotated.convert,
    annotated.inspect,
    serving.dicom_node,
    serving.serve,
    benchmarking.benchmark,
    annotated.phantom,
    networks.unet,
)
"""In the order in which `panodent --help` lists them."""

for _command in COMMANDS:
    app.command()(_command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"panodent {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The `panodent` command."""
    try:
        app()
    except (UnknownNameError, ConfigError) as error:
        _exit(error, 2)
    except PanodentError as error:
        _exit(error, 1)
    except KeyboardInterrupt:
        _exit("interrupted; what was finished is kept", 130)


def _exit(message: object, code: int) -> None:
    from panodent.cli.console import fail

    fail(message)
    sys.exit(code)
