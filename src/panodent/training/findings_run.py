"""The folder of a findings training: `prepare` makes it from data folders, `reopen` reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from fnmatch import fnmatch
from pathlib import Path

from panodent.bundle.bundle import load
from panodent.errors import ConfigError, DatasetError
from panodent.formats.finding_annotations import AnnotatedFindings, read_findings
from panodent.training.findings import (
    NO_EARLIER_RUNS,
    RECORD_FILE,
    EarlierRuns,
    FindingsRun,
    check_teacher,
)
from panodent.training.findings_config import FindingsConfig, config_from
from panodent.training.findings_start import check_start
from panodent.training.fitting import Report, check_unchanged, read_record
from panodent.training.recipes import recipe
from panodent.training.run_data import DataSource, recorded_split, split_data
from panodent.training.run_folder import check_free, remove_run
from panodent.utils.atomic_files import write_whole
from panodent.version import __version__


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
    earlier: EarlierRuns = NO_EARLIER_RUNS,
    overwrite: bool = False,
) -> FindingsRun:
    """A new run for a bundle; the data are split as `panodent train` splits them.

    annotations : a file that `read_findings` reads.
    plain : patterns such as "healthy-*" of the keys of radiographs that show no finding; those
        that begin with "!" name exceptions.
    earlier : runs that the new one reads. Without `limits`, limits are chosen on the held-out
        radiographs, or are those of `start` where nothing is held out.

    Radiographs that are neither annotated nor plain are left out. Raises `TrainingError` if the
    folder already holds a run, unless `overwrite` replaces it; `AnnotationError`, `BundleError` or
    `DatasetError` when something cannot be read, or when nothing is left to train on;
    `TrainingError` or `ConfigError` for a teacher that cannot teach this network.
    """
    check_free(folder, overwrite)
    _check_earlier(earlier, config)
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
        "bundle": _resolved(bundle),
        "bundle_sha256": digest,
        "annotations": str(annotations.resolve()),
        **{name: _resolved(given) for name, given in asdict(earlier).items()},
        "config": asdict(config),
        "data": data,
    }
    if overwrite:
        remove_run(folder, bundle, *asdict(earlier).values())
    write_whole(folder / RECORD_FILE, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return reopen(folder, report)


def _check_earlier(earlier: EarlierRuns, config: FindingsConfig) -> None:
    """Raises an error for earlier runs that lack what is taken from them."""
    if earlier.start:
        check_start(earlier.start)
    if earlier.teacher:
        check_teacher(Path(earlier.teacher), config)
    if config.start_share and not earlier.start:
        raise ConfigError(
            f"--start-share {config.start_share} needs --from, the run whose weights are shared"
        )
    if earlier.limits and load(earlier.limits).findings is None:
        raise ConfigError(
            f"--limits {earlier.limits}: its bundle has no findings network; name a bundle or run "
            "of `panodent findings`"
        )


def _resolved(name: str) -> str:
    """A bundle or run by its whole path; "default" and the empty name stay."""
    return name if name in ("", "default") else str(Path(name).resolve())


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
        EarlierRuns(**{item.name: str(record.get(item.name, "")) for item in fields(EarlierRuns)}),
    )
