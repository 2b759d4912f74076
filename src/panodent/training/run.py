"""A training run is a folder: `prepare` makes it from data folders, `reopen` reads it again.

RUN/config.json        settings, and which cases are on which side of the split
RUN/ignored.json       unlabelled teeth that training ignores, with `ignore_unlabelled`
RUN/last.npz           weights, optimiser and counters after the last complete epoch
RUN/best.npz           weights of the best epoch by validation Dice
RUN/epochs/NNN.npz     weights of the epochs that may become the bundle; of all with `keep_epochs`
RUN/history.csv        one row per epoch; curves.png draws it; tensorboard/ holds the same
RUN/panels/            original, prediction and truth side by side
RUN/bundle/            the best network, ready for `panodent predict`
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from panodent.datasets import dataset, splits
from panodent.datasets.dataset import Case, Dataset
from panodent.errors import ConfigError, DatasetError, TrainingError
from panodent.training.data_checks import check_data, check_fold, check_sides
from panodent.training.fitting import Report
from panodent.training.recipes import CONFIG_FILE, load_config
from panodent.training.train_config import TrainConfig
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__


@dataclass(frozen=True)
class DataSource:
    """A data folder: where it is, how it is read, and how often it is shown.

    `format` is recognised when None; `options` are those of the format, such as `values`; an epoch
    shows each of its training cases `repeat` times.
    """

    root: Path
    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    repeat: int = 1

    def find(self) -> dataset.Dataset:
        """The cases of the folder; raises `DatasetError` or `AnnotationError`."""
        return dataset.find(self.root, self.format, self.options)


@dataclass
class Run:
    """One training run: its folder, settings and both sides of the split.

    `repeats` belongs to `training`, case by case; `report(event, row)` is called with progress;
    `start` is the bundle or run that training starts from, or empty; `teachers` are bundles or runs
    whose answers it imitates; `data` is one record for each data folder, as in config.json.
    """

    folder: Path
    config: TrainConfig
    training: Sequence[Case]
    validation: Sequence[Case]
    repeats: Sequence[int]
    report: Report
    start: str = ""
    data: list[dict[str, Any]] = field(default_factory=list)
    repeats_mixed: Sequence[int] = ()
    teachers: Sequence[str] = ()

    @property
    def last(self) -> Path:
        """File of the state after the last complete epoch."""
        return self.folder / "last.npz"

    @property
    def best(self) -> Path:
        """File of the best epoch's weights."""
        return self.folder / "best.npz"

    def epoch_file(self, epoch: int) -> Path:
        """File of the weights of an epoch, counted from 1."""
        return self.folder / "epochs" / f"{epoch:03d}.npz"

    def remove_epochs(self, kept: Sequence[int]) -> None:
        """Removes the weights of all epochs but these, which bounds the space that a run takes."""
        names = {self.epoch_file(epoch).name for epoch in kept}
        for file in (self.folder / "epochs").glob("*.npz"):
            if file.name not in names:
                file.unlink(missing_ok=True)


def prepare(
    folder: Path,
    sources: Sequence[DataSource],
    config: TrainConfig,
    report: Report,
    start: str = "",
    teachers: Sequence[str] = (),
) -> Run:
    """A new run: finds and splits the data and writes config.json.

    Duplicates of one radiograph, also across folders, come to the same side. `start` is the bundle
    or run that training starts from, `teachers` those that it imitates. What is odd in the data is
    reported as `panodent.training.data_checks.check_data` says. Raises `TrainingError` if the
    folder already holds a run, `ConfigError` or `DatasetError` when training would be useless.
    """
    (made,) = _prepare({folder: config}, sources, start, report, teachers)
    return made


def prepare_folds(
    folder: Path,
    sources: Sequence[DataSource],
    config: TrainConfig,
    count: int,
    report: Report,
    start: str = "",
    teachers: Sequence[str] = (),
) -> list[Run]:
    """New runs FOLDER/fold-1 to fold-COUNT of one cross-validation; see `prepare`."""
    configs = {
        folder / f"fold-{number}": replace(config, fold=(number, count))
        for number in range(1, count + 1)
    }
    return _prepare(configs, sources, start, report, teachers)


def fold_folders(folder: Path) -> list[Path]:
    """The runs that `prepare_folds` made in a folder, in order; empty where there are none."""
    found = [path for path in folder.glob("fold-*") if (path / CONFIG_FILE).exists()]
    numbered = [path for path in found if path.name[5:].isdecimal()]
    return sorted(numbered, key=lambda path: int(path.name[5:]))


def _prepare(
    configs: Mapping[Path, TrainConfig],
    sources: Sequence[DataSource],
    start: str,
    report: Report,
    teachers: Sequence[str],
) -> list[Run]:
    """Runs by their folders, which differ in the split only; the data are read once."""
    for folder, config in configs.items():
        _check_start(folder, config, start)
        _for_each_folder(config.repeat_mixed or (1,), len(sources))
    found = [source.find() for source in sources]
    check_data(found, next(iter(configs.values())), start, report)
    folders = [list(item.cases) for item in found]
    groups = groups_of(folders)
    records = {
        folder: _records(sources, found, split_sides(folders, groups, config))
        for folder, config in configs.items()
    }
    for folder, data in records.items():
        settings = configs[folder].to_dict()
        record = {"panodent": __version__, "config": settings, "start": start, "data": data}
        record["teachers"] = list(teachers)
        write_whole(folder / CONFIG_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return [reopen(folder, report) for folder in configs]


def _check_start(folder: Path, config: TrainConfig, start: str) -> None:
    """Raises an error when a run cannot be made in a folder, or would learn nothing."""
    if config.freeze and not start:
        raise ConfigError(
            f"freeze is {config.freeze!r}, but training starts from scratch, and layers that keep "
            "random weights learn nothing; add --from default, or leave out --freeze"
        )
    if (folder / CONFIG_FILE).exists():
        raise TrainingError(
            f"{folder}: already holds a training run; go on with --resume, or name another --output"
        )


def reopen(folder: Path, report: Report) -> Run:
    """The run of a folder, with the split that it was prepared with.

    Raises `TrainingError` when the folder holds no run or nothing is left to train on,
    `DatasetError` when data was removed since.
    """
    config, record = load_config(folder)
    training: list[Case] = []
    validation: list[Case] = []
    repeats: list[int] = []
    repeats_mixed: list[int] = []
    often = _for_each_folder(config.repeat_mixed or (1,), len(record["data"]))
    for item, times in zip(record["data"], often, strict=True):
        shown, held = recorded_cases(item)
        training += shown
        validation += held
        repeats += [item["repeat"]] * len(shown)
        repeats_mixed += [times] * len(shown)
    check_sides(len(training), len(validation))
    return Run(
        folder,
        config,
        training,
        validation,
        repeats,
        report,
        record["start"],
        record["data"],
        repeats_mixed,
        record.get("teachers", []),
    )


def split_data(sources: Sequence[DataSource], config: TrainConfig) -> list[dict[str, Any]]:
    """The record of each data folder: how it is read, and the keys of both sides of the split.

    Duplicates of one radiograph, also across folders, come to the same side. Of `config` only the
    settings of the split count. Raises `DatasetError` or `AnnotationError`, `ConfigError` for more
    folds than radiographs, and `TrainingError` when nothing is left to train on.
    """
    found = [source.find() for source in sources]
    folders = [list(item.cases) for item in found]
    return _records(sources, found, split_sides(folders, groups_of(folders), config))


def _records(
    sources: Sequence[DataSource],
    found: Sequence[Dataset],
    sides: Sequence[tuple[list[str], list[str]]],
) -> list[dict[str, Any]]:
    """The records that `split_data` returns."""
    check_sides(*(sum(len(keys) for keys in side) for side in zip(*sides, strict=True)))
    return [
        {
            "root": str(source.root.resolve()),
            "format": item.format,
            "options": {name: str(value) for name, value in source.options.items()},
            "repeat": source.repeat,
            "training": training,
            "validation": validation,
        }
        for source, item, (training, validation) in zip(sources, found, sides, strict=True)
    ]


def recorded_cases(item: Mapping[str, Any]) -> tuple[list[Case], list[Case]]:
    """The training and the validation cases of a record that `split_data` made.

    Raises `DatasetError` when one was removed since.
    """
    source = DataSource(Path(item["root"]), item["format"], item["options"])
    cases = {case.key: case for case in source.find().cases}
    if gone := [key for key in item["training"] + item["validation"] if key not in cases]:
        raise DatasetError(
            f"{source.root}: {gone[0]} was there when the run began and is missing now; restore it"
        )
    return [cases[key] for key in item["training"]], [cases[key] for key in item["validation"]]


def _for_each_folder(repeat_mixed: tuple[int, ...], folders: int) -> tuple[int, ...]:
    """One number for each data folder; a single number holds for all."""
    if len(repeat_mixed) == 1:
        return repeat_mixed * folders
    if len(repeat_mixed) != folders:
        raise TrainingError(
            f"repeat_mixed is {repeat_mixed}; expected one number, or one for each of {folders} "
            "folders"
        )
    return repeat_mixed


def groups_of(folders: Sequence[Sequence[Case]]) -> list[dict[str, str]]:
    """The group of each case by its key, for each folder; duplicates share one across folders.

    Reads every radiograph.
    """
    together = [
        replace(case, key=f"{place}/{case.key}", group=f"{place}/{case.group}")
        for place, cases in enumerate(folders)
        for case in cases
    ]
    groups = iter(case.group for case in splits.grouped(together))
    return [{case.key: next(groups) for case in cases} for cases in folders]


def split_sides(
    folders: Sequence[Sequence[Case]], groups: Sequence[Mapping[str, str]], config: TrainConfig
) -> list[tuple[list[str], list[str]]]:
    """(training keys, validation keys) of each folder; `groups` is what `groups_of` returns.

    Each folder is split separately, so that each is on both sides. A radiograph in several folders
    is held out of all of them if it is held out of one. Raises `ConfigError` for more folds than
    there are different radiographs.
    """
    check_fold(config.fold, len({group for here in groups for group in here.values()}))
    held: set[str] = set()
    for cases, groups_here in zip(folders, groups, strict=True):
        named = [replace(c, group=groups_here[c.key].split("/", 1)[1]) for c in cases]
        held |= {groups_here[case.key] for case in _split(named, config)[1]}
    return [
        (
            [case.key for case in cases if groups_here[case.key] not in held],
            [case.key for case in cases if groups_here[case.key] in held],
        )
        for cases, groups_here in zip(folders, groups, strict=True)
    ]


def _split(cases: list[Case], config: TrainConfig) -> tuple[list[Case], list[Case]]:
    """(training cases, validation cases) of one folder."""
    if config.fold is not None:
        return splits.fold(cases, *config.fold, seed=config.split_seed)
    return splits.split(cases, config.validation, config.split_seed)
