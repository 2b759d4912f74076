"""`panodent train`: trains a network, or continues a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from panodent.cli.console import TrainingProgress
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
from panodent.cli.training_options import (
    BatchSize,
    Classes,
    ConfigFile,
    Coordinator,
    Devices,
    Epochs,
    Fold,
    Folds,
    Freeze,
    KeepEpochs,
    LearningRate,
    Patience,
    Prepare,
    Processes,
    ProcessId,
    Recipe,
    Repeat,
    RepeatMixed,
    Resume,
    Seed,
    Size,
    SplitSeed,
    Start,
    Teachers,
    Track,
    Validation,
)
from panodent.cli.training_session import (
    continue_run,
    prepared,
    train_run,
    train_runs,
    train_together,
)
from panodent.errors import ConfigError

if TYPE_CHECKING:
    from panodent.training.device_group import DeviceGroup
    from panodent.training.train_config import TrainConfig

FIRST_FOLD = "fold-1"
"""The first of the folders that `panodent.training.run.prepare_folds` makes."""
SCRATCH = "scratch"
FROM_SCRATCH = ("default", "seed")
"""Recipes that start from random weights unless --from is given."""


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
    patience: Patience = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    size: Size = None,
    validation: Validation = None,
    fold: Fold = None,
    folds: Folds = None,
    split_seed: SplitSeed = None,
    seed: Seed = None,
    start: Start = None,
    freeze: Freeze = None,
    classes: Classes = None,
    keep_epochs: KeepEpochs = False,
    teachers: Teachers = None,
    workers: Workers = None,
    devices: Devices = None,
    processes: Processes = 1,
    process_id: ProcessId = 0,
    coordinator: Coordinator = "",
    track: Track = None,
    prepare: Prepare = False,
    resume: Resume = False,
    overwrite: Overwrite = False,
    skip_bad: SkipBad = False,
) -> None:
    """Train or fine-tune a network on annotated radiographs.

    Writes a bundle, a folder with the trained model, into OUTPUT/bundle. Without --from the
    included bundle is trained further, for which twelve radiographs are enough. '--from scratch'
    starts from random weights and needs about 300 radiographs.

    Recipes: 'finetune' adapts a trained network to other data, 'default' trains from scratch,
    'refine' trains a default run further, 'children' teaches a trained network deciduous teeth.
    'seed' reproduces the seed project: its U-Net, 512 x 512 pixels, 33 classes, batch size 4, 10
    epochs, Adam with learning rate 0.001, rotation and zoom. It departs from the seed project's
    faults: flips swap left and right tooth numbers, images are not turned upside down, and labels
    are resized by nearest neighbour, not bilinearly. `panodent recipes` explains all settings.
    """
    given = dict(locals())  # the options by name
    require_keras()
    check_overwrite(overwrite, resume)
    raise typer.Exit(_train(given))


def _train(given: Mapping[str, Any]) -> int:
    """Trains as the options `given` say; returns the exit code."""
    settings, output = _settings(given), given["output"]
    if given["resume"]:
        _check_resumed(given, settings)
        going_on = partial(continue_run, output, given["epochs"], given["patience"])
        return train_together(_group(given), going_on)
    folders = _checked_data(given)
    start = _starting_point(given["start"], given["recipe"])
    training = _configured(given["recipe"], given["config"], settings, start)
    begin = partial(
        _begin,
        output,
        _sources(given, folders, training),
        training,
        given["folds"],
        start,
        given["teachers"] or (),
        given["overwrite"],
        _trackers(given["track"]),
        given["prepare"],
    )
    return train_together(_group(given), begin)


SETTINGS = (
    *("epochs", "patience", "size", "batch_size", "learning_rate", "seed", "validation", "fold"),
    *("split_seed", "freeze", "classes", "repeat_mixed", "keep_epochs", "workers"),
)
"""Options that are settings of `TrainConfig`, or change several of them."""
CHANGED = {"epochs", "patience"}
"""Settings that may change when a run goes on."""
READING = ("values", "numbering", "name_map", "predictions", "attribute", "encoding")
"""Arguments of `read_options`."""
KEPT = {
    "format_name": "--format",
    **{name: f"--{name}" for name in READING},
    "name_map": "--map",
    "repeat": "--repeat",
    "skip_bad": "--skip-bad",
}
"""Options that say how data is read, by parameter; a run keeps them."""


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among the options `given`; options that were left out are missing."""
    unset = {name: given[name] or None for name in ("repeat_mixed", "keep_epochs")}
    return drop_none({**{name: given[name] for name in SETTINGS}, **unset})


def _group(given: Mapping[str, Any]) -> DeviceGroup:
    """The devices and processes that train together."""
    from panodent.training.device_group import device_group

    names = ("devices", "processes", "process_id", "coordinator")
    return device_group(*(given[name] for name in names))


def _sources(
    given: Mapping[str, Any], folders: Sequence[Path], config: TrainConfig
) -> list[tuple[Any, ...]]:
    """The fields of the `DataSource` of each folder, read as the options `given` say."""
    often = _repeats(given["repeat"], len(folders), config)
    options = read_options(*(given[name] for name in READING))
    return [
        (folder, given["format_name"], options, times, given["skip_bad"])
        for folder, times in zip(folders, often, strict=True)
    ]


def _checked_data(given: Mapping[str, Any]) -> Sequence[Path]:
    """The data folders; raises `ConfigError` without any, or for options that exclude another."""
    if not given["data"]:
        raise ConfigError("train needs at least one DATA folder of annotated radiographs")
    if given["folds"] and given["fold"]:
        raise ConfigError("--folds trains all folds and --fold one of them; give one of the two")
    if given["prepare"] and given["processes"] > 1:
        raise ConfigError("--prepare takes one process; give --processes with --resume")
    if given["folds"] and given["processes"] > 1:
        raise ConfigError(
            "--folds trains in one process; give --fold with --processes, or train the folds side "
            "by side with panodent folds --train"
        )
    folders: Sequence[Path] = given["data"]
    return folders


def _begin(
    output: Path,
    found: Sequence[tuple[Any, ...]],
    training: TrainConfig,
    folds: int | None,
    start: str,
    teachers: Sequence[str],
    overwrite: bool,
    track: Sequence[str],
    only_prepare: bool,
    group: DeviceGroup,
) -> int:
    """Prepares a run, or the runs of all folds, and trains; returns the exit code.

    `found` holds the fields of each `DataSource`, `track` the names of trackers.
    """
    from panodent.training.recipes import CONFIG_FILE
    from panodent.training.run import prepare, prepare_folds
    from panodent.training.run_data import DataSource
    from panodent.training.run_folder import STATE, holding_run
    from panodent.training.tracking import choose

    sources = [DataSource(*fields) for fields in found]
    progress = TrainingProgress(training.epochs)
    given = (progress.report, start, teachers, overwrite)
    keep = FIRST_FOLD if folds else CONFIG_FILE if only_prepare else STATE
    with holding_run(output, "train", overwrite, keep=keep):
        if folds:
            runs = prepare_folds(output, sources, training, folds, *given)
            for run in runs:
                choose(run.folder, track)
            return prepared(output, folds) if only_prepare else train_runs(output, runs, group)
        run = prepare(output, sources, training, *given)
        choose(run.folder, track)
        return prepared(output) if only_prepare else train_run(run, progress, group)


def _trackers(names: Sequence[str] | None) -> list[str]:
    """The trackers; raises `UnknownNameError` or `MissingExtraError`."""
    if not names:
        return []
    from panodent.training.trackers import check_trackers

    return check_trackers(names)


def _starting_point(start: str | None, recipe: str | None) -> str:
    """The bundle or run that training starts from; empty for random weights."""
    if start is None:
        return "" if recipe in FROM_SCRATCH else "default"
    return "" if start == SCRATCH else start


def _check_resumed(given: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
    """Raises `ConfigError` if options were given with --resume that belong to a new run."""
    new = ("data", "recipe", "config", "folds", "start", "teachers", "track", "prepare")
    named = " and ".join(option for name, option in KEPT.items() if given[name])
    if named or settings.keys() - CHANGED or any(given[name] for name in new):
        belong = f", to which {named} belong" if named else ""
        raise ConfigError(
            f"--resume takes data and settings from the run{belong}; give no other option than "
            "--output, --epochs and --patience, besides those of devices and processes"
        )


def _configured(
    recipe: str | None, config_file: Path | None, settings: Mapping[str, Any], start: str
) -> TrainConfig:
    """The recipe with the changes of the TOML file, then those of the options."""
    from panodent.training import recipes
    from panodent.training.transfer import kind

    config = recipes.recipe(recipe or ("finetune" if start else "default"))
    if start:
        network, known, frame = kind(start)
        if recipe in (None, "finetune"):
            config = replace(config, network=network, classes=known).with_size(*frame)
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
            raise ConfigError(
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
