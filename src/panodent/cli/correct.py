"""`panodent correct`: applies published corrections to public annotations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_faults, print_line, print_warning, progress_bar
from panodent.cli.options import (
    Attribute,
    Encoding,
    FormatName,
    NameMap,
    Numbering,
    Output,
    Overwrite,
    Predictions,
    SkipBad,
    Values,
    read_options,
)
from panodent.formats.registry import WRITTEN, listed
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.datasets.correction import Outcome

LISTED = 5
"""How many corrections without a radiograph are named at most."""


def correct(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", help="Folder of annotated radiographs, as published.")
    ],
    corrections: Annotated[
        str,
        typer.Option(
            "--with",
            help="Corrections: ufba425 or hitl, which panodent includes, or a JSON file.",
        ),
    ],
    output: Output,
    to: Annotated[str, typer.Option(help=f"Format to write: {listed(WRITTEN)}.")] = "coco",
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
    attribute: Attribute = None,
    encoding: Encoding = None,
    predictions: Predictions = False,
    skip_bad: SkipBad = False,
    overwrite: Overwrite = False,
) -> None:
    """Correct the annotations of a public data set.

    Writes the corrected annotations of all radiographs, with copies of the radiographs. A part of
    the data set is enough.
    """
    from panodent.datasets.correction import correct as correct_folder
    from panodent.datasets.correction import load

    chosen = load(corrections)
    with progress_bar("correcting") as update:
        outcome = correct_folder(
            data,
            output,
            chosen,
            to,
            format_name=format_name,
            read_options=read_options(
                values, numbering, name_map, predictions, attribute, encoding
            ),
            skip_bad=skip_bad,
            progress=update,
            overwrite=overwrite,
        )
    _print_summary(outcome, to, output)
    if chosen.attribution:
        print_line(f"attribution: {chosen.attribution}")
    raise typer.Exit(1 if outcome.conversion.failed or outcome.conversion.unread else 0)


def _print_summary(outcome: Outcome, to: str, output: Path) -> None:
    from panodent.datasets.checking import left_out

    conversion = outcome.conversion
    teeth = counted(sum(outcome.changed.values()), "tooth", "teeth")
    radiographs = counted(len(outcome.changed), "radiograph", "radiographs")
    print_line(
        f"{counted(conversion.written, 'radiograph', 'radiographs')} with "
        f"{counted(conversion.teeth, 'tooth', 'teeth')} from "
        f"{conversion.source_format} to {to}: {teeth} of {radiographs} corrected; "
        f"{len(conversion.failed)} failed; in {output}"
    )
    if outcome.unused:
        more = f" and {len(outcome.unused) - LISTED} more" if len(outcome.unused) > LISTED else ""
        print_line(
            f"{counted(len(outcome.unused), 'correction has', 'corrections have')} no radiograph "
            f"here: {', '.join(outcome.unused[:LISTED])}{more}"
        )
    for what, count in sorted(conversion.lost.items()):
        print_warning(f"{to} cannot hold {what}: lost in {count} of {conversion.written}")
    if conversion.without_image:
        print_warning(f"{conversion.without_image} annotations have no radiograph beside them")
    for item in conversion.unread:
        print_warning(f"not read: {item.path}: {item.reason}")
    print_faults(conversion.faults)
    for key, reason in conversion.failed.items():
        print_warning(f"{key} was not corrected: {reason}")
    if what := left_out(conversion.faults):
        print_line(f"left out: {what} that could not be read")
