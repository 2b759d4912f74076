"""Training networks and scoring cross-validations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from panodent.cli.options import FormatName, NameMap, Numbering, Output, Values, reading


def train(
    data: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DATA...", help="Folders of annotated radiographs."),
    ] = None,
    output: Output = Path("run"),
    recipe: Annotated[
        str | None, typer.Option(help="default, refine, finetune or seed; see below.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file of settings over the recipe's.")
    ] = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    table: NameMap = None,
    repeat: Annotated[
        str, typer.Option(help="How often an epoch shows each folder's cases: 1,5 for two folders.")
    ] = "",
    epochs: Annotated[int | None, typer.Option(help="Epochs of all stages.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Radiographs a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    size: Annotated[
        str | None, typer.Option(help="Final frame, HEIGHTxWIDTH, such as 256x512.")
    ] = None,
    val: Annotated[
        float | None, typer.Option(help="Share of radiographs held out; 0: learn from all.")
    ] = None,
    fold: Annotated[str | None, typer.Option(help="Hold out fold K of N: K/N.")] = None,
    split_seed: Annotated[int | None, typer.Option(help="Seed of what is held out.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights and batches.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Bundle or run to start from ('default').")
    ] = None,
    freeze: Annotated[
        str | None, typer.Option(help="'encoder' or how many first layers stay as they are.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="FDI numbers to tell apart: 11,12,... or 'all' (52).")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --output.")
    ] = False,
) -> None:
    """Train a network on annotated radiographs, or fine-tune one with --from.

    Recipe 'seed' is the seed project's: its U-Net, 512 x 512, 33 classes, batch 4, 10 epochs, Adam
    0.001, rotation and zoom. It departs from the seed's faults: flips swap left and right numbers,
    nothing is turned upside down, and labels are resized by nearest neighbour instead of
    bilinearly.
    """
    from panodent.commands import training

    settings: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "size": size,
        "validation": val,
        "fold": fold,
        "split_seed": split_seed,
        "seed": seed,
        "freeze": freeze,
        "classes": classes,
    }
    raise typer.Exit(
        training.train(
            data or [],
            output,
            recipe=recipe,
            config_file=config,
            format_name=format_name,
            options=reading(values, numbering, table),
            repeat=repeat,
            settings={name: value for name, value in settings.items() if value is not None},
            start=start or "",
            resume=resume,
        )
    )


def folds(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Finished training runs.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a page with the scores.")
    ] = None,
) -> None:
    """Score runs trained with --fold together, each on the radiographs that it held out."""
    from panodent.commands import training

    raise typer.Exit(training.folds(runs, output))


def average(
    members: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="A training run, and more runs or bundles."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")],
    shares: Annotated[
        str, typer.Option(help="How much each counts: 1,5 for two; all alike if left out.")
    ] = "",
) -> None:
    """Make one network of the mean of the weights of several, trained from one another.

    It costs no more than one of them. What the first run held out calibrates and scores it.
    """
    from panodent.commands import training

    raise typer.Exit(training.average(members, output, shares))
