"""Results of an earlier call in an output folder: found, and removed on request.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     find_earlier(Path(folder), ["a"])
EarlierResults(cases=(), files=(), marked=False)
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from panodent.errors import OutputError
from panodent.outputs.case import CHART_PNG, CHART_SVG, LABELS, OVERLAY
from panodent.outputs.parquet_tables import existing_tables, part_files
from panodent.outputs.parts import PARTS
from panodent.outputs.record import RECORD
from panodent.outputs.summary_files import FINDINGS, FINDINGS_TABLE, PREDICTIONS, TABLE

RUN = "run.json"
"""Versions, options and the outcome for each input of a call."""
SUMMARIES = (RUN, PREDICTIONS, TABLE, FINDINGS, FINDINGS_TABLE)
"""Files of a call about all its radiographs."""
CASE_FILES = (RECORD, LABELS, OVERLAY, CHART_SVG, CHART_PNG)
"""Files of one radiograph; DICOM objects are called teeth.*.dcm."""
MEASURES = ("measures.json", "measures.csv", "report.html", "report.pdf")
"""What `panodent measure` adds, which no longer belongs to new results."""


@dataclass(frozen=True)
class EarlierResults:
    """What an output folder holds already.

    Parameters
    ----------
    cases : folders with a complete result, below the output folder.
    files : files that a new call would replace.
    marked : whether an earlier call wrote them, finished or not; else they may be of the user.
    """

    cases: tuple[Path, ...]
    files: tuple[Path, ...]
    marked: bool

    def __bool__(self) -> bool:
        return bool(self.cases or self.files)


def find_earlier(folder: Path, names: Iterable[str], interrupted: bool = False) -> EarlierResults:
    """What is in the output folder before a call that predicts inputs of these names.

    `interrupted` says whether an earlier command was killed there, as `occupied` tells. Raises
    `OutputError` if the folder cannot be read.
    """
    try:
        marked = interrupted or _is_marked(folder)
        records = sorted(folder.rglob(RECORD)) if marked else []
        files = [folder / name for name in SUMMARIES if (folder / name).exists()]
        files += [file for name in SUMMARIES for file in (folder / PARTS).glob(f"*/{name}")]
        files += [*existing_tables(folder), *(folder / PARTS).glob("*/*.parquet")]
        for name in names:
            files += _files_of(folder / name)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be read ({error.strerror})") from None
    cases = [file.parent for file in records]
    return EarlierResults(tuple(cases), tuple(dict.fromkeys(files)), marked)


def find_earlier_of_part(folder: Path, own: Path, names: Iterable[str]) -> EarlierResults:
    """As `find_earlier`, for a call that predicts one part, whose own inputs have these names.

    `own` is the folder of the part. The radiographs of other parts are not looked at.
    """
    try:
        marked = _is_marked(folder)
        files = [
            place / name for place in (folder, own) for name in SUMMARIES if (place / name).exists()
        ]
        files += [file for file in part_files(own).values() if file.exists()]
        for name in names:
            files += _files_of(folder / name)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be read ({error.strerror})") from None
    cases = [file.parent for file in files if file.name == RECORD]
    return EarlierResults(tuple(cases), tuple(dict.fromkeys(files)), marked)


def _is_marked(folder: Path) -> bool:
    """Whether a call has written to the folder, or one for a part."""
    return (folder / RUN).exists() or any((folder / PARTS).glob(f"*/{RUN}"))


def _files_of(case: Path) -> list[Path]:
    """The result files in the folder of a radiograph."""
    return [
        *(case / name for name in CASE_FILES if (case / name).is_file()),
        *sorted(case.glob("teeth.*.dcm")),
    ]


def remove_earlier(folder: Path, earlier: EarlierResults) -> None:
    """Removes earlier results, and folders that are empty then; other files stay.

    Records and run.json go last, so that an interruption leaves what the next call recognises.
    Raises `OutputError` if a file cannot be removed.
    """
    files = set(earlier.files)
    for case in earlier.cases:
        files |= set(_files_of(case))
    for case in {file.parent for file in files if file.name == RECORD}:
        files |= {case / name for name in MEASURES if (case / name).is_file()}
    last = (RECORD, RUN)
    for file in sorted(files, key=lambda file: (file.name in last, file)):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{file}: cannot be replaced ({error.strerror}); choose another output folder"
            ) from None
    for place in sorted({file.parent for file in files}, reverse=True):
        while place != folder and folder in place.parents:
            with suppress(OSError):  # not empty
                place.rmdir()
            place = place.parent
