"""`panodent convert`: converts annotations from one format to another."""

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
    Predictions,
    SkipBad,
    Values,
    check_overwrite,
    drop_none,
    read_options,
)
from panodent.formats.registry import WRITTEN, listed
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.datasets.convert import Conversion

ClassNames = Annotated[
    str | None,
    typer.Option(
        show_default="fdi", help="Numbering of class names written: fdi, universal or palmer."
    ),
]
Geometry = Annotated[
    str | None,
    typer.Option(
        show_default="masks",
        help="polygon: write outlines instead of masks (coco, cvat and label-studio).",
    ),
]


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="Folder of annotated radiographs, or a file.")
    ],
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="Folder for the converted annotations.")
    ],
    to: Annotated[str, typer.Option(help=f"Format to write: {listed(WRITTEN)}.")],
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
    attribute: Attribute = None,
    encoding: Encoding = None,
    predictions: Predictions = False,
    write_numbering: ClassNames = None,
    geometry: Geometry = None,
    images: Annotated[
        str, typer.Option(help="What to do with radiographs: copy, link (hard link) or none.")
    ] = "copy",
    radiographs: Annotated[
        Path | None,
        typer.Option(help="Folder of the radiographs, if they are not in SOURCE."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue an interrupted conversion.")
    ] = False,
    skip_bad: SkipBad = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier call wrote to TARGET.")
    ] = False,
) -> None:
    """Convert annotations to another format, with their radiographs.

    What the new format cannot hold is counted and printed as a warning.
    """
    check_overwrite(overwrite, resume)
    from panodent.datasets.convert import convert as convert_folder

    with progress_bar("converting") as update:
        conversion = convert_folder(
            source,
            target,
            to,
            format_name=format_name,
            read_options=read_options(
                values, numbering, name_map, predictions, attribute, encoding
            ),
            write_options=drop_none({"numbering": write_numbering, "geometry": geometry}),
            images=images,
            radiographs=radiographs,
            skip_bad=skip_bad,
            progress=update,
            resume=resume,
            overwrite=overwrite,
        )
    read = "results" if _are_results(source, values) else conversion.source_format
    _print_summary(conversion, read, to, target, source)
    stopped = conversion.failed and not (skip_bad and conversion.written)
    raise typer.Exit(1 if stopped or conversion.unread else 0)


def _are_results(source: Path, values: str | None) -> bool:
    """Whether the source was read as what `panodent predict` wrote, not as label images or COCO."""
    from panodent.radiograph.folder_search import is_result

    return is_result(source if source.is_file() else source / "run.json") and values is None


def _print_summary(conversion: Conversion, read: str, to: str, target: Path, source: Path) -> None:
    """Prints what was written; `read` says what was read."""
    from panodent.datasets.checking import left_out

    resumed = f", {conversion.resumed} of them by an earlier call" if conversion.resumed else ""
    carried = conversion.findings - conversion.lost_findings["findings"]
    found = f" and {counted(carried, 'finding', 'findings')}" if conversion.findings else ""
    without = f" ({conversion.unnumbered} without a number)" if conversion.unnumbered else ""
    print_line(
        f"{counted(conversion.written, 'radiograph', 'radiographs')} with "
        f"{counted(conversion.teeth, 'tooth', 'teeth')}{without}{found} from "
        f"{read} to {to}{resumed}; {len(conversion.failed)} failed; in {target}"
    )
    for what, count in sorted(conversion.lost.items()):
        of = counted(conversion.written, "radiograph", "radiographs")
        print_warning(f"{to} cannot hold {what}: lost in {count} of {of}")
    for what, count in sorted(conversion.lost_findings.items()):
        print_warning(f"{to} cannot hold {what}: lost for {count} of {conversion.findings}")
    if conversion.without_image:
        print_warning(
            counted(
                conversion.without_image,
                "annotation has no radiograph beside it",
                "annotations have no radiograph beside them",
            )
            + "; name its folder with --radiographs"
        )
    if source.is_file() and (source.parent / "run.json").exists():
        print_warning(
            f"{source.name} lists no tooth without a number and no radiograph without teeth; "
            f"convert {source.parent} to keep them"
        )
    for item in conversion.unread:
        print_warning(f"not read: {item.path}: {item.reason}")
    print_faults(conversion.faults)
    for key, reason in conversion.failed.items():
        print_warning(f"{key} was not converted: {reason}")
    if what := left_out(conversion.faults):
        print_line(f"left out: {what} that could not be read")
