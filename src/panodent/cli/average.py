"""`panodent average`: averages the weights of networks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.console import main_figures, print_line
from panodent.cli.options import Output, Overwrite, parse_integers, require_keras
from panodent.errors import ConfigError, OutputError
from panodent.utils.output_folder import occupied
from panodent.utils.wording import counted


def average(
    members: Annotated[
        list[Path],
        typer.Argument(metavar="RUN", help="A training run, then more runs or bundles."),
    ],
    output: Output,
    shares: Annotated[
        str,
        typer.Option(
            show_default="equal",
            help="Weight of each network as a whole number, such as 1,5 for two.",
        ),
    ] = "",
    overwrite: Overwrite = False,
) -> None:
    """Average the weights of related networks into one bundle.

    The networks must have been trained from one another, or from a common start. Predicting takes
    no longer than with one of them. The radiographs that the first run held out calibrate and
    score the new bundle.
    """
    require_keras()
    from panodent.bundle.files import RUN_RECORDS
    from panodent.training.held_out import short_names
    from panodent.training.run import reopen
    from panodent.training.run_folder import remove_run
    from panodent.training.weight_averaging import average as average_weights

    if any((output / name).exists() for name in RUN_RECORDS):
        raise ConfigError(f"{output}: holds a training run; give another folder with --output")
    if (output / "bundle").exists() and not overwrite:
        raise OutputError(
            f"{output}: already holds a bundle; replace it with --overwrite, or name another "
            "--output"
        )
    expected = "a whole number for each RUN"
    weights = parse_integers(shares, ",", "--shares", expected, len(members)) if shares else []
    run = reopen(members[0], lambda *_: None)
    radiographs = counted(len(run.validation), "radiograph", "radiographs")
    print_line(f"scored on {radiographs} that {members[0]} held out")
    with occupied(output, "average", keep="bundle"):
        if overwrite:
            remove_run(output, *map(str, members), records=("bundle",))
        bundle, evaluations = average_weights(
            replace(run, folder=output), [str(path) for path in members], weights
        )
    megabytes = len(bundle.network) / 1e6
    print_line(f"bundle {output / 'bundle'}: {len(members)} networks as one of {megabytes:.1f} MB")
    named = short_names(evaluations)
    for name, evaluation in evaluations.items():
        print_line(f"held out of the folder {named[name]}: {main_figures(evaluation)}")
