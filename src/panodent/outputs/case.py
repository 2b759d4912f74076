"""The result files of one radiograph: labels.png, overlay.png, teeth.json and more on request.

Each file is written completely or not at all, teeth.json last: a folder that has it is complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from panodent.dentition import Numbering
from panodent.dicom.source import Model
from panodent.drawing.canvas import to_png_bytes
from panodent.errors import OutputError
from panodent.outputs.record import RECORD, to_record
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole
from panodent.utils.parallel import available_cores

LABELS = "labels.png"
"""The label image: uint8 (height, width), FDI number of each pixel, 0 for no tooth."""
OVERLAY = "overlay.png"
"""The radiograph with its teeth drawn on it, a legend below."""
CHART_SVG, CHART_PNG = "odontogram.svg", "odontogram.png"
"""The odontogram."""


def write_case(
    folder: Path,
    radiograph: Radiograph,
    teeth: Teeth,
    *,
    pictures: bool = True,
    chart: bool = False,
    dicom: Sequence[str] = (),
    numbering: Numbering = "fdi",
    model: Model | None = None,
    extra: Mapping[str, Any] | None = None,
    findings: Findings | None = None,
    draw_findings: bool = True,
    complete: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    aside: bool = True,
) -> dict[str, Any]:
    """Writes the results of one radiograph to `folder`; returns the content of teeth.json.

    Parameters
    ----------
    folder : made where it does not exist; files of an earlier call are replaced.
    radiograph, teeth : of the same size.
    pictures, chart : whether to write overlay.png; odontogram.svg and odontogram.png.
    dicom : kinds of DICOM objects to write, see `panodent.dicom.files`.
    numbering : of the numbers in overlay.png and the odontogram.
    model : name and version of the model for DICOM objects.
    extra : more entries of teeth.json, such as where the result comes from.
    findings : what was done to the teeth; None if nothing was looked for. The odontogram has them.
    draw_findings : whether overlay.png has them too.
    complete : adds to the content of teeth.json before it is written.
    aside : whether other threads help with pictures: done sooner, in a little more processor time.

    Raises `OutputError` when the folder cannot be written, `RadiographError` for DICOM objects of
    a radiograph that is not a DICOM file. A DICOM object that the radiograph's header does not
    allow is left out, and the notes in teeth.json say so.

    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> with TemporaryDirectory() as folder:
    ...     radiograph = Radiograph(np.zeros((40, 80), np.float32))
    ...     record = write_case(Path(folder), radiograph, Teeth.empty((40, 80)))
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['labels.png', 'overlay.png', 'teeth.json']
    """
    # Before anything is written: the notes about them belong into teeth.json.
    notes: list[str] = []
    made = _dicom_objects(radiograph, teeth, model, findings, dicom, notes) if dicom else {}
    radiograph = replace(radiograph, notes=(*radiograph.notes, *notes))
    _remove(folder / RECORD)
    threads = available_cores() if aside else 1
    shown = findings if draw_findings else None
    overlay = _overlay(radiograph, teeth, numbering, shown, threads) if pictures else {}
    odontogram = _chart(teeth, numbering, findings, threads) if chart else {}
    with _written(folder, overlay | odontogram, aside):
        write_whole(folder / LABELS, to_png_bytes(teeth.label_image()))
        _write_dicom(folder, made)
        record = (complete or dict)(to_record(teeth, radiograph, extra, findings))
    write_whole(folder / RECORD, _as_text(record))
    return record


def _as_text(record: Mapping[str, Any]) -> str:
    # Thousands of points, each a list, need not be checked for holding themselves.
    return json.dumps(record, ensure_ascii=False, check_circular=False) + "\n"


@contextmanager
def _written(folder: Path, files: Mapping[str, bytes | str], aside: bool) -> Iterator[None]:
    """Writes files by name before the block, or in another thread meanwhile; raises their errors.

    Only writing is left to the other thread. Drawing there takes longer than here, because each
    step of Python waits for this thread's.
    """

    def write() -> None:
        for name, data in files.items():
            write_whole(folder / name, data)

    if not aside or not files:
        write()
        yield
        return
    with ThreadPoolExecutor(1, "panodent-pictures") as pool:
        done = pool.submit(write)
        yield
        done.result()


def _dicom_objects(
    radiograph: Radiograph,
    teeth: Teeth,
    model: Model | None,
    findings: Findings | None,
    kinds: Sequence[str],
    notes: list[str],
) -> dict[str, bytes]:
    """The content of each DICOM object, by its file's name; those left out are added to `notes`."""
    # Imported on request, because imports make every start slower.
    from panodent.dicom import files

    model = model or Model("", "")
    return files.results(radiograph, teeth, model, findings, kinds, notes.append)


def _write_dicom(folder: Path, made: Mapping[str, bytes]) -> None:
    """Writes DICOM objects in place of those of an earlier call."""
    if made or any(folder.glob("teeth.*.dcm")):
        from panodent.dicom import files

        files.write(folder, made)


def _overlay(
    radiograph: Radiograph,
    teeth: Teeth,
    numbering: Numbering,
    findings: Findings | None,
    threads: int,
) -> dict[str, bytes | str]:
    from panodent.drawing.overlay import overlay

    picture = overlay(radiograph, teeth, numbering=numbering, findings=findings)
    return {OVERLAY: to_png_bytes(picture, threads)}


def _chart(
    teeth: Teeth, numbering: Numbering, findings: Findings | None, threads: int
) -> dict[str, bytes | str]:
    from panodent.drawing.odontogram import odontogram

    drawn = odontogram(teeth, numbering, findings=findings)
    return {CHART_SVG: drawn.svg(), CHART_PNG: to_png_bytes(drawn.png(), threads)}


def _remove(file: Path) -> None:
    """Removes the record of an earlier call, so that an interrupted case is incomplete."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{file}: cannot be written ({error.strerror}); choose another output folder"
        ) from None
