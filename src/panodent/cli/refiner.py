"""`panodent refiner`: trains the network that refines a bundle's outlines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from panodent.cli.console import print_line
from panodent.cli.options import (
    BundleName,
    DataFolders,
    FormatName,
    HeldOut,
    NameMap,
    Numbering,
    Output,
    Precision,
    ResumeTraining,
    SplitSeed,
    Values,
    WeightSeed,
    drop_none,
    read_options,
    require_keras,
)
from panodent.errors import ConfigError
from panodent.utils.wording import counted

Epochs = Annotated[int | None, typer.Option(show_default="12", help="Passes over all teeth.")]
BatchSize = Annotated[int | None, typer.Option(show_default="64", help="Teeth per training step.")]
LearningRate = Annotated[
    float | None, typer.Option(show_default="0.003", help="Highest learning rate.")
]
Variants = Annotated[
    int | None,
    typer.Option(show_default="2", help="How often each radiograph is shown to the bundle."),
]


def refiner(
    data: DataFolders = None,
    output: Output = Path("refiner"),
    bundle: BundleName = "default",
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    variants: Variants = None,
    precision: Precision = None,
    validation: HeldOut = 0.15,
    split_seed: SplitSeed = 0,
    seed: WeightSeed = None,
    resume: ResumeTraining = False,
) -> None:
    """Train the network that refines a bundle's outlines.

    Writes a bundle with both networks. The refiner sees each tooth that the bundle finds in its
    own crop, enlarged. The bundle's numbers and scores do not change. Use the data, --val and
    --split-seed that the bundle was trained with, so that the same radiographs stay held out.
    """
    require_keras()
    from panodent.training.refiner import train
    from panodent.training.refiner_config import RefinerConfig
    from panodent.training.refiner_run import prepare, reopen
    from panodent.training.run import DataSource

    settings: dict[str, Any] = drop_none(
        {
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "variants": variants,
            "precision": precision,
            "seed": seed,
        }
    )
    if resume:
        if data or settings:
            raise ConfigError(
                "--resume takes data and settings from the run; give no other option than --output"
            )
        run = reopen(output, _report)
    else:
        if not data:
            raise ConfigError("refiner needs at least one DATA folder of annotated radiographs")
        options = read_options(values, numbering, name_map)
        sources = [DataSource(root, format_name, options) for root in data]
        config = RefinerConfig(**settings)
        run = prepare(output, sources, bundle, config, _report, validation, split_seed)
    radiographs = counted(len(run.training), "radiograph", "radiographs")
    print_line(f"{radiographs} to train on, {len(run.validation)} held out")
    made, rows = train(run)
    print_line(
        f"bundle {output / 'bundle'}: refiner of {len(made.refiner) / 1e6:.1f} MB; Dice of "
        f"held-out crops {rows[-1]['dice_before']:.4f} before, {rows[-1]['dice_after']:.4f} after"
    )


def _report(kind: str, row: dict[str, float]) -> None:
    """Prints a line for each epoch and for every hundredth step and fiftieth radiograph."""
    if kind == "epoch":
        print_line(
            f"epoch {int(row['epoch'])}  loss {row['loss']:.4f}  Dice of held-out crops "
            f"{row['dice_before']:.4f} before, {row['dice_after']:.4f} after  "
            f"{row['seconds']:.0f} s"
        )
    elif kind == "step" and int(row["step"]) % 100 == 0:
        print_line(f"  step {int(row['step'])}/{int(row['steps'])}  loss {row['loss']:.4f}")
    elif kind in ("crops", "scoring") and int(row["done"]) % 50 == 0:
        print_line(f"  {kind}: {int(row['done'])} of {int(row['cases'])} radiographs")
