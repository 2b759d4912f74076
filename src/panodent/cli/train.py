"""`panodent train`: trains a network, or continues a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from panodent.cli.console import (
    TrainingProgress,
    main_figures,
    print_line,
    print_lines,
    print_warning,
)
from panodent.cli.options import (
    Attribute,
    DataFolders,
    Encoding,
    FormatName,
    NameMap,
    Numbering,
    Output,
    Overwrite,
    Predictions,
    SkipBad,
    Values,
    Workers,
    check_overwrite,
    drop_none,
    parse_integers,
    parse_size,
    read_options,
    require_keras,
)
from panodent.errors import ConfigError, UnknownToothError

if TYPE_CHECKING:
    from panodent.training.run import Run
    from panodent.training.train_config import TrainConfig

Recipe = Annotated[
    str | None,
    typer.Option(
        show_default="default; finetune with --from",
        help="default, refine, children, finetune or seed; see above.",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file with settings that replace those of the recipe."),
]
Repeat = Annotated[
    str,
    typer.Option(
        show_default="once",
        help="How often each folder's radiographs are used per epoch, such as 1,5 for two folders.",
    ),
]
RepeatMixed = Annotated[
    str,
    typer.Option(
        show_default="from the recipe",
        help="At least so often per epoch for radiographs with deciduous teeth, such as 4,4,1.",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        show_default="from the recipe", help="Number of epochs; stages keep their proportions."
    ),
]
BatchSize = Annotated[
    int | None, typer.Option(show_default="from the recipe", help="Radiographs per training step.")
]
LearningRate = Annotated[
    float | None, typer.Option(show_default="from the recipe", help="Highest learning rate.")
]
Size = Annotated[
    str | None,
    typer.Option(
        show_default="from the recipe",
        help="Input size of the network, HEIGHTxWIDTH in pixels, such as 256x512.",
    ),
]
Validation = Annotated[
    float | None,
    typer.Option(
        "--val",
        show_default="0.15",
        help="Share of radiographs held out for validation; 0: train on all.",
    ),
]
Fold = Annotated[
    str | None, typer.Option(help="Hold out fold K of N instead, as K/N, such as 1/5.")
]
SplitSeed = Annotated[
    int | None,
    typer.Option(show_default="0", help="Random seed of the choice of held-out radiographs."),
]
Seed = Annotated[
    int | None, typer.Option(show_default="0", help="Random seed of initial weights and batches.")
]
Start = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Start from the weights of this bundle or run; 'default' is the included bundle.",
    ),
]
Teachers = Annotated[
    list[str] | None,
    typer.Option(
        "--teacher",
        help="Also imitate the answers of this bundle or run, a larger network; may be repeated.",
    ),
]
Freeze = Annotated[
    str | None,
    typer.Option(help="Do not train these layers: 'encoder', or a number of first layers."),
]
Classes = Annotated[
    str | None,
    typer.Option(
        show_default="from the recipe",
        help="Tooth classes: FDI numbers such as 11,12,13, 'permanent' (32) or 'all' (52).",
    ),
]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Continue the run in --output with its own data and settings."),
]


def train(
    data: DataFolders = None,
    output: Output = Path("run"),
    recipe: Recipe = None,
    config: ConfigFile = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    name_map: NameMap = None,
    attribute: Attribute = None,
    encoding: Encoding = None,
    predictions: Predictions = False,
    repeat: Repeat = "",
    repeat_mixed: RepeatMixed = "",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    size: Size = None,
    validation: Validation = None,
    fold: Fold = None,
    split_seed: SplitSeed = None,
    seed: Seed = None,
    start: Start = None,
    freeze: Freeze = None,
    classes: Classes = None,
    teachers: Teachers = None,
    workers: Workers = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
    skip_bad: SkipBad = False,
) -> None:
    """Train or fine-tune a network on annotated radiographs.

    Recipes: 'default' trains from scratch, 'refine' trains a default run further, 'children'
    teaches a trained network deciduous teeth (--from default --recipe children), 'finetune' adapts
    the network of --from to other data. 'seed' reproduces the seed project: its U-Net, 512 x 512
    pixels, 33 classes, batch size 4, 10 epochs, Adam with learning rate 0.001, rotation and zoom.
    It departs from the seed project's faults: flips swap left and right tooth numbers, images are
    not turned upside down, and labels are resized by nearest neighbour, not bilinearly.
    """
    require_keras()
    check_overwrite(overwrite, resume)
    settings: dict[str, Any] = {"epochs": epochs, "size": size}
    settings |= {"batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
    settings |= {"validation": validation, "fold": fold, "split_seed": split_seed}
    settings |= {
        "freeze": freeze,
        "classes": classes,
        "workers": workers,
    }
    settings["repeat_mixed"] = repeat_mixed or None
    settings = drop_none(settings)
    if resume:
        reading: dict[str, Any] = {"--format": format_name, "--values": values}
        reading |= {"--numbering": numbering, "--map": name_map, "--repeat": repeat}
        reading |= {"--skip-bad": skip_bad, "--predictions": predictions}
        reading |= {"--attribute": attribute, "--encoding": encoding}
        _check_resumed(any((data, recipe, config, settings, start, teachers)), reading)
        raise typer.Exit(_resume(output))
    if not data:
        raise ConfigError("train needs at least one DATA folder of annotated radiographs")
    from panodent.training.run import DataSource, prepare
    from panodent.training.run_folder import holding_run

    training = _configured(recipe, config, settings, start or "")
    options = read_options(values, numbering, name_map, predictions, attribute, encoding)
    sources = [
        DataSource(root, format_name, options, times, skip_bad)
        for root, times in zip(data, _repeats(repeat, len(data), training), strict=True)
    ]
    progress = TrainingProgress(training.epochs)
    with holding_run(output, "train", overwrite):
        given = (progress.report, start or "", teachers or (), overwrite)
        run = prepare(output, sources, training, *given)
        raise typer.Exit(_fit(run, progress))


def _check_resumed(other: bool, reading: Mapping[str, Any]) -> None:
    """Raises `ConfigError` if options were given with --resume.

    `reading` holds those that say how data is read, by name; `other` says whether any other was.
    """
    named = " and ".join(name for name, value in reading.items() if value)
    if other or named:
        belong = f", to which {named} belong" if named else ""
        raise ConfigError(
            f"--resume takes data and settings from the run{belong}; "
            "give no other option than --output"
        )


def _resume(output: Path) -> int:
    from panodent.training.recipes import load_config
    from panodent.training.run import reopen
    from panodent.training.run_folder import holding_run

    config, _ = load_config(output)
    progress = TrainingProgress(config.epochs, _epochs_done(output))
    with holding_run(output, "train"):
        return _fit(reopen(output, progress.report), progress, resume=True)


def _epochs_done(run: Path) -> int:
    table = run / "history.csv"
    return max(len(table.read_text(encoding="utf-8").splitlines()) - 1, 0) if table.exists() else 0


def _configured(
    recipe: str | None, config_file: Path | None, settings: Mapping[str, Any], start: str
) -> TrainConfig:
    """The recipe with the changes of the TOML file, then those of the options."""
    from panodent.training import recipes
    from panodent.training.transfer import kind

    config = recipes.recipe(recipe or ("finetune" if start else "default"))
    if start and recipe is None:
        network, classes, frame = kind(start)
        config = replace(config, network=network, classes=classes).with_size(*frame)
    if config_file is not None:
        config = recipes.from_toml(config_file, config)
    settings = dict(settings)
    epochs, size = settings.pop("epochs", None), settings.pop("size", None)
    if "fold" in settings:
        settings["fold"] = parse_integers(settings["fold"], "/", "--fold", "K/N", 2)
    if "repeat_mixed" in settings:
        expected = "a number, or one for each folder"
        settings["repeat_mixed"] = parse_integers(
            settings["repeat_mixed"], ",", "--repeat-mixed", expected
        )
    if "classes" in settings:
        settings["classes"] = _parse_classes(settings["classes"])
    config = recipes.from_dict(settings, config)
    if size is not None:
        config = config.with_size(*parse_size(size))
    return config if epochs is None else config.with_epochs(epochs)


def _parse_classes(text: str) -> tuple[int, ...]:
    """'11,12' -> (11, 12); 'all' and 'permanent' stand for 52 and 32 teeth."""
    from panodent.dentition import PERMANENT, TEETH

    if text == "all":
        return tuple(TEETH)
    if text == "permanent":
        return PERMANENT
    found = tuple(parse_integers(text, ",", "--classes", "FDI numbers such as 11,12,13"))
    for fdi in found:
        if fdi not in TEETH:
            raise UnknownToothError(
                f"--classes has {fdi}, not an FDI number; expected numbers such as 11,12,13"
            )
    return found


def _repeats(text: str, folders: int, config: TrainConfig) -> list[int]:
    """How often each data folder's radiographs are shown per epoch."""
    if not text:
        return list(config.repeat) or [1] * folders
    found = parse_integers(text, ",", "--repeat", "a number for each folder", folders)
    if min(found) < 1:
        raise ConfigError(f"--repeat is {text!r}; expected numbers of at least 1")
    return found


def _fit(run: Run, progress: TrainingProgress, resume: bool = False) -> int:
    """Trains and writes the bundle. Ctrl-C ends training early: the exit code is then 130."""
    from panodent.training.finalise import finalise
    from panodent.training.loop import describe, fit
    from panodent.training.run import data_notes

    for note in data_notes(run.data):
        print_warning(note)
    print_line(f"{len(run.training)} radiographs to train on, {len(run.validation)} held out")
    interrupted = False
    with progress:
        try:
            print_lines(describe(run))
            fit(run, resume)
        except KeyboardInterrupt:
            interrupted = True
            if not run.best.exists():
                print_line(
                    "interrupted before the first epoch was finished; there is nothing to keep"
                )
                return 130
            print_line("interrupted; the best finished epoch becomes the bundle")
        bundle, evaluations = finalise(run)
    exported = bundle.provenance["export"]
    print_line(
        f"bundle {run.folder / 'bundle'}: epoch {bundle.provenance['epoch']}, largest difference "
        f"from Keras {exported['largest_logit_difference']} on "
        f"{exported['radiographs_compared']} radiographs"
    )
    for name, evaluation in evaluations.items():
        print_line(f"held out of {name}: {main_figures(evaluation)}")
    if evaluations:
        print_line(f"panels in {run.folder / 'panels'}, curves in {run.folder / 'curves.png'}")
    if interrupted:
        print_line(f"continue with: panodent train --resume --output {run.folder}")
    return 130 if interrupted else 0
