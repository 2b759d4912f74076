"""`panodent evaluate`: scores predictions against annotated radiographs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_line, print_warning, progress_bar
from panodent.cli.options import FormatName, NameMap, Numbering, Values, read_options

if TYPE_CHECKING:
    from panodent.evaluation.evaluate import Evaluation
    from panodent.evaluation.pairing import Pairing


def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Folder written by `panodent predict`.")],
    truth: Annotated[Path, typer.Argument(help="Folder of annotated radiographs (ground truth).")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for scores.json and an HTML report."),
    ] = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
    surfaces: Annotated[
        bool, typer.Option(help="Also compute surface distances, HD95 and NSD (slower).")
    ] = False,
    resize: Annotated[
        bool,
        typer.Option(
            "--resize", help="Resize predictions whose size differs from the ground truth."
        ),
    ] = False,
    findings: Annotated[
        Path | None,
        typer.Option(help="COCO file of annotated findings; scores the predicted ones as well."),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=0, help="Bootstrap samples for the 95 % intervals; 0: no intervals.")
    ] = 1000,
) -> None:
    """Score predictions against ground truth.

    Prints each figure with its 95 % bootstrap interval. A radiograph without a prediction counts
    as 0, and the exit code is then 1.
    """
    from panodent.evaluation.pairing import evaluate_pairs, pair_folders

    options = read_options(values, numbering, name_map)
    pairing = pair_folders(predictions, truth, format=format_name, options=options)
    with progress_bar("scoring") as update:
        evaluation = evaluate_pairs(
            pairing,
            surfaces=surfaces,
            resize=resize,
            samples=samples,
            progress=lambda done, total, key: update(done, total),
        )
    _print_figures(evaluation)
    if findings is not None:
        _evaluate_findings(pairing, predictions, findings, samples, output)
    for note in evaluation.notes:
        print_warning(note)
    if output is not None:
        from panodent.reports.evaluation import write

        print_line(f"page: {write(evaluation, output, cases=pairing.pictures())}")
    if missing := evaluation.without_prediction:
        print_warning(
            f"{len(missing)} cases have no prediction and count as 0; the first is {missing[0]}"
        )
        raise typer.Exit(1)


def _evaluate_findings(
    pairing: Pairing, predictions: Path, annotations: Path, samples: int, output: Path | None
) -> None:
    """Scores findings, prints a line per figure, and writes findings-scores.json."""
    from panodent.evaluation.findings_pairing import evaluate_findings
    from panodent.utils.atomic_files import write_whole

    with progress_bar("scoring findings") as update:
        scores = evaluate_findings(pairing, predictions, annotations, samples, progress=update)
    print_line(f"findings in {len(scores.cases)} radiographs")
    for name, figure in scores.figures.items():
        if figure.value is not None:
            interval = "" if figure.low is None else f"  ({figure.low:.4f} to {figure.high:.4f})"
            print_line(f"{name:24} {figure.value:.4f}{interval}")
    for kind, figures in scores.by_kind.items():
        parts = [f"{n} {f.value:.3f}" for n, f in figures.items() if f.value is not None]
        print_line(f"{kind:24} {'  '.join(parts)}")
    if output is not None:
        write_whole(output / "findings-scores.json", scores.to_json())


def _print_figures(evaluation: Evaluation) -> None:
    """Prints a line per figure with its 95 % interval, then a line per type of tooth."""
    for name, figure in evaluation.figures.items():
        if figure.value is not None:
            interval = "" if figure.low is None else f"  ({figure.low:.4f} to {figure.high:.4f})"
            print_line(f"{name:20} {figure.value:.4f}{interval}")
    for tooth_type, figures in evaluation.by_type.items():
        parts = [
            f"{name} {figures[name].value:.4f}"
            for name in ("dice", "dice_obb", "numbering")
            if name in figures and figures[name].value is not None
        ]
        print_line(f"{tooth_type:20} {'  '.join(parts)}")
