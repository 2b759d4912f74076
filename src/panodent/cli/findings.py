"""`panodent findings`: trains the network that finds fillings, crowns, implants and more."""

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
        help="Radiographs that show no finding, such as 'healthy-*'; may be repeated. "
        "'!healthy-7' is an exception.",
    ),
]
Start = Annotated[
    str,
    typer.Option(
        "--from",
        help="Run or bundle whose findings network is trained further; 'default' names the "
        "included bundle.",
    ),
]
StartShare = Annotated[
    float | None,
    typer.Option(
        show_default="0",
        help="Average the trained weights with those of --from, which get this share (0 to 1).",
    ),
]
Limits = Annotated[
    str,
    typer.Option(
        help="Take the limits of area and score and the calibration from this bundle or run, "
        "instead of choosing them on the held-out radiographs."
    ),
]
Filters = Annotated[
    str | None,
    typer.Option(show_default="16,32,64,96,128", help="Filters of each level of the network."),
]
Size = Annotated[
    str | None,
    typer.Option(show_default="384x768", help="Input size of the network, HEIGHTxWIDTH in pixels."),
]
Epochs = Annotated[int | None, typer.Option(show_default="50", help="Passes over all radiographs.")]
BatchSize = Annotated[
    int | None, typer.Option(show_default="4", help="Radiographs per training step.")
]

NO_DATA = (
    "findings needs at least one DATA folder of annotated radiographs, and --findings, the file "
    "that describes their findings"
)


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
    teacher: Teacher = "",
    start_share: StartShare = None,
    limits: Limits = "",
    filters: Filters = None,
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
    from panodent.training.findings import EarlierRuns
    from panodent.training.findings_config import FindingsConfig
    from panodent.training.findings_run import prepare
    from panodent.training.run_data import DataSource
    from panodent.training.run_folder import holding_run

    given: dict[str, Any] = {"batch_size": batch_size, "learning_rate": learning_rate}
    given |= {"precision": precision, "workers": workers, "epochs": epochs, "seed": seed}
    settings = _settings(size, filters, given | {"start_share": start_share})
    if resume:
        _resume(output, any((data, settings, annotations, plain, start, teacher, limits)))
    elif not data or annotations is None:
        raise ConfigError(NO_DATA)
    else:
        options = read_options(values, numbering, name_map, predictions, attribute, encoding)
        sources = [DataSource(root, format_name, options, skip_bad=skip_bad) for root in data]
        named = (output, sources, findings_file(annotations), plain or [], bundle)
        with holding_run(output, "findings", overwrite, keep="examples"):
            how = (FindingsConfig(**settings), _report, validation, split_seed)
            _train(prepare(*named, *how, EarlierRuns(start, teacher, limits), overwrite))


def _settings(size: str | None, filters: str | None, given: dict[str, Any]) -> dict[str, Any]:
    """Settings by name, without those that were not given; raises `ConfigError`."""
    settings = drop_none(given)
    if size:
        settings["height"], settings["width"] = parse_size(size)
    if filters:
        settings["filters"] = parse_filters(filters)
    return settings


def _resume(output: Path, others: bool) -> None:
    """Continues a run; raises `ConfigError` if `others`, options of a new run, were given."""
    from panodent.training.findings_run import reopen
    from panodent.training.run_folder import holding_run

    check_resumed(others)
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
    elif kind in ("step", "examples", "scoring"):
        print_progress(kind, row, 20)
