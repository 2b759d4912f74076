"""The data folders of a training: how they are read, and which cases are on which side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from panodent.datasets import checking, dataset, splits
from panodent.datasets.dataset import Case, Dataset
from panodent.errors import DatasetError
from panodent.formats.faults import OF_OPTION, FaultList
from panodent.radiograph.folder_search import is_result
from panodent.training.data_checks import check_fold, check_sides
from panodent.training.fitting import Report
from panodent.training.train_config import TrainConfig
from panodent.utils.wording import counted


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


@dataclass(frozen=True)
class ReadSource:
    """A data folder that was read: all of it, and the part that can be trained on.

    `elsewhere` are the options, as `--values`, that only some of all folders have no use for. All
    folders get the same options, so nothing is said of these.
    """

    source: DataSource
    found: Dataset
    used: Dataset
    faults: FaultList
    elsewhere: frozenset[str] = frozenset()

    def record(self, training: list[str], validation: list[str]) -> dict[str, Any]:
        """Plain data about the folder, and the keys of both sides of the split."""
        return {
            "root": str(self.source.root.resolve()),
            "format": self.found.format,
            "options": {name: str(value) for name, value in self.source.options.items()},
            "repeat": self.source.repeat,
            "training": training,
            "validation": validation,
            "skip_bad": self.source.skip_bad,
            "left_out": sorted(
                {case.key for case in self.found.cases} - {case.key for case in self.used.cases}
            ),
            "warnings": self._warnings(),
        }

    def _warnings(self) -> list[str]:
        """What to know of the annotations, a sentence each."""
        told = [
            str(fault)
            for fault in self.faults
            if fault.is_warning and fault.item not in self.elsewhere
        ]
        values = self.source.options.get("values")
        if (
            self.found.format == "labels"
            and values is None
            and is_result(self.source.root / "run.json")
        ):
            told.append(
                f"{self.source.root}: its annotations are results of `panodent predict`, whose "
                "mistakes are learned as well; correct them first, with `panodent serve` or, after "
                "`panodent convert`, in another tool"
            )
        return told


def read_sources(sources: Sequence[DataSource], report: Report) -> list[ReadSource]:
    """Reads every radiograph and annotation once.

    `report("unread", row)` tells how many entries of the folders may be radiographs, but are not
    read. Raises `FaultyItemsError` with all items that cannot be used, unless `skip_bad` leaves
    them out; `DatasetError` or `AnnotationError` where a folder as a whole cannot be read.
    """
    read = []
    for source in sources:
        faults = FaultList()
        found = source.find(faults)
        read.append(ReadSource(source, found, checking.usable(found, faults), faults))
    checking.stop_at(fault for item in read if not item.source.skip_bad for fault in item.faults)
    if unread := sum(len(item.found.unread) for item in read):
        report("unread", {"entries": unread})
    elsewhere = _used_somewhere([item.faults for item in read])
    return [replace(item, elsewhere=elsewhere) for item in read]


def _used_somewhere(found: Sequence[FaultList]) -> frozenset[str]:
    """The options that some of the folders ignored and others did not."""
    ignored = [{f.item for f in faults if f.item.startswith(OF_OPTION)} for faults in found]
    return frozenset(o for one in ignored for o in one if not all(o in each for each in ignored))


def split_data(
    sources: Sequence[DataSource], config: TrainConfig, report: Report = lambda *_: None
) -> list[dict[str, Any]]:
    """The record of each data folder: how it is read, and the keys of both sides of the split.

    Duplicates of one radiograph, also across folders, come to the same side. Of `config` only the
    settings of the split count. Raises errors as `read_sources`, `ConfigError` for more folds than
    radiographs, and `TrainingError` when nothing is left to train on.
    """
    read = read_sources(sources, report)
    folders = [list(item.used.cases) for item in read]
    return records(read, split_sides(folders, groups_of(folders), config))


def records(
    read: Sequence[ReadSource], sides: Sequence[tuple[list[str], list[str]]]
) -> list[dict[str, Any]]:
    """The records that `split_data` returns, for the sides that `split_sides` returned."""
    check_sides(*(sum(len(keys) for keys in side) for side in zip(*sides, strict=True)))
    return [item.record(*side) for item, side in zip(read, sides, strict=True)]


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


def recorded_split(data: Iterable[Mapping[str, Any]]) -> tuple[list[Case], list[Case]]:
    """The training and the validation cases of all records, as `recorded_cases`."""
    training: list[Case] = []
    validation: list[Case] = []
    for item in data:
        shown, held = recorded_cases(item)
        training += shown
        validation += held
    return training, validation


def data_notes(data: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is not trained on and what to know of the rest, a sentence each."""
    notes = []
    for item in data:
        if left := item.get("left_out"):
            shown = ", ".join(left[:5]) + (", ..." if len(left) > 5 else "")
            what = counted(len(left), "radiograph", "radiographs")
            notes.append(f"{item['root']}: --skip-bad left out {what}: {shown}")
        notes += item.get("warnings", ())
        if (held := len(item.get("validation", ()))) and not item.get("training"):
            which = "its only radiograph is" if held == 1 else f"all {held} radiographs are"
            notes.append(
                f"{item['root']}: {which} held out to score the result, so nothing is learned from "
                "this folder; --val 0 trains on all"
            )
    return notes


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
