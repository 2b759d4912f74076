"""A training run is a folder: `prepare` makes it from data folders, `reopen` reads it again.

RUN/config.json        settings, and which cases are on which side of the split
RUN/ignored.json       unlabelled teeth that training ignores, with `ignore_unlabelled`
RUN/last.npz           weights, optimiser and counters after the last complete epoch
RUN/best.npz           weights of the best epoch by validation Dice
RUN/epochs/NNN.npz     weights of each epoch
RUN/history.csv        one row per epoch; curves.png draws it; tensorboard/ holds the same
RUN/panels/            original, prediction and truth side by side
RUN/bundle/            the best network, ready for `panodent predict`
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from panodent.datasets import checking, dataset, splits
from panodent.datasets.dataset import Case
from panodent.errors import DatasetError, TrainingError
from panodent.formats.faults import FaultList
from panodent.training.fitting import Report
from panodent.training.recipes import CONFIG_FILE, load_config
from panodent.training.run_folder import STATE, check_free, remove_run
from panodent.training.train_config import TrainConfig
from panodent.utils.atomic_files import write_whole
from panodent.utils.wording import counted
from panodent.version import __version__


@dataclass(frozen=True)
class DataSource:
    """A data folder: where it is, how it is read, and how often it is shown.

    `format` is recognised when None; `options` are those of the format, such as `values`; an epoch
    shows each of its training cases `repeat` times; `skip_bad` leaves out what cannot be used.
    """

    root: Path
    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    repeat: int = 1
    skip_bad: bool = False

    @classmethod
    def recorded(cls, item: Mapping[str, Any]) -> DataSource:
        """The data folder of a record that `split_data` made."""
        skip_bad = bool(item.get("skip_bad"))
        return cls(Path(item["root"]), item["format"], item["options"], skip_bad=skip_bad)

    def find(self, faults: FaultList | None = None) -> dataset.Dataset:
        """The cases of the folder; raises `DatasetError` or `AnnotationError`.

        `faults` takes what cannot be used, see `panodent.datasets.dataset.find`.
        """
        if faults is None and self.skip_bad:
            faults = FaultList()
        return dataset.find(self.root, self.format, self.options, faults)


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
    or run that training starts from, `teachers` those that it imitates. Raises `TrainingError` if
    nothing is left to train on, and if the folder already holds a run, unless `overwrite` replaces
    it.
    """
    check_free(folder, overwrite)
    data = split_data(sources, config, report)
    record = {"panodent": __version__, "config": config.to_dict(), "start": start, "data": data}
    record["teachers"] = list(teachers)
    run = _opened(folder, config, record, report)  # raises before anything is written
    if overwrite:
        remove_run(folder, start, *teachers)
    write_whole(folder / CONFIG_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return run


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
    if not training:
        raise TrainingError("no case is left for training; lower --val")
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


def split_data(
    sources: Sequence[DataSource], config: TrainConfig, report: Report = lambda *_: None
) -> list[dict[str, Any]]:
    """The record of each data folder: how it is read, and the keys of both sides of the split.

    Every radiograph and annotation is read once. Duplicates of one radiograph, also across folders,
    come to the same side. Of `config` only the settings of the split count. `report("unread", row)`
    tells how many entries of the folders may be radiographs, but are not read.

    Raises `FaultyItemsError` with all items that cannot be used, unless `skip_bad` leaves them out;
    `DatasetError` or `AnnotationError` where a folder as a whole cannot be read.
    """
    found = [(source, faults := FaultList(), source.find(faults)) for source in sources]
    if unread := sum(len(item.unread) for _, _, item in found):
        report("unread", {"entries": unread})
    kept = [checking.usable(item, faults) for _, faults, item in found]
    checking.stop_at(f for source, faults, _ in found if not source.skip_bad for f in faults)
    sides = split_sides([list(item.cases) for item in kept], config)
    return [
        {
            "root": str(source.root.resolve()),
            "format": item.format,
            "options": {name: str(value) for name, value in source.options.items()},
            "repeat": source.repeat,
            "training": training,
            "validation": validation,
            "without_image": len(item.labels_without_images),
            "skip_bad": source.skip_bad,
            "left_out": sorted({c.key for c in item.cases} - {c.key for c in used.cases}),
            "warnings": [str(fault) for fault in faults if fault.is_warning],
        }
        for (source, faults, item), used, side in zip(found, kept, sides, strict=True)
        for training, validation in [side]
    ]


def recorded_cases(item: Mapping[str, Any]) -> tuple[list[Case], list[Case]]:
    """The training and the validation cases of a record that `split_data` made.

    Raises `DatasetError` when one was removed since.
    """
    source = DataSource.recorded(item)
    cases = {case.key: case for case in source.find().cases}
    if gone := [key for key in item["training"] + item["validation"] if key not in cases]:
        raise DatasetError(
            f"{source.root}: {gone[0]} was there when the run began and is missing now; restore it"
        )
    return [cases[key] for key in item["training"]], [cases[key] for key in item["validation"]]


def data_notes(data: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is not trained on and what to know of the rest, a sentence each."""
    notes = []
    for item in data:
        if count := item.get("without_image"):
            one, many = "annotation has no radiograph", "annotations have no radiograph"
            notes.append(f"{item['root']}: {counted(count, one, many)} and cannot be used")
        if left := item.get("left_out"):
            shown = ", ".join(left[:5]) + (", ..." if len(left) > 5 else "")
            what = counted(len(left), "radiograph", "radiographs")
            notes.append(f"{item['root']}: --skip-bad left out {what}: {shown}")
        notes += item.get("warnings", ())
    return notes


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


def split_sides(
    folders: list[list[Case]], config: TrainConfig
) -> list[tuple[list[str], list[str]]]:
    """(training keys, validation keys) of each folder.

    Each folder is split separately, so that each is on both sides. A radiograph in several folders
    is held out of all of them if it is held out of one.
    """
    together = [
        replace(case, key=f"{place}/{case.key}", group=f"{place}/{case.group}")
        for place, cases in enumerate(folders)
        for case in cases
    ]
    groups = iter(case.group for case in splits.grouped(together))
    group_of = [{case.key: next(groups) for case in cases} for cases in folders]
    held: set[str] = set()
    for cases, groups_here in zip(folders, group_of, strict=True):
        named = [replace(c, group=groups_here[c.key].split("/", 1)[1]) for c in cases]
        held |= {groups_here[case.key] for case in _split(named, config)[1]}
    return [
        (
            [case.key for case in cases if groups_here[case.key] not in held],
            [case.key for case in cases if groups_here[case.key] in held],
        )
        for cases, groups_here in zip(folders, group_of, strict=True)
    ]


def _split(cases: list[Case], config: TrainConfig) -> tuple[list[Case], list[Case]]:
    """(training cases, validation cases) of one folder."""
    if config.fold is not None:
        return splits.fold(cases, *config.fold, seed=config.split_seed)
    return splits.split(cases, config.validation, config.split_seed)
