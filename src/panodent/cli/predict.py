"""`panodent predict`: finds and numbers the teeth of radiographs."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from panodent.cli.console import print_error, print_line, print_warning, progress_bar
from panodent.cli.options import (
    BundleName,
    MaxPixels,
    Overwrite,
    RadiographWorkers,
    WrittenNumbering,
    check_overwrite,
    checked_numbering,
)
from panodent.cli.predict_options import (
    Chart,
    Device,
    DicomPr,
    DicomSeg,
    DicomSegOhif,
    DicomSr,
    DrawFindings,
    Fast,
    LookForFindings,
    MinScore,
    Mirror,
    Overlay,
    Parquet,
    PartText,
    Paths,
    RayAddress,
    Refine,
    ResultsPlace,
    Resume,
    Threads,
)
from panodent.errors import ConfigError
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.bundle.bundle import Bundle
    from panodent.inference.one_input import Status
    from panodent.outputs.parts import Part

_NEW_OBJECTS = 50_000  # for the garbage collector: its own 700 take 4 % of the time


def predict(
    paths: Paths,
    output: ResultsPlace,
    bundle: BundleName = "default",
    resume: Resume = False,
    overwrite: Overwrite = False,
    overlay: Overlay = True,
    chart: Chart = False,
    numbering: WrittenNumbering = "fdi",
    mirror: Mirror = False,
    refine: Refine = True,
    findings: LookForFindings = True,
    fast: Fast = False,
    overlay_findings: DrawFindings = True,
    min_score: MinScore = 0.0,
    dicom_seg: DicomSeg = False,
    dicom_seg_ohif: DicomSegOhif = False,
    dicom_pr: DicomPr = False,
    dicom_sr: DicomSr = False,
    max_pixels: MaxPixels = 100_000_000,
    workers: RadiographWorkers = 0,
    threads: Threads = 0,
    device: Device = "cpu",
    part: PartText = None,
    parquet: Parquet = False,
    ray: RayAddress = None,
) -> None:
    """Find and number the teeth in radiographs.

    Writes labels.png, overlay.png and teeth.json for each radiograph, and predictions.json,
    teeth.csv and run.json for all of them; findings.json and findings.csv if the bundle finds
    fillings, crowns, implants and more. A radiograph that fails is reported and the others are
    processed; the exit code is then 1.
    """
    check_overwrite(overwrite, resume)
    loaded = _loading(paths, _loaded(bundle, threads, device, fast, refine, findings))
    from panodent.inference.folder import predict_files
    from panodent.inference.one_input import Options
    from panodent.outputs.parts import Part

    share = Part.parse(part) if part else None
    dicom = {"seg": dicom_seg, "seg-ohif": dicom_seg_ohif, "pr": dicom_pr, "sr": dicom_sr}
    options = Options(
        pictures=overlay,
        chart=chart,
        numbering=checked_numbering(numbering),
        max_pixels=max_pixels,
        mirror=mirror,
        draw_findings=overlay_findings,
        min_score=min_score,
        dicom=tuple(kind for kind, wanted in dicom.items() if wanted),
    )
    how: dict[str, Any] = {"options": options, "resume": resume, "overwrite": overwrite}
    if ray is not None:
        _refuse_with_ray(workers, part)
        raise typer.Exit(_predicted_on_ray(paths, output, ray, loaded, how))
    _refuse_urls(output, *paths)
    how |= {"workers": workers, "part": share, "parquet": parquet, "forks": True}
    statuses = _predicted(partial(predict_files, paths, output, bundle=loaded, **how), output)
    raise typer.Exit(_print_summary(statuses, output, loaded.findings is not None, share))


def _prepare_process() -> None:
    """Settings of the whole process that make imports and predictions faster."""
    gc.set_threshold(_NEW_OBJECTS)
    # Threads of NumPy's OpenBLAS wait actively when they have started; prediction needs none.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def _refuse_with_ray(workers: int, part: str | None) -> None:
    """Raises `ConfigError` for options that say how one machine works."""
    given = [name for name, value in (("--workers", workers), ("--part", part)) if value]
    if given:
        raise ConfigError(f"{given[0]} cannot be used with --ray, which shares the work itself")


def _refuse_urls(*places: str) -> None:
    """Raises `ConfigError` for URLs, which only workers of Ray read and write."""
    for place in places:
        if "://" in place:
            raise ConfigError(f"{place}: URLs are read and written with --ray, such as --ray local")


def _predicted_on_ray(
    paths: Sequence[str], output: str, address: str, bundle: Bundle, how: dict[str, Any]
) -> int:
    """Predicts on a cluster, prints problems and a summary; returns the exit code."""
    from panodent.inference.cluster.ray_run import predict_on_ray

    with progress_bar("predicting") as update:

        def report(done: int, total: int, batch: dict[str, Any]) -> None:
            update(done, total)
            for text in batch["errors"]:
                print_error(text)
            for text in (*(f"ignored: {x}" for x in batch["ignored_files"]), *batch["warnings"]):
                print_warning(text)

        found = predict_on_ray(paths, output, address=address, bundle=bundle, report=report, **how)
    counts = found.counts
    print_line(
        f"{counted(counts['done'], 'radiograph', 'radiographs')} predicted, "
        f"{counts['skipped'] + found.in_kept_batches} kept of an earlier call, "
        f"{counts['failed']} failed, {counts['ignored']} ignored; results in {output}"
    )
    return 1 if counts["failed"] else 0


def _loaded(
    name: str, threads: int, device: str, fast: bool, refine: bool, findings: bool
) -> Bundle:
    """The bundle of this name, with those of its further networks that are wanted.

    It imports NumPy and other large packages, so the process is prepared before.
    """
    _prepare_process()
    from panodent.bundle.bundle import load
    from panodent.bundle.fast import fast_bundle

    loaded = load(name, threads, device)
    loaded = fast_bundle(loaded) if fast else loaded
    loaded = loaded if refine else loaded.without_refiner()
    return loaded if findings else loaded.without_findings()


def _loading(paths: Sequence[str], bundle: Bundle) -> Bundle:
    """The bundle. For one file its networks are loaded aside; folders take other threads."""
    if len(paths) == 1 and Path(paths[0]).is_file():
        bundle.open_in_background()
    return bundle


def _predicted(work: Callable[..., list[Status]], output: str) -> list[Status]:
    """Predicts with a progress bar and prints problems as they occur.

    `work` is `predict_files` without its `report`. Raises `typer.Exit` with code 130 when it is
    interrupted.
    """
    reached = (0, 0)
    with progress_bar("predicting") as update:

        def report(done: int, total: int, status: Status) -> None:
            nonlocal reached
            reached = done, total
            update(done, total)
            _print_problem(status)

        try:
            return work(report=report)
        except KeyboardInterrupt:
            _print_interrupted(*reached, output)
            raise typer.Exit(130) from None


def _print_interrupted(done: int, total: int, output: str) -> None:
    """Says what an interrupted call leaves."""
    if not done:
        print_error("interrupted before the first radiograph was finished; nothing is kept")
    else:
        print_error(
            f"interrupted after {done} of {counted(total, 'file', 'files')}; finished results are "
            f"in {output}, and the same command with --resume goes on"
        )


def _print_problem(status: Status) -> None:
    if status.status == "failed":
        print_error(status.error)
    elif status.status == "ignored":
        print_warning(f"ignored: {status.error}")
    elif status.warning:
        print_warning(f"{status.file}: {status.warning}")


def _print_summary(
    statuses: Sequence[Status], output: str, findings: bool, part: Part | None
) -> int:
    """Returns the exit code: 1 when a radiograph failed, or none has a result.

    `findings` says whether they were looked for. A part may have no radiograph.
    """
    if part and not statuses:
        print_line(f"part {part} has none of the files; nothing to do")
        return 0
    failed = sum(status.status == "failed" for status in statuses)
    ignored = sum(status.status == "ignored" for status in statuses)
    skipped = sum(status.status == "skipped" for status in statuses)
    good = [status for status in statuses if status.status in ("done", "skipped")]
    found = sum(status.findings for status in good)
    already = f" ({skipped} of an earlier call)" if skipped else ""
    print_line(
        f"{counted(len(good), 'radiograph', 'radiographs')}{already}, "
        f"{counted(sum(s.teeth for s in good), 'tooth', 'teeth')}, "
        f"{sum(s.doubtful for s in good)} doubtful"
        + (f", {counted(found, 'finding', 'findings')}" if findings else "")
        + f"; {failed} failed"
        + (f", {counted(ignored, 'other file', 'other files')} ignored" if ignored else "")
        + f"; results in {output}"
        + (f"; after all parts, run panodent merge {output}" if part else "")
    )
    return 1 if failed or not good else 0
