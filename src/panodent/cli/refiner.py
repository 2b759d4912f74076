"""`panodent refiner`: trains the network that refines a bundle's outlines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panodent.cli.console import print_line
from panodent.cli.further_networks import (
    LearningRate,
    Teacher,
    check_resumed,
    parse_filters,
    print_progress,
)
from panodent.cli.options import (
    Attribute,
    BundleName,
    DataFolders,
    Encoding,
    FormatName,
    HeldOut,
    NameMap,
    Numbering,
    Output,
    Overwrite,
    Precision,
    Predictions,
    ResumeTraining,
    SkipBad,
    SplitSeed,
    Values,
    WeightSeed,
    check_overwrite,
    drop_none,
    read_options,
    require_keras,
)
from panodent.errors import ConfigError
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.training.refiner import RefinerRun

Filters = Annotated[
    str | None,
    typer.Option(show_default="16,32,64,96", help="Filters of each level of the network."),
]
Convolutions = Annotated[
    int | None,
    typer.Option(
        "--encoder-convolutions",
        show_default="2",
        help="Convolutions of a level in the encoder.",
    ),
]
Epochs = Annotated[int | None, typer.Option(show_default="12", help="Passes over all teeth.")]
BatchSize = Annotated[int | None, typer.Option(show_default="64", help="Teeth per training step.")]
Variants = Annotated[
    int | None,
    typer.Option(
        show_default="2",
        help="Versions of each radiograph that are used: unchanged, then with random changes.",
    ),
]


def refiner(
    data: DataFolders = None,
    output: Output = Path("refiner"),
    bundle: BundleName = "default",
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
    attribute: Attribute = None,
    encoding: Encoding = None,
    predictions: Predictions = False,
    teacher: Teacher = "",
    filters: Filters = None,
    encoder_convolutions: Convolutions = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    variants: Variants = None,
    precision: Precision = None,
    validation: HeldOut = 0.15,
    split_seed: SplitSeed = 0,
    seed: WeightSeed = None,
    resume: ResumeTraining = False,
    skip_bad: SkipBad = False,
    overwrite: Overwrite = False,
) -> None:
    """Train the network that refines a bundle's outlines.

    Writes a bundle with both networks. The refiner sees each tooth that the bundle finds in its
    own crop, enlarged. The bundle's numbers and scores do not change. Use the data, --val and
    --split-seed that the bundle was trained with, so that the same radiographs stay held out.
    """
    require_keras()
    check_overwrite(overwrite, resume)
    from panodent.training.refiner_config import RefinerConfig
    from panodent.training.refiner_run import prepare
    from panodent.training.run_data import DataSource
    from panodent.training.run_folder import holding_run

    given: dict[str, Any] = {"encoder_convolutions": encoder_convolutions, "epochs": epochs}
    given |= {"batch_size": batch_size, "learning_rate": learning_rate, "variants": variants}
    given |= {"precision": precision, "seed": seed}
    settings = drop_none(given | {"filters": parse_filters(filters) if filters else None})
    if resume:
        _resume(output, any((data, settings, teacher)))
    elif not data:
        raise ConfigError("refiner needs at least one DATA folder of annotated radiographs")
    else:
        options = read_options(values, numbering, name_map, predictions, attribute, encoding)
        sources = [DataSource(one, format_name, options, skip_bad=skip_bad) for one in data]
        with holding_run(output, "refiner", overwrite, keep="crops"):
            how = (RefinerConfig(**settings), _report, validation, split_seed, teacher, overwrite)
            _train(prepare(output, sources, bundle, *how))


def _resume(output: Path, others: bool) -> None:
    """Continues a run; raises `ConfigError` if `others`, options of a new run, were given."""
    from panodent.training.refiner_run import reopen
    from panodent.training.run_folder import holding_run

    check_resumed(others)
    with holding_run(output, "refiner", keep="crops"):
        _train(reopen(output, _report))


def _train(run: RefinerRun) -> None:
    """Trains, writes the bundle and says how much better the outlines are."""
    from panodent.training.refiner import train

    radiographs = counted(len(run.training), "radiograph", "radiographs")
    print_line(f"{radiographs} to train on, {len(run.validation)} held out")
    made, rows = train(run)
    print_line(
        f"bundle {run.folder / 'bundle'}: refiner of {len(made.refiner) / 1e6:.1f} MB; Dice of "
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
    elif kind in ("step", "crops", "scoring"):
        print_progress(kind, row, 100)
