"""The folder of a findings training: `prepare` makes it from data folders, `reopen` reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from fnmatch import fnmatch
from pathlib import Path

from panodent.bundle.bundle import load
from panodent.errors import DatasetError
from panodent.formats.finding_annotations import AnnotatedFindings, read_findings
from panodent.training.findings import FindingsRun
from panodent.training.findings_config import FindingsConfig, config_from
from panodent.training.fitting import Report, check_unchanged, read_record
from panodent.training.recipes import recipe
from panodent.training.run_data import DataSource, recorded_split, split_data
from panodent.training.run_folder import check_free, remove_run
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__

RECORD_FILE = "findings.json"


def prepare(
    folder: Path,
    sources: Sequence[DataSource],
    annotations: Path,
    plain: Sequence[str],
    bundle: str,
    config: FindingsConfig,
    report: Report,
    validation: float = 0.15,
    split_seed: int = 0,
    start: str = "",
    overwrite: bool = False,
) -> FindingsRun:
    """A new run for a bundle; the data are split as `panodent train` splits them.

    annotations : a file that `read_findings` reads.
    plain : patterns such as "healthy-*" of the keys of radiographs that show no finding; those
        that begin with "!" name exceptions.
    start : folder of a run whose network this one begins with, or empty.

    Radiographs that are neither annotated nor plain are left out. Raises `TrainingError` if the
    folder already holds a run, unless `overwrite` replaces it; `AnnotationError`, `BundleError` or
    `DatasetError` when something cannot be read, or when nothing is left to train on.
    """
    check_free(folder, overwrite)
    digest = load(bundle).digest
    annotated = read_findings(annotations)
    split = replace(recipe("default"), validation=validation, split_seed=split_seed)
    data = split_data(sources, split)
    for item in data:
        for side in ("training", "validation"):
            item[side] = [key for key in item[side] if _used(key, annotated, plain)]
    if not any(key in annotated for item in data for key in item["training"]):
        raise DatasetError(
            f"{annotations}: names no radiograph of the training side; its first is "
            f"{next(iter(annotated), 'none')!r}: name the folder that holds it, or lower --val"
        )
    record = {
        "panodent": __version__,
        "bundle": bundle if bundle == "default" else str(Path(bundle).resolve()),
        "bundle_sha256": digest,
        "annotations": str(annotations.resolve()),
        "start": str(Path(start).resolve()) if start else "",
        "config": asdict(config),
        "data": data,
    }
    if overwrite:
        remove_run(folder, bundle, start)
    write_whole(folder / RECORD_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return reopen(folder, report)


def _used(key: str, annotated: Mapping[str, AnnotatedFindings], plain: Sequence[str]) -> bool:
    """Whether a radiograph is annotated, or plain and no exception."""
    if key in annotated:
        return True
    if any(fnmatch(key, pattern[1:]) for pattern in plain if pattern.startswith("!")):
        return False
    return any(fnmatch(key, pattern) for pattern in plain)


def reopen(folder: Path, report: Report) -> FindingsRun:
    """The run of a folder, with the split that it was prepared with.

    Raises `TrainingError` when the folder holds no run or its bundle has changed since,
    `DatasetError` when data was removed since.
    """
    record = read_record(folder / RECORD_FILE, "findings")
    bundle = load(record["bundle"])
    check_unchanged(bundle, record)
    training, validation = recorded_split(record["data"])
    annotated = read_findings(Path(record["annotations"]))
    return FindingsRun(
        folder,
        bundle,
        training,
        validation,
        annotated,
        config_from(record["config"]),
        report,
        str(record.get("start", "")),
    )
