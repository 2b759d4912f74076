"""A training run as a folder: prepared from data folders, reopened to resume, finished to a bundle.

RUN/config.json        what was asked, and which cases are on which side of the split
RUN/last.npz           weights, optimiser and counters after the last whole epoch
RUN/best.npz           weights of the best epoch by validation Dice
RUN/epochs/NNN.npz     weights of each epoch
RUN/history.csv        a row an epoch; curves.png draws it; tensorboard/ holds the same
RUN/panels/            original, prediction and truth side by side
RUN/bundle/            the best network, ready for `panodent predict`
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from panodent.datasets import dataset, splits
from panodent.datasets.dataset import Case
from panodent.errors import DatasetError, TrainingError
from panodent.training.recipes import CONFIG_FILE, TrainConfig, load_config
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__

Row = dict[str, float]
Report = Callable[[str, Row], None]


@dataclass(frozen=True)
class Source:
    """A data folder: its format (None: recognised), how it is read, how often it is seen.

    `options` are the format's, such as `values`; `repeat` is how many times an epoch shows each of
    its training cases.
    """

    root: Path
    format: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    repeat: int = 1

    def find(self) -> dataset.Dataset:
        """What the folder holds; raises `DatasetError` or `AnnotationError`."""
        return dataset.find(self.root, self.format, self.options)


@dataclass
class Run:
    """One training run: its folder, settings and both sides of the split."""

    folder: Path
    config: TrainConfig
    training: Sequence[Case]
    validation: Sequence[Case]
    repeats: Sequence[int]
    report: Report
    start: str = ""
    data: list[dict[str, Any]] = field(default_factory=list)
    repeats_mixed: Sequence[int] = ()

    @property
    def last(self) -> Path:
        """The state after the last whole epoch."""
        return self.folder / "last.npz"

    @property
    def best(self) -> Path:
        """The best epoch's weights."""
        return self.folder / "best.npz"


def prepare(
    folder: Path, sources: Sequence[Source], config: TrainConfig, report: Report, start: str = ""
) -> Run:
    """A new run: finds and splits the data and writes config.json.

    Duplicates of one radiograph, also across folders, stay on one side. `start` is the bundle or
    run that training starts from. Raises `TrainingError` if the folder already holds a run.
    """
    if (folder / CONFIG_FILE).exists():
        raise TrainingError(
            f"{folder}: already holds a training run; go on with --resume, or name another --output"
        )
    found = [source.find() for source in sources]
    sides = _sides([list(item.cases) for item in found], config)
    data = [
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
    record = {"panodent": __version__, "config": config.to_dict(), "start": start, "data": data}
    write_whole(folder / CONFIG_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return reopen(folder, report)


def _options(item: Mapping[str, Any]) -> dict[str, Any]:
    """A data folder's options; runs of panodent 0.1 had no other than `values`."""
    values = {"values": item["values"]} if item.get("values") else {}
    return dict(item.get("options", values))


def reopen(folder: Path, report: Report) -> Run:
    """The run of a folder with the very split it was prepared with. Raises `TrainingError`."""
    config, record = load_config(folder)
    training: list[Case] = []
    validation: list[Case] = []
    repeats: list[int] = []
    repeats_mixed: list[int] = []
    often = config.repeat_mixed or (1,) * len(record["data"])
    if len(often) != len(record["data"]):
        raise TrainingError(
            f"repeat_mixed is {often}; expected a number for each of {len(record['data'])} folders"
        )
    for item, times in zip(record["data"], often, strict=True):
        source = Source(Path(item["root"]), item["format"], _options(item), item["repeat"])
        cases = {case.key: case for case in source.find().cases}
        if gone := [key for key in item["training"] + item["validation"] if key not in cases]:
            raise DatasetError(
                f"{source.root}: {gone[0]} was there when the run began, now it is not"
            )
        training += [cases[key] for key in item["training"]]
        validation += [cases[key] for key in item["validation"]]
        repeats += [source.repeat] * len(item["training"])
        repeats_mixed += [times] * len(item["training"])
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
    )


def _sides(folders: list[list[Case]], config: TrainConfig) -> list[tuple[list[str], list[str]]]:
    """(training keys, validation keys) of each folder.

    Each folder is split for itself, so that it is on both sides; a radiograph that several folders
    hold is held out of all if it is held out of one.
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
    if config.fold is not None:
        return splits.fold(cases, *config.fold, seed=config.split_seed)
    return splits.split(cases, config.validation, config.split_seed)
