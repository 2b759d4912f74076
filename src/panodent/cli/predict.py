"""`panodent predict`: finds and numbers the teeth of radiographs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_error, print_line, print_warning, progress_bar
from panodent.cli.options import (
    BundleName,
    Output,
    Overwrite,
    WrittenNumbering,
    check_overwrite,
    checked_numbering,
)
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.bundle.bundle import Bundle
    from panodent.inference.folder import Options, Status

Paths = Annotated[
    list[str], typer.Argument(metavar="PATH", help="Radiographs, or folders of them.")
]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Keep results that exist for the same file, bundle and options."),
]
Overlay = Annotated[
    bool, typer.Option(help="Write overlay.png: the radiograph with coloured, numbered teeth.")
]
Chart = Annotated[
    bool, typer.Option("--chart", help="Also write the dental chart (odontogram) as SVG and PNG.")
]
Mirror = Annotated[
    bool,
    typer.Option(
        "--tta",
        help="Also predict on the mirrored image and average: slightly better, twice the "
        "network's time.",
    ),
]
Refine = Annotated[
    bool,
    typer.Option(
        help="Refine outlines with the bundle's second network, if it has one; without it "
        "prediction is faster.",
    ),
]
LookForFindings = Annotated[
    bool,
    typer.Option(
        "--findings/--no-findings",
        help="Also look for fillings, crowns, implants and more, if the bundle has a network for "
        "it.",
    ),
]
DrawFindings = Annotated[
    bool,
    typer.Option(
        "--overlay-findings/--no-overlay-findings",
        help="Draw findings on overlay.png. The odontogram and the tables have them in any case.",
    ),
]
Fast = Annotated[
    bool,
    typer.Option(
        "--fast",
        help="Use the bundle's eight-bit networks: a little less exact, faster on processors "
        "with 8-bit instructions (VNNI).",
    ),
]
MinScore = Annotated[
    float,
    typer.Option(
        min=0, max=1, help="Leave out teeth whose score, the probability to be right, is lower."
    ),
]
Device = Annotated[
    str,
    typer.Option(
        help="What the networks run on: cpu, or cuda, rocm, openvino, directml or coreml with an "
        "ONNX Runtime that supports it.",
    ),
]
DicomSeg = Annotated[
    bool, typer.Option("--dicom-seg", help="Also write a DICOM Segmentation; for DICOM input.")
]
DicomPr = Annotated[
    bool,
    typer.Option(
        "--dicom-pr", help="Also write outlines as a DICOM Presentation State; for DICOM input."
    ),
]
DicomSr = Annotated[
    bool, typer.Option("--dicom-sr", help="Also write a DICOM Structured Report; for DICOM input.")
]
MaxPixels = Annotated[int, typer.Option(min=1, help="Largest radiograph accepted, in pixels.")]
Workers = Annotated[
    int, typer.Option(min=0, help="Radiographs processed at the same time; 0: one per core.")
]
Threads = Annotated[
    int,
    typer.Option(
        min=0, help="Threads of the network; 0: all cores for one worker, 1 each for several."
    ),
]


def predict(
    paths: Paths,
    output: Output,
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
    dicom_pr: DicomPr = False,
    dicom_sr: DicomSr = False,
    max_pixels: MaxPixels = 100_000_000,
    workers: Workers = 0,
    threads: Threads = 0,
    device: Device = "cpu",
) -> None:
    """Find and number the teeth in radiographs.

    Writes labels.png, overlay.png and teeth.json for each radiograph, and predictions.json,
    teeth.csv and run.json for all of them; findings.json and findings.csv if the bundle finds
    fillings, crowns, implants and more. A radiograph that fails is reported and the others are
    processed; the exit code is then 1.
    """
    check_overwrite(overwrite, resume)
    from panodent.bundle.bundle import load
    from panodent.bundle.fast import fast_bundle
    from panodent.inference.folder import Options

    dicom = {"seg": dicom_seg, "pr": dicom_pr, "sr": dicom_sr}
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
    loaded = load(bundle, threads, device)
    loaded = fast_bundle(loaded) if fast else loaded
    loaded = loaded if refine else loaded.without_refiner()
    loaded = loaded if findings else loaded.without_findings()
    statuses = _predicted(paths, output, loaded, options, workers, resume, overwrite)
    raise typer.Exit(_print_summary(statuses, output, loaded.findings is not None))


def _predicted(
    paths: Sequence[str],
    output: Path,
    bundle: Bundle,
    options: Options,
    workers: int,
    resume: bool,
    overwrite: bool,
) -> list[Status]:
    """Predicts with a progress bar and prints problems as they occur.

    Raises `typer.Exit` with code 130 when it is interrupted.
    """
    from panodent.inference.folder import predict_files

    reached = (0, 0)
    with progress_bar("predicting") as update:

        def report(done: int, total: int, status: Status) -> None:
            nonlocal reached
            reached = done, total
            update(done, total)
            _print_problem(status)

        try:
            return predict_files(
                paths,
                output,
                bundle=bundle,
                options=options,
                report=report,
                workers=workers,
                resume=resume,
                overwrite=overwrite,
            )
        except KeyboardInterrupt:
            _print_interrupted(*reached, output)
            raise typer.Exit(130) from None


def _print_interrupted(done: int, total: int, output: Path) -> None:
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


def _print_summary(statuses: Sequence[Status], output: Path, findings: bool) -> int:
    """Returns the exit code: 1 when a radiograph failed, or none has a result.

    `findings` says whether they were looked for.
    """
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
    )
    return 1 if failed or not good else 0
