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

from panodent.datasets.dataset import Case
from panodent.errors import ConfigError, TrainingError
from panodent.training.data_checks import check_data, check_sides
from panodent.training.distillation import check_teachers
from panodent.training.fitting import Report
from panodent.training.recipes import CONFIG_FILE, load_config
from panodent.training.run_data import (
    DataSource,
    groups_of,
    read_sources,
    recorded_cases,
    records,
    split_sides,
)
from panodent.training.run_folder import STATE, check_free, check_removable, remove_run
from panodent.training.train_config import TrainConfig
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__


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
        return self.folder / STATE

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
    overwrite: bool = False,
) -> Run:
    """A new run: finds and splits the data and writes config.json.

    Duplicates of one radiograph, also across folders, come to the same side. `start` is the bundle
    or run that training starts from, `teachers` those that it imitates. What is odd in the data is
    reported as `panodent.training.data_checks.check_data` says. Raises `TrainingError` if the
    folder already holds a run, unless `overwrite` replaces it, `ConfigError` or `DatasetError` when
    training would be useless, and errors as `panodent.training.run_data.read_sources`.
    """
    (made,) = _prepare({folder: config}, sources, start, report, teachers, overwrite)
    return made


def prepare_folds(
    folder: Path,
    sources: Sequence[DataSource],
    config: TrainConfig,
    count: int,
    report: Report,
    start: str = "",
    teachers: Sequence[str] = (),
    overwrite: bool = False,
) -> list[Run]:
    """New runs FOLDER/fold-1 to fold-COUNT of one cross-validation; see `prepare`."""
    configs = {
        folder / f"fold-{number}": replace(config, fold=(number, count))
        for number in range(1, count + 1)
    }
    return _prepare(configs, sources, start, report, teachers, overwrite)


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
    overwrite: bool,
) -> list[Run]:
    """Runs by their folders, which differ in the split only; the data are read once.

    Nothing is written before all of them are known to be possible.
    """
    for folder, config in configs.items():
        check_free(folder, overwrite)
        if overwrite:
            check_removable(folder, start, *teachers)
        _check_start(config, start)
        check_teachers(teachers, config)
        _for_each_folder(config.repeat_mixed or (1,), len(sources))
    read = read_sources(sources, report)
    check_data([item.used for item in read], next(iter(configs.values())), start, report)
    folders = [list(item.used.cases) for item in read]
    groups = groups_of(folders)
    written = {}
    for folder, config in configs.items():
        data = records(read, split_sides(folders, groups, config))
        record = {"panodent": __version__, "config": config.to_dict(), "start": start, "data": data}
        written[folder] = {**record, "teachers": list(teachers)}
    runs = [_opened(folder, configs[folder], written[folder], report) for folder in configs]
    for folder, record in written.items():
        if overwrite:
            remove_run(folder)
        write_whole(folder / CONFIG_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return runs


def _check_start(config: TrainConfig, start: str) -> None:
    """Raises `ConfigError` when training would learn nothing."""
    if config.freeze and not start:
        raise ConfigError(
            f"freeze is {config.freeze!r}, but training starts from scratch, and layers that keep "
            "random weights learn nothing; add --from default, or leave out --freeze"
        )


def reopen(folder: Path, report: Report) -> Run:
    """The run of a folder, with the split that it was prepared with.

    Raises `TrainingError` when the folder holds no run or nothing is left to train on,
    `DatasetError` when data was removed since.
    """
    return _opened(folder, *load_config(folder), report)


def _opened(folder: Path, config: TrainConfig, record: Mapping[str, Any], report: Report) -> Run:
    """The run that a record describes; raises as `reopen`."""
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
