"""`panodent inspect`: checks a folder of annotated radiographs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_line, print_warning, progress_bar
from panodent.cli.options import FormatName, NameMap, Numbering, Values, read_options

if TYPE_CHECKING:
    from panodent.datasets.inspection import Inspection

LISTED = 20
"""How many suspicious annotations are printed at most; the page lists all."""
RAREST = 4


def inspect(
    data: Annotated[Path, typer.Argument(help="Folder of annotated radiographs.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for an HTML report with pictures.")
    ] = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
) -> None:
    """Check a folder of annotated radiographs before training.

    Reports missing and damaged files, duplicates and suspicious annotations.
    """
    from panodent.datasets.inspection import inspect as inspect_folder
    from panodent.reports import inspection as report

    with progress_bar("reading") as update:
        found = inspect_folder(data, format_name, read_options(values, numbering, name_map), update)
    _print_overview(found)
    _print_findings(found)
    if output is not None:
        print_line(f"page: {report.write(found, output)}")
    raise typer.Exit(1 if found.problems else 0)


def _print_overview(found: Inspection) -> None:
    dataset = found.dataset
    print_line(f"{len(found.findings)} radiographs in format {dataset.format}, {found.teeth} teeth")
    for keys, what in (
        (dataset.images_without_labels, "images without labels"),
        (dataset.labels_without_images, "labels without images"),
    ):
        if keys:
            print_warning(f"{len(keys)} {what}: {_shortened(keys)}")
    sizes = [f"{width} x {height} ({n})" for (height, width), n in found.sizes.items()]
    print_line(f"sizes: {_shortened(sizes)}")
    rarest = sorted(found.per_number.items(), key=lambda item: item[1])[:RAREST]
    print_line("rarest teeth: " + ", ".join(f"{fdi} ({count})" for fdi, count in rarest))


def _print_findings(found: Inspection) -> None:
    for same in found.duplicates:
        print_line(f"the same radiograph: {' = '.join(same)}")
    for finding in found.suspicious[:LISTED]:
        messages = "; ".join(suspicion.message for suspicion in finding.suspicions)
        print_line(f"look at {finding.key}: {messages}")
    if (more := len(found.suspicious) - LISTED) > 0:
        print_line(f"look at {more} more: they are on the page (--output)")
    for finding in found.problems:
        print_warning(f"{finding.key} cannot be used: {finding.problem}")


def _shortened(names: Sequence[str], most: int = 5) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
