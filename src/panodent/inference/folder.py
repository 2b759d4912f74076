"""Predicts folders of radiographs and writes a results folder.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     image = Path(folder, "opg.png")
...     _ = image.write_text("no picture")
...     [status] = predict_files([image], Path(folder, "out"))
>>> status.status, status.error.startswith(str(image))
('failed', True)
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from panodent.bundle.bundle import DEFAULT, Bundle, load
from panodent.bundle.session import CPU
from panodent.errors import OutputError
from panodent.inference.one_input import Options, Outcome, Status, lost, predict_one
from panodent.inference.predictor import Predictor
from panodent.inference.share import Share
from panodent.outputs.earlier_results import RUN, EarlierResults, remove_earlier
from panodent.outputs.parquet_tables import ParquetTables, require_pyarrow
from panodent.outputs.parts import Part
from panodent.outputs.summary_files import SummaryFiles
from panodent.radiograph.discovery import Input, collect
from panodent.utils.atomic_files import write_whole
from panodent.utils.parallel import available_cores, in_order
from panodent.utils.wording import counted
from panodent.version import __version__

_LEAST_FOR_FORKS = 4
"""Radiographs for each worker from which forked processes are faster than threads."""


def predict_files(
    paths: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    bundle: Bundle | None = None,
    options: Options | None = None,
    resume: bool = False,
    overwrite: bool = False,
    report: Callable[[int, int, Status], None] | None = None,
    workers: int = 0,
    part: Part | None = None,
    parquet: bool = False,
    forks: bool = False,
) -> list[Status]:
    """Predicts all radiographs in `paths` and writes the output folder; one status per input.

    A failure is reported and the other inputs continue. `report(done, total, status)` is called for
    each input, in order. `workers` radiographs are processed at a time (0: one per core); results
    do not depend on it. After an interruption the finished results and summary files remain. With
    `part` only those inputs are predicted that belong to it, and several processes or machines may
    predict the other parts into the same folder at the same time; see `panodent.outputs.parts`.
    `parquet` also writes `panodent.outputs.parquet_tables`. With `forks`, workers on Linux fork if
    the program has one thread (it must not start others): faster, and each file fails alone.

    Earlier results in the folder are kept with `resume` and removed with `overwrite`. Raises
    `OutputError` if there are some and neither is given, if the folder cannot be written or another
    process writes there; `BundleError` for a broken bundle.
    """
    folder, options = Path(output), options or Options()
    if parquet:
        require_pyarrow()
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; name a folder for the results with --output")
    share = Share.of(folder, collect(paths, folder), part)
    with share.occupied() as interrupted:
        earlier = share.earlier(interrupted)
        if earlier and not overwrite:
            _check_earlier(folder, earlier, share.inputs, resume)
        threads = min(workers or available_cores(), len(share.inputs)) or 1
        bundle = bundle or load(DEFAULT)
        if threads > 1 and not bundle.threads:
            # Cores are used better by several radiographs at a time than by the layers of one.
            bundle = replace(bundle, threads=1)
        opening = bundle.open_in_background()
        import_ahead(options)
        opening.join()
        bundle.open()
        if overwrite:
            remove_earlier(folder, earlier)
        predictor = Predictor(bundle, options.mirror, options.min_score)
        work = partial(
            predict_one,
            predictor,
            folder=folder,
            options=options,
            resume=resume,
            aside=threads == 1,
        )
        done = _side_by_side(work, share.inputs, threads, forks and bundle.device == CPU)
        return _written(share, bundle, options, done, report, parquet)


def _side_by_side(
    work: Callable[[Input], Outcome], inputs: Sequence[Input], workers: int, forks: bool
) -> Iterator[tuple[Input, Outcome]]:
    """(input, outcome) of each input in order, worked on in forked processes or threads."""
    if forks and workers > 1 and len(inputs) >= _LEAST_FOR_FORKS * workers:
        # Imported on request: few radiographs need no processes.
        import cv2

        from panodent.utils.forks import can_fork, in_forks

        if can_fork():
            cv2.setNumThreads(1)  # one for each process
            return in_forks(work, inputs, workers, lost)
    return in_order(work, inputs, workers)


def _written(
    share: Share,
    bundle: Bundle,
    options: Options,
    done: Iterator[tuple[Input, Outcome]],
    report: Callable[[int, int, Status], None] | None,
    parquet: bool,
) -> list[Status]:
    """Writes the files about all radiographs while these are predicted; one status per input."""
    statuses: list[Status] = []
    total = len(share.inputs)
    _write_run(share, bundle, options, statuses)  # marks the folder from the start
    share.remove_parts()
    with ExitStack() as stack:
        files = SummaryFiles(share.summary, options.numbering, bundle.findings is not None)
        summary = stack.enter_context(files)
        tables = stack.enter_context(ParquetTables(share.tables)) if parquet else None
        try:
            for number, (item, (status, record)) in zip(share.numbers, done, strict=True):
                statuses.append(status)
                if record is not None:
                    summary.add(number, item.file_name, record)
                if tables is not None:
                    tables.add(item.name, item.file_name, asdict(status), record)
                if report is not None:
                    report(len(statuses), total, status)
        finally:
            summary.finish()
            if tables is not None:
                tables.finish()
            share.remove_tables(kept=parquet)
            _write_run(share, bundle, options, statuses)
    return statuses


def _check_earlier(
    folder: Path, earlier: EarlierResults, inputs: Sequence[Input], resume: bool
) -> None:
    """Raises `OutputError` where a call without `overwrite` would replace or mix results."""
    places = {folder / item.name for item in inputs if item.name}
    others = [case.relative_to(folder).as_posix() for case in earlier.cases if case not in places]
    if not resume:
        first = next(iter((*earlier.files, *earlier.cases)))
        what = "results of an earlier call" if earlier.marked else "files of the same names"
        keep = "--resume keeps those that are finished, " if earlier.marked else ""
        raise OutputError(
            f"{folder}: holds {what}, such as {first.relative_to(folder)}; {keep}--overwrite "
            "replaces them, or name another --output"
        )
    if not earlier.marked:
        raise OutputError(
            f"{earlier.files[0]}: no call of panodent predict left this file, so --resume would "
            "replace a file of yours; name another --output, or replace it with --overwrite"
        )
    if others:
        raise OutputError(
            f"{folder}: also holds {counted(len(others), 'result', 'results')} of radiographs "
            f"that are not named now, such as {others[0]}; name them too, delete their folders, or "
            "replace all results with --overwrite"
        )


def import_ahead(options: Options) -> None:
    """Imports the modules that the first radiograph would import."""
    import cv2  # noqa: F401
    import isal.isal_zlib  # noqa: F401
    from PIL import Image, ImageDraw, ImageFont, ImageOps  # noqa: F401

    Image.preinit()  # Pillow's readers of common files
    if options.pictures:
        import panodent.drawing.overlay  # noqa: F401


def described(bundle: Bundle) -> dict[str, Any]:
    """What run.json says of the bundle."""
    kinds = {"findings": list(bundle.findings.kinds)} if bundle.findings else {}
    return {
        "sha256": bundle.digest,
        "name": bundle.name,
        "path": bundle.source,
        "refined": bool(bundle.refiner),
        **kinds,
    }


def _write_run(share: Share, bundle: Bundle, options: Options, statuses: list[Status]) -> None:
    """Writes run.json: versions, options and the outcome for each input."""
    import onnxruntime

    total = len(share.inputs)
    numbers: Sequence[dict[str, int]] = (
        [{"number": number} for number in share.numbers] if share.part else [{}] * total
    )
    run = {
        "panodent": __version__,
        "onnxruntime": onnxruntime.__version__,
        "numpy": np.__version__,
        "bundle": described(bundle),
        "options": asdict(options),
        **share.in_run(),
        "inputs": total,
        "complete": len(statuses) == total,
        "done": sum(s.status in ("done", "skipped") for s in statuses),
        "failed": sum(s.status == "failed" for s in statuses),
        "files": [
            {**number, **asdict(status)} for number, status in zip(numbers, statuses, strict=False)
        ],
    }
    write_whole(share.summary / RUN, json.dumps(run, indent=1, ensure_ascii=False) + "\n")
