"""Predicts one input of a folder and writes its results; the outcome as a status."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from panodent.bundle.bundle import Bundle
from panodent.dentition import Numbering
from panodent.dicom.source import demand_dicom, is_left_out
from panodent.errors import NoRadiographError, OutputError, PanodentError
from panodent.inference.predictor import Predictor
from panodent.outputs.case import write_case
from panodent.outputs.record import RECORD
from panodent.radiograph.discovery import Input
from panodent.radiograph.radiograph import DEFAULT_MAX_PIXELS
from panodent.version import __version__


@dataclass(frozen=True)
class Options:
    """Options that change the files written; `--resume` keeps only results of equal options.

    `pictures` and `chart` write overlays and odontograms, `max_pixels` limits a radiograph's size,
    `mirror` also predicts on the mirror image, `dicom` names the DICOM objects to write,
    `numbering` is that of the numbers in pictures and of a further column of teeth.csv,
    `draw_findings` draws findings on overlays, if they are looked for; teeth whose score is below
    `min_score` are left out.
    """

    pictures: bool = True
    chart: bool = False
    max_pixels: int = DEFAULT_MAX_PIXELS
    mirror: bool = False
    dicom: tuple[str, ...] = ()
    numbering: Numbering = "fdi"
    draw_findings: bool = True
    min_score: float = 0.0


@dataclass(frozen=True)
class Status:
    """The outcome for one input: 'done', 'skipped' (already finished), 'failed' or 'ignored'.

    Files in a folder that are not radiographs, such as a CT slice of the same study, are ignored.
    """

    file: str
    status: str
    output: str = ""
    teeth: int = 0
    doubtful: int = 0
    findings: int = 0
    error: str = ""
    warning: str = ""


Outcome = tuple[Status, dict[str, Any] | None]
"""The outcome for one input, and the content of its teeth.json if there is one."""


def predict_one(
    predictor: Predictor,
    item: Input,
    *,
    folder: Path,
    options: Options,
    resume: bool,
    aside: bool = False,
) -> Outcome:
    """Predicts one input and writes its results below `folder`; the status, and teeth.json.

    With `resume` results of an earlier call that are complete and equal are kept. With `aside`
    other threads help with pictures. Raises `OutputError` if results cannot be written; all
    other errors become the status.
    """
    shown = str(item.path)
    if item.problem:
        status = "ignored" if item.harmless else "failed"
        return Status(shown, status, error=f"{item.path}: {item.problem}"), None
    place = folder / item.name
    if resume and (kept := finished(predictor.bundle, item, folder, options)) is not None:
        return kept
    origin = _origin(predictor.bundle, item, options)
    try:
        if options.dicom:
            demand_dicom(item.path)
        found = predictor.predict(item.path, options.max_pixels)
        record = write_case(
            place,
            found.radiograph,
            found,
            pictures=options.pictures,
            chart=options.chart,
            dicom=options.dicom,
            numbering=options.numbering,
            model=predictor.model,
            extra={"quality": round(found.quality, 4), "warning": found.warning, **origin},
            findings=found.findings,
            draw_findings=options.draw_findings,
            aside=aside,
        )
    except NoRadiographError as error:
        return Status(shown, "ignored" if item.found else "failed", error=str(error)), None
    except OutputError:
        raise  # a full disk or a forbidden folder stops the run: every other file would fail too
    except PanodentError as error:
        return Status(shown, "failed", error=str(error)), None
    return _status(shown, "done", item, record), record


def finished(bundle: Bundle, item: Input, folder: Path, options: Options) -> Outcome | None:
    """The outcome if an earlier call left the result below `folder` that this one would write."""
    origin = _origin(bundle, item, options)
    try:
        record = json.loads((folder / item.name / RECORD).read_text(encoding="utf-8"))
        same = all(record.get(key) == value for key, value in origin.items())
        if not same or not isinstance(record["teeth"], list):
            return None
    except (OSError, ValueError, KeyError, AttributeError):
        return None
    return _status(str(item.path), "skipped", item, record), record


def lost(item: Input, code: int) -> Outcome:
    """The outcome for an input whose process ended with an exit code, negative for a signal."""
    why = f"signal {-code}" if code < 0 else f"exit code {code}"
    text = (
        f"{item.path}: the process that predicted it ended ({why}), perhaps for want of memory; "
        "try this file alone, or limit the size of radiographs with --max-pixels"
    )
    return Status(str(item.path), "failed", error=text), None


def _status(shown: str, what: str, item: Input, record: dict[str, Any]) -> Status:
    doubtful = sum(bool(tooth["flags"]) for tooth in record["teeth"])
    findings = len(record.get("findings", ()))
    left_out = [note for note in record.get("notes", ()) if is_left_out(note)]
    warning = "; ".join(filter(None, [record.get("warning", ""), *left_out]))
    return Status(shown, what, item.name, len(record["teeth"]), doubtful, findings, warning=warning)


def _origin(bundle: Bundle, item: Input, options: Options) -> dict[str, Any]:
    """Everything that results depend on: with an equal origin, results are equal."""
    stamp = list(item.stamp)
    if not stamp:
        with suppress(OSError):
            stat = item.path.stat()
            stamp = [stat.st_size, stat.st_mtime_ns]
    return {
        "file_name": item.file_name,
        "file_stamp": stamp,
        "panodent": __version__,
        "bundle": bundle.digest,
        "options": json.loads(json.dumps(asdict(options))),
    }
