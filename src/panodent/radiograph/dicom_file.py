"""A DICOM file opened in bounded memory and time, whatever its lengths and counts claim.

pydicom believes what a file says of itself. Here the file is measured first: how far deflated data
swell, how many elements are read, how large a value is, how much there is beside the pixels. What
a decoder raises becomes one line that names the file and quotes no value of it: a header's values
can be a patient's.
"""

from __future__ import annotations

import io
import logging
import re
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from panodent.errors import MissingExtraError, PanodentError, RadiographError

SUFFIXES = (".dcm", ".dicom", ".dic", ".ima")
SLACK = 64_000_000
"""Bytes that a file may hold besides its pixels."""
LARGEST_VALUE = 4_000_000
"""Bytes of a value other than pixels; larger ones, such as a maker's raw data, are not read."""
MOST_READS = 60_000
"""Reads of a header: two or three an element."""
_DEFLATED = "1.2.840.10008.1.2.1.99"


def is_dicom(file: Path) -> bool:
    """Whether a file has DICOM's mark, or a name that says so."""
    try:
        with file.open("rb") as stream:
            head = stream.read(132)
    except OSError:
        return False
    return head[128:] == b"DICM" or (bool(head) and file.suffix.lower() in SUFFIXES)


def read_header(file: Path) -> Any:
    """The dataset of a DICOM file without its pixels and values that are larger than any header's.

    Raises `RadiographError`.
    """
    header = _read(file, stop_before_pixels=True, defer_size=LARGEST_VALUE)
    for tag in list(header.keys()):
        element = header.get_item(tag, keep_deferred=True)
        if element is not None and element.value is None and element.length:
            del header[tag]
    return header


def add_pixels(header: Any, file: Path, largest: int) -> None:
    """Adds the pixels of the file to its header; `largest` is how many bytes they may have."""
    size = file.stat().st_size
    if size > largest + SLACK:
        raise RadiographError(
            f"{file}: {size / 1e6:.0f} MB for a picture of {largest / 1e6:.1f} MB; refused"
        )
    wanted = ["PixelData", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"]
    found = _read(file, specific_tags=wanted, limit=largest + SLACK)
    for name in wanted:
        if name in found:
            header[name] = found[name]


def directory_files(file: Path) -> list[Path]:
    """The files that a DICOMDIR lists, below its own folder, in its order.

    Raises `RadiographError` when it is damaged or names a place outside.
    """
    root = file.resolve().parent
    found: list[Path] = []
    with decoding(file):
        for record in read_header(file).DirectoryRecordSequence:
            parts = record.get("ReferencedFileID")
            if not parts:
                continue
            place = root.joinpath(*([parts] if isinstance(parts, str) else parts)).resolve()
            if not place.is_relative_to(root):
                raise RadiographError(f"{file}: refers to a file outside its own folder")
            if place != file.resolve():
                found.append(place)
    return found


@contextmanager
def decoding(file: Path) -> Iterator[None]:
    """Whatever a damaged file makes a decoder raise becomes one line naming the file."""
    try:
        with quiet():
            yield
    except PanodentError as error:
        raise (error if str(file) in str(error) else RadiographError(f"{file}: {error}")) from None
    except Exception as error:  # decoders raise anything
        raise RadiographError(
            f"{file}: the DICOM file is damaged, cut off or of a kind that no decoder here reads "
            f"({reason(error)}); send it again from its source"
        ) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings and log lines of the libraries: they quote values, a patient's too.

    Both belong to the whole process: they are off from the first thread's entry to the last's exit.
    """
    with _QUIET.lock:
        _QUIET.inside += 1
        if _QUIET.inside == 1:
            _QUIET.begin()
    try:
        yield
    finally:
        with _QUIET.lock:
            _QUIET.inside -= 1
            if _QUIET.inside == 0:
                _QUIET.end()


class _Quiet:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self._levels: dict[logging.Logger, int] = {}
        self._warnings = warnings.catch_warnings()

    def begin(self) -> None:
        self._levels = {log: log.level for log in map(logging.getLogger, ("pydicom", "highdicom"))}
        for log in self._levels:
            log.setLevel(logging.CRITICAL + 1)
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")

    def end(self) -> None:
        self._warnings.__exit__(None, None, None)
        for log, level in self._levels.items():
            log.setLevel(level)


_QUIET = _Quiet()


def reason(error: BaseException) -> str:
    """What went wrong, in words that quote no value of a header.

    >>> reason(ValueError("invalid literal for int() with base 10: 'Doe^Jane'"))
    "invalid literal for int() with base 10: '...'"
    """
    from pydicom.datadict import keyword_dict

    if isinstance(error, RecursionError):
        return "its sequences are nested too deep"
    if isinstance(error, AttributeError) and error.name in keyword_dict:
        return f"it has no {error.name}"
    if isinstance(error, TypeError):
        return "its elements make no sense"

    def kept(match: re.Match[str]) -> str:
        known = match[0][1:-1].replace(" ", "")
        return match[0] if known in keyword_dict or re.fullmatch(r"\d{0,5}", known) else "'...'"

    text = re.sub(r"\"[^\"]*\"|'[^']*'", kept, " ".join(str(error).split()))
    return text[:200] or type(error).__name__


# --- within bounds -------------------------------------------------------------------------------


class _Counted(io.BufferedReader):
    """A file that refuses to be read in more pieces than a header has."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads > MOST_READS:
            raise RadiographError(f"its header has more than {MOST_READS // 3} elements; refused")
        return super().read(size)


def _read(file: Path, limit: int = SLACK, **how: Any) -> Any:
    try:
        import pydicom
    except ImportError:
        raise MissingExtraError("dicom", f"{file}: reading DICOM", "pydicom") from None
    with decoding(file):
        if _is_deflated(file, limit):
            # Bounded already, and what it was inflated to is gone when a value is wanted later.
            return pydicom.dcmread(file, force=True, **{**how, "defer_size": None})
        with _Counted(io.FileIO(file)) as stream:
            return pydicom.dcmread(stream, force=True, **how)


def _is_deflated(file: Path, limit: int) -> bool:
    """Whether a data set is deflated; it must not swell beyond what pixels need."""
    import pydicom
    from pydicom.filereader import read_preamble

    with file.open("rb") as stream:
        if read_preamble(stream, force=True) is None:
            return False
        meta = pydicom.filereader.read_file_meta_info(file)
        if str(meta.get("TransferSyntaxUID", "")) != _DEFLATED:
            return False
        length = meta.get("FileMetaInformationGroupLength")
        if length is None:
            raise RadiographError(f"{file}: deflated, and its header does not say where it starts")
        stream.seek(144 + int(length))
        inflater, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        pending = stream.read(1 << 16)
        while pending and not inflater.eof:
            total += len(inflater.decompress(pending, 1 << 20))
            if total > limit:
                raise RadiographError(
                    f"{file}: its deflated data swell beyond {limit / 1e6:.0f} MB; refused"
                )
            pending = inflater.unconsumed_tail or stream.read(1 << 16)
    return True
