"""The folder of a refiner's training: `prepare` makes it from data folders, `reopen` reads it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from panodent.bundle.bundle import load
from panodent.training import checkpoint
from panodent.training.fitting import Report, check_unchanged, read_record
from panodent.training.recipes import recipe
from panodent.training.refiner import RECORD_FILE, RefinerRun
from panodent.training.refiner_config import RefinerConfig, config_from
from panodent.training.run_data import DataSource, recorded_split, split_data
from panodent.training.run_folder import STATE, check_free, remove_run
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__


def prepare(
    folder: Path,
    sources: Sequence[DataSource],
    bundle: str,
    config: RefinerConfig,
    report: Report,
    validation: float = 0.15,
    split_seed: int = 0,
    teacher: str = "",
    overwrite: bool = False,
) -> RefinerRun:
    """A new run for a bundle; the data are split as `panodent train` splits them.

    `teacher` is the folder of a run whose answers the new one imitates. Raises `TrainingError` if
    the folder already holds a run, unless `overwrite` replaces it, or if the teacher's holds none;
    `BundleError` or `DatasetError` when the bundle or the data cannot be read.
    """
    check_free(folder, overwrite)
    if teacher:
        read_record(Path(teacher) / RECORD_FILE, "refiner")
        checkpoint.progress(Path(teacher) / STATE)
    digest = load(bundle).without_refiner().digest
    split = replace(recipe("default"), validation=validation, split_seed=split_seed)
    record = {
        "panodent": __version__,
        "bundle": bundle if bundle == "default" else str(Path(bundle).resolve()),
        "bundle_sha256": digest,
        "teacher": str(Path(teacher).resolve()) if teacher else "",
        "config": asdict(config),
        "data": split_data(sources, split),
    }
    if overwrite:
        remove_run(folder, bundle, teacher)
    write_whole(folder / RECORD_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return reopen(folder, report)


def reopen(folder: Path, report: Report) -> RefinerRun:
    """The run of a folder, with the split that it was prepared with.

    Raises `TrainingError` when the folder holds no run or its bundle has changed since,
    `DatasetError` when data was removed since.
    """
    record = read_record(folder / RECORD_FILE, "refiner")
    bundle = load(record["bundle"]).without_refiner()
    check_unchanged(bundle, record)
    training, validation = recorded_split(record["data"])
    config, teacher = config_from(record["config"]), str(record.get("teacher", ""))
    return RefinerRun(folder, bundle, training, validation, config, report, teacher)
