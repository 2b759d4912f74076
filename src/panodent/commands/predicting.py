"""Results of radiographs, and measures of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from panodent.cli.console import bar, fail, say, warn

if TYPE_CHECKING:
    from panodent.inference.folder import Status


def predict(
    paths: Sequence[str],
    output: Path,
    *,
    bundle: str,
    threads: int,
    workers: int,
    resume: bool,
    pictures: bool,
    chart: bool,
    mirror: bool,
    dicom: Mapping[str, bool],
    max_pixels: int,
) -> int:
    """Predicts; the code is 1 when a radiograph failed or none was good."""
    from panodent.bundle.bundle import load
    from panodent.inference.folder import Options, predict_files

    options = Options(
        pictures=pictures,
        chart=chart,
        max_pixels=max_pixels,
        mirror=mirror,
        dicom=tuple(kind for kind, asked in dicom.items() if asked),
    )
    with bar("predicting") as update:

        def report(done: int, total: int, status: Status) -> None:
            update(done, total)
            if status.status == "failed":
                fail(status.error)
            elif status.status == "ignored":
                warn(f"left out: {status.error}")
            elif status.warning:
                warn(f"{status.file}: {status.warning}")

        statuses = predict_files(
            paths,
            output,
            bundle=load(bundle, threads),
            options=options,
            resume=resume,
            report=report,
            workers=workers,
        )
    return _summed(statuses, output)


def _summed(statuses: Sequence[Status], output: Path) -> int:
    failed = sum(status.status == "failed" for status in statuses)
    ignored = sum(status.status == "ignored" for status in statuses)
    good = [status for status in statuses if status.status in ("done", "skipped")]
    skipped = sum(status.status == "skipped" for status in statuses)
    already = f" ({skipped} were there already)" if skipped else ""
    say(
        f"{len(good)} radiographs{already}, {sum(s.teeth for s in good)} teeth, "
        f"{sum(s.doubtful for s in good)} doubtful; {failed} failed"
        + (f", {ignored} other files left out" if ignored else "")
        + f"; results in {output}"
    )
    return 1 if failed or not good else 0


def measure(results: Path, sheets: bool) -> int:
    """Measures a folder of results; the code is 1 when one of them is broken."""
    from panodent.reports.measures import CSV, measure_folder

    with bar("measuring") as update:
        done, failed = measure_folder(results, sheets, update)
    say(f"{done} radiographs measured; table: {results / CSV}")
    for reason in failed.values():
        warn(reason)
    return 1 if failed else 0
