"""`panodent ensemble`: joins bundles into one whose network averages their probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from panodent.cli.console import print_line
from panodent.cli.options import NewBundle, Overwrite


def ensemble(
    members: Annotated[
        list[Path], typer.Argument(metavar="BUNDLE", help="Bundles or training runs.")
    ],
    output: NewBundle,
    overwrite: Overwrite = False,
) -> None:
    """Join bundles into one that averages their predictions.

    The bundles must have the same input size and classes, such as those of all folds of a
    cross-validation. Predicting takes as long as with all of them one after the other.
    """
    from panodent.bundle import bundle
    from panodent.bundle.ensemble import ensemble as join
    from panodent.bundle.files import check_free

    check_free(output, overwrite)
    joined = join([bundle.load(member) for member in members])
    bundle.save(joined, output)
    megabytes = len(joined.network) / 1e6
    print_line(f"bundle {output}: {len(members)} networks, {megabytes:.1f} MB")
