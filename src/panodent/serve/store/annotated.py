"""Annotated radiographs put into a store, so that a person reviews them on the page."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from panodent.drawing.canvas import to_png_bytes
from panodent.errors import OutputError
from panodent.outputs.record import to_record
from panodent.radiograph.dicom_file import is_dicom
from panodent.radiograph.radiograph import Radiograph
from panodent.serve.store.store import Store, now
from panodent.serve.store.upload import Upload, new_id, suffix_of
from panodent.serve.study import MAX_NAME_LENGTH, Study, display_name, new_study
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Flag, Teeth
from panodent.utils.atomic_files import sync, write_whole

MOST_WORDS = 500
"""Longest warning of a study, in characters."""


def add_annotated(
    store: Store,
    key: str,
    file: Path,
    radiograph: Radiograph,
    teeth: Teeth,
    doubtful: Mapping[int, str],
    warning: str,
    findings: Findings | None = None,
) -> Study:
    """A new study of a radiograph with its annotation, which nobody has saved yet.

    `findings` are those annotated, None if nothing is known of them. `doubtful` says why the page
    marks teeth, by position; `warning` is shown above the picture. Raises `OutputError` where the
    radiograph cannot be copied.
    """
    flags: list[frozenset[Flag]] = [
        held | {"doubtful"} if place in doubtful else held for place, held in enumerate(teeth.flags)
    ]
    marked = replace(teeth, flags=tuple(flags))
    said = {"warning": warning[:MOST_WORDS], "bundle": ""}
    record = to_record(marked, radiograph, said, findings)
    for place, tooth in enumerate(record["teeth"]):
        tooth["reason"] = doubtful.get(place, "")
    name = display_name(f"{key.replace('/', '_')}{file.suffix}")[-MAX_NAME_LENGTH:]
    upload = Upload(new_id(), name, suffix_of(file.name), store.files)
    try:
        upload.file.parent.mkdir(parents=True)
        shutil.copyfile(file, upload.file)
    except OSError as error:
        upload.remove()
        raise OutputError(f"{store.folder}: {file} cannot be copied ({error.strerror})") from None
    picture = to_png_bytes(np.rint(radiograph.pixels * 255).astype(np.uint8))
    write_whole(store.picture(upload.id), picture)
    sync(upload.file.parent)
    study = new_study(upload.id, name, "dicom" if is_dicom(file) else "image", now(), record)
    store.add(study, upload.suffix)
    return study
