"""The folder of a refiner's training: `prepare` makes it from data folders, `reopen` reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from panodent.bundle.bundle import load
from panodent.errors import DatasetError, TrainingError
from panodent.training.recipes import recipe
from panodent.training.refiner import RefinerRun, Report
from panodent.training.refiner_config import ChangeConfig, RefinerConfig
from panodent.training.run import DataSource, split_sides
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__

RECORD_FILE = "refiner.json"


def prepare(
    folder: Path,
    sources: Sequence[DataSource],
    bundle: str,
    config: RefinerConfig,
    report: Report,
    validation: float = 0.15,
    split_seed: int = 0,
) -> RefinerRun:
    """A new run for a bundle; the data are split as `panodent train` splits them.

    Raises `TrainingError` if the folder already holds a run, `BundleError` or `DatasetError` when
    the bundle or the data cannot be read.
    """
    if (folder / RECORD_FILE).exists():
        raise TrainingError(
            f"{folder}: already holds a refiner's training; go on with --resume, or name another "
            "--output"
        )
    digest = load(bundle).without_refiner().digest
    found = [source.find() for source in sources]
    split = replace(recipe("default"), validation=validation, split_seed=split_seed)
    sides = split_sides([list(item.cases) for item in found], split)
    data = [
        {
            "root": str(source.root.resolve()),
            "format": item.format,
            "options": {name: str(value) for name, value in source.options.items()},
            "training": training,
            "validation": held,
        }
        for source, item, (training, held) in zip(sources, found, sides, strict=True)
    ]
    record = {
        "panodent": __version__,
        "bundle": bundle if bundle == "default" else str(Path(bundle).resolve()),
        "bundle_sha256": digest,
        "config": asdict(config),
        "data": data,
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / RECORD_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return reopen(folder, report)


def reopen(folder: Path, report: Report) -> RefinerRun:
    """The run of a folder, with the split that it was prepared with.

    Raises `TrainingError` when the folder holds no run or its bundle has changed since,
    `DatasetError` when data was removed since.
    """
    record = _record(folder)
    bundle = load(record["bundle"]).without_refiner()
    if bundle.digest != record["bundle_sha256"]:
        raise TrainingError(
            f"{record['bundle']}: its network has changed since this run began; start a new run"
        )
    training, validation = [], []
    for item in record["data"]:
        source = DataSource(Path(item["root"]), item["format"], item["options"])
        cases = {case.key: case for case in source.find().cases}
        if gone := [key for key in item["training"] + item["validation"] if key not in cases]:
            raise DatasetError(
                f"{source.root}: {gone[0]} was there when the run began and is missing now; "
                "restore it"
            )
        training += [cases[key] for key in item["training"]]
        validation += [cases[key] for key in item["validation"]]
    return RefinerRun(folder, bundle, training, validation, _config(record["config"]), report)


def _record(folder: Path) -> Mapping[str, Any]:
    file = folder / RECORD_FILE
    try:
        record: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(
            f"{folder}: no refiner's training there ({error.strerror}); expected {RECORD_FILE}, "
            "as `panodent refiner` writes it"
        ) from None
    except ValueError as error:
        raise TrainingError(f"{file}: not JSON ({error})") from None
    return record


def _config(values: Mapping[str, Any]) -> RefinerConfig:
    change = ChangeConfig(**values["change"])
    return RefinerConfig(**{**values, "filters": tuple(values["filters"]), "change": change})
