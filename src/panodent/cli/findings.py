"""`panodent findings`: trains the network that finds fillings, crowns, implants and more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panodent.cli.console import print_line
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
    Workers,
    check_overwrite,
    drop_none,
    parse_size,
    read_options,
    require_keras,
)
from panodent.errors import ConfigError
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.training.findings import FindingsRun

FindingsFile = Annotated[
    Path | None,
    typer.Option(
        "--findings",
        help="COCO file of the findings in some of these radiographs; ufba425: the included ones.",
    ),
]
Plain = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATTERN",
        help="Radiographs that show no finding, such as 'healthy-*'; may be given repeatedly. "
        "'!healthy-7' names an exception.",
    ),
]
Start = Annotated[
    str, typer.Option("--from", help="Folder of a run whose network this one begins with.")
]
Size = Annotated[
    str | None,
    typer.Option(show_default="384x768", help="Frame of the network, HEIGHTxWIDTH in pixels."),
]
Epochs = Annotated[int | None, typer.Option(show_default="50", help="Passes over all radiographs.")]
BatchSize = Annotated[
    int | None, typer.Option(show_default="4", help="Radiographs per training step.")
]
LearningRate = Annotated[
    float | None, typer.Option(show_default="0.003", help="Highest learning rate.")
]


def findings(
    data: DataFolders = None,
    output: Output = Path("findings"),
    annotations: FindingsFile = None,
    plain: Plain = None,
    bundle: BundleName = "default",
    start: Start = "",
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
    attribute: Attribute = None,
    encoding: Encoding = None,
    predictions: Predictions = False,
    size: Size = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    precision: Precision = None,
    workers: Workers = None,
    validation: HeldOut = 0.15,
    split_seed: SplitSeed = 0,
    seed: WeightSeed = None,
    resume: ResumeTraining = False,
    skip_bad: SkipBad = False,
    overwrite: Overwrite = False,
) -> None:
    """Train the network that finds crowns, implants and more.

    Writes a bundle that finds fillings, crowns, pontics, root fillings, posts, implants and
    appliances. Radiographs that --findings does not list and that match no --plain are not used.
    Use the data, --val and --split-seed of the bundle, so that the same radiographs stay held out.
    """
    require_keras()
    check_overwrite(overwrite, resume)
    from panodent.datasets.public_findings import findings_file
    from panodent.training.findings_config import FindingsConfig
    from panodent.training.findings_run import prepare
    from panodent.training.run_data import DataSource
    from panodent.training.run_folder import holding_run

    height, width = parse_size(size) if size else (None, None)
    settings: dict[str, Any] = {"height": height, "width": width, "epochs": epochs, "seed": seed}
    settings |= {"batch_size": batch_size, "learning_rate": learning_rate, "precision": precision}
    settings |= {"workers": workers}
    settings = drop_none(settings)
    if resume:
        _resume(output, bool(data or settings or annotations or plain or start))
    elif not data or annotations is None:
        raise ConfigError(
            "findings needs at least one DATA folder of annotated radiographs, and --findings, "
            "the file that describes their findings"
        )
    else:
        options = read_options(values, numbering, name_map, predictions, attribute, encoding)
        sources = [DataSource(root, format_name, options, skip_bad=skip_bad) for root in data]
        described = findings_file(annotations)
        named = (output, sources, described, plain or [], bundle, FindingsConfig(**settings))
        with holding_run(output, "findings", overwrite, keep="examples"):
            _train(prepare(*named, _report, validation, split_seed, start, overwrite))


def _resume(output: Path, others: bool) -> None:
    """Continues a run; raises `ConfigError` if `others`, options of a new run, were given."""
    from panodent.training.findings_run import reopen
    from panodent.training.run_folder import holding_run

    if others:
        raise ConfigError(
            "--resume takes data and settings from the run; give no other option than --output"
        )
    with holding_run(output, "findings", keep="examples"):
        _train(reopen(output, _report))


def _train(run: FindingsRun) -> None:
    """Trains, writes the bundle and says what was found."""
    from panodent.training.findings import train
    from panodent.training.findings_finish import finish

    labelled = sum(case.key in run.annotated for case in run.training)
    print_line(
        f"{counted(len(run.training), 'radiograph', 'radiographs')} to train on, "
        f"{labelled} of them with annotated findings; "
        f"{len(run.validation)} held out"
    )
    model, rows = train(run)
    made = finish(run, model, rows)
    network = made.findings.network if made.findings else b""
    print_line(f"bundle {run.folder / 'bundle'}: findings network of {len(network) / 1e6:.1f} MB")


def _report(kind: str, row: dict[str, float]) -> None:
    """Prints a line for each epoch and for every twentieth step and fiftieth radiograph."""
    if kind == "epoch":
        dice = "  ".join(
            f"{name} {value:.2f}"
            for name, value in row.items()
            if name not in ("epoch", "loss", "seconds")
        )
        print_line(
            f"epoch {int(row['epoch'])}  loss {row['loss']:.4f}  held-out Dice: {dice}  "
            f"{row['seconds']:.0f} s"
        )
    elif kind == "step" and int(row["step"]) % 20 == 0:
        print_line(f"  step {int(row['step'])}/{int(row['steps'])}  loss {row['loss']:.4f}")
    elif kind in ("examples", "scoring") and int(row["done"]) % 50 == 0:
        print_line(f"  {kind}: {int(row['done'])} of {int(row['cases'])} radiographs")
