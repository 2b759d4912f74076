"""`panodent evaluate`: scores predictions against annotated radiographs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import (
    print_faults,
    print_line,
    print_lines,
    print_warning,
    progress_bar,
)
from panodent.cli.options import (
    Attribute,
    Encoding,
    FormatName,
    NameMap,
    Numbering,
    Overwrite,
    SkipBad,
    Values,
    read_options,
)
from panodent.cli.options import Predictions as TaskPredictions
from panodent.errors import ConfigError, DatasetError
from panodent.utils.wording import counted, shown

if TYPE_CHECKING:
    from panodent.evaluation.bootstrap import Estimate
    from panodent.evaluation.evaluate import Evaluation
    from panodent.evaluation.groups import Groups
    from panodent.evaluation.pairing import Pairing
    from panodent.formats.faults import FaultList

GROUP_FIGURES = ("dice", "numbering", "ap50")
"""Metrics in the table of groups; the page and scores.json have all."""
NAMED = 8
"""At most this many radiographs or rows that were left out are named in a line."""


Predictions = Annotated[
    Path, typer.Argument(metavar="PREDICTIONS", help="Folder written by `panodent predict`.")
]
Truth = Annotated[
    Path, typer.Argument(metavar="TRUTH", help="Folder of annotated radiographs (ground truth).")
]
Report = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder for scores.json and an HTML report."),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="NAME",
        help="Also score groups of radiographs: by dentition (permanent, mixed, primary), by "
        "teeth (how many there are), or by a column of --table. May be repeated.",
    ),
]
GroupTable = Annotated[
    Path | None,
    typer.Option(
        help="CSV file with a row for each radiograph, matched by file name, and columns for "
        "--by, such as age, sex or device."
    ),
]
Plates = Annotated[
    int,
    typer.Option(
        min=0,
        help="Also draw this many of the worst radiographs as SVG into OUTPUT/plates: outlines "
        "and numbers without the radiograph.",
    ),
]
Surfaces = Annotated[
    bool, typer.Option(help="Also compute surface distances, HD95 and NSD (slower).")
]
Resize = Annotated[
    bool,
    typer.Option("--resize", help="Resize predictions whose size differs from the ground truth."),
]
AnnotatedFindingsFile = Annotated[
    Path | None,
    typer.Option(
        "--findings",
        help="COCO file of annotated findings; scores the predicted ones as well; "
        "ufba425: the included ones.",
    ),
]
Samples = Annotated[
    int, typer.Option(min=0, help="Bootstrap samples for the 95 % intervals; 0: no intervals.")
]


def evaluate(
    predictions: Predictions,
    truth: Truth,
    output: Report = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
    attribute: Attribute = None,
    encoding: Encoding = None,
    read_predictions: TaskPredictions = False,
    by: By = None,
    table: GroupTable = None,
    plates: Plates = 0,
    surfaces: Surfaces = False,
    resize: Resize = False,
    findings: AnnotatedFindingsFile = None,
    samples: Samples = 1000,
    skip_bad: SkipBad = False,
    overwrite: Overwrite = False,
) -> None:
    """Score predictions against ground truth.

    Prints each figure with its 95 % bootstrap interval. A radiograph without a prediction counts
    as 0, and the exit code is then 1.
    """
    from panodent.datasets.public_findings import findings_file
    from panodent.evaluation.grouping import groupings
    from panodent.evaluation.pairing import evaluate_pairs, pair_folders, usable_pairs
    from panodent.evaluation.seen_cases import note_on_seen
    from panodent.formats.faults import FaultList
    from panodent.reports.report_folder import EVALUATION, check_free

    check_free(output, EVALUATION, overwrite)
    annotations = None if findings is None else findings_file(findings)
    if plates and output is None:
        raise ConfigError("--plates needs a folder for the drawings; add --output")
    options = read_options(values, numbering, name_map, read_predictions, attribute, encoding)
    faults = FaultList()
    pairing = pair_folders(predictions, truth, format=format_name, options=options, faults=faults)
    pairing = _checked(usable_pairs(pairing, faults, resize), faults, skip_bad, truth)
    if note := note_on_seen(pairing, predictions):
        pairing = replace(pairing, notes=(*pairing.notes, note))
    groups = groupings(by or (), table, [pair.key for pair in pairing.pairs])
    with progress_bar("scoring") as update:
        evaluation = evaluate_pairs(
            pairing,
            surfaces=surfaces,
            resize=resize,
            samples=samples,
            progress=lambda done, total, key: update(done, total),
            groupings=groups,
        )
    others = _print_scores(evaluation, pairing, predictions, annotations, samples)
    if output is not None:
        _write_report(evaluation, pairing, output, others, plates, overwrite)
    _exit_without(evaluation.without_prediction)


def _print_scores(
    evaluation: Evaluation,
    pairing: Pairing,
    predictions: Path,
    findings: Path | None,
    samples: int,
) -> dict[str, str]:
    """Prints all scores and notes; returns files of the report by name, '' for none."""
    from panodent.evaluation.attribute_scores import evaluate_attributes, to_json

    _print_figures(evaluation)
    for made in evaluation.groups.values():
        _print_groups(made)
    scores = "" if findings is None else _findings_scores(pairing, predictions, findings, samples)
    attributes = evaluate_attributes(pairing)
    for count in attributes:
        print_line(str(count))
    for note in dict.fromkeys((*evaluation.notes, *_notes_on_groups(evaluation))):
        print_warning(note)
    told = to_json(attributes) if attributes else ""
    return {"findings-scores.json": scores, "attribute-scores.json": told}


def _checked(pairing: Pairing, faults: FaultList, skip_bad: bool, truth: Path) -> Pairing:
    """Prints what cannot be used, and notes how much was left out; stops without `skip_bad`.

    Raises `FaultyItemsError`, or `DatasetError` if nothing is left to score.
    """
    from panodent.datasets.checking import left_out, stop_at

    if not skip_bad:
        stop_at(faults)
    if not pairing.pairs:
        raise DatasetError(f"{truth}: no radiograph can be scored; panodent inspect lists why")
    print_faults(faults)
    if not (what := left_out(faults)):
        return pairing
    note = f"left out: {what} that could not be used"
    return replace(pairing, notes=(*pairing.notes, note))


def _exit_without(missing: Sequence[str]) -> None:
    """Names cases without a prediction, and exits with 1 if there are any."""
    if missing:
        print_warning(
            f"{counted(len(missing), 'case has', 'cases have')} no prediction and "
            f"{'counts' if len(missing) == 1 else 'count'} as 0; the first is {missing[0]}"
        )
        raise typer.Exit(1)


def _write_report(
    evaluation: Evaluation,
    pairing: Pairing,
    output: Path,
    others: Mapping[str, str],
    plates: int,
    overwrite: bool,
) -> None:
    """Writes the report and prints where; `others` are further files by name, '' for none."""
    from panodent.reports import failure_plates
    from panodent.reports.evaluation import write
    from panodent.reports.report_folder import EVALUATION, replacing
    from panodent.utils.atomic_files import write_whole

    with replacing(output, EVALUATION, overwrite):
        page = write(evaluation, output, cases=pairing.pictures())
        for name, text in others.items():
            if text:
                write_whole(output / name, text)
        print_line(f"page: {page}")
        if plates:
            count = failure_plates.write(evaluation, pairing.pictures(), output / "plates", plates)
            print_line(f"plates: {counted(count, 'drawing', 'drawings')} in {output / 'plates'}")


def _findings_scores(pairing: Pairing, predictions: Path, annotations: Path, samples: int) -> str:
    """Scores findings and prints a line per figure; returns findings-scores.json."""
    from panodent.evaluation.findings_pairing import evaluate_findings

    with progress_bar("scoring findings") as update:
        scores = evaluate_findings(pairing, predictions, annotations, samples, progress=update)
    print_line(f"findings in {counted(len(scores.cases), 'radiograph', 'radiographs')}")
    for name, figure in scores.figures.items():
        if figure.value is not None:
            interval = "" if figure.low is None else f"  ({figure.low:.4f} to {figure.high:.4f})"
            print_line(f"{name:24} {figure.value:.4f}{interval}")
    for kind, figures in scores.by_kind.items():
        parts = [f"{n} {f.value:.3f}" for n, f in figures.items() if f.value is not None]
        print_line(f"{kind:24} {'  '.join(parts)}")
    return scores.to_json()


def _print_figures(evaluation: Evaluation) -> None:
    """Prints a line per figure with its 95 % interval, then one per kind and per type of tooth."""
    for name, figure in evaluation.figures.items():
        if figure.value is not None:
            interval = "" if figure.low is None else f"  ({figure.low:.4f} to {figure.high:.4f})"
            print_line(f"{name:20} {figure.value:.4f}{interval}")
    by_kind = evaluation.by_kind if "deciduous" in evaluation.by_kind else {}
    for rows, names in (
        (by_kind, ("dice", "numbering", "ap50", "calibration_error")),
        (evaluation.by_type, ("dice", "dice_obb", "numbering")),
    ):
        for row, figures in rows.items():
            parts = [
                f"{name} {figures[name].value:.4f}"
                for name in names
                if name in figures and figures[name].value is not None
            ]
            print_line(f"{row:20} {'  '.join(parts)}")


def _print_groups(groups: Groups) -> None:
    """Prints a table with a row for each group, and a line for the gap of each metric in it."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=Text(shown(f"by {groups.name}")), box=SIMPLE_HEAD, title_justify="left")
    drawn.add_column("group")
    for name in ("radiographs", "teeth", *GROUP_FIGURES):
        drawn.add_column(name, justify="right")
    for group in groups.groups:
        cells = [_cell(group.figures[name]) for name in GROUP_FIGURES]
        drawn.add_row(
            Text(shown(group.name)), str(len(group.cases)), str(group.tooth_count), *cells
        )
    console = Console(highlight=False, color_system=None)  # `print_lines` shows no colours
    with console.capture() as captured:
        console.print(drawn)
    print_lines(captured.get().rstrip())
    if groups.bands:
        print_line(f"groups: {groups.bands}")
    for name in GROUP_FIGURES:
        gap = groups.gaps[name]
        value, low, high = gap.estimate.value, gap.estimate.low, gap.estimate.high
        if value is None:
            print_line(f"gap in {name}: none, {gap.estimate.reason}")
        else:
            interval = "" if low is None else f" ({low:z.3f} to {high:z.3f})"
            print_line(f"gap in {name}: {value:.3f}{interval}, {gap.best} best, {gap.worst} worst")


def _cell(figure: Estimate) -> str:
    """The value of a figure, and its interval in a second line."""
    if figure.value is None:
        return "-"
    interval = "" if figure.low is None else f"\n{figure.low:.2f} to {figure.high:.2f}"
    return f"{figure.value:.3f}{interval}"


def _notes_on_groups(evaluation: Evaluation) -> list[str]:
    """Sentences about radiographs in no group and rows of no radiograph, with the first names."""
    notes: list[str] = []
    for groups in evaluation.groups.values():
        notes += groups.notes
        for sentence, names in groups.left_out:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            notes.append(f"{sentence}: {', '.join(names[:NAMED])}{more}")
    return notes
