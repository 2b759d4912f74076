"""Opens DICOM files in limited memory and time, whatever lengths and counts they contain.

pydicom trusts the lengths in a file. This module limits the size of inflated data, the number of
elements, the size of a value, and the bytes besides the pixels. Errors become one line that names
the file but quotes no value of its header, because values can be patient data.
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
from panodent.radiograph.dicom_encoding import (
    BIG_ENDIAN,
    EXPLICIT,
    HEAD_BYTES,
    IMPLICIT,
    Encoding,
    encoding_at,
    start_of,
)
from panodent.radiograph.dicom_pixel_data import check_whole, correct_compression, undelimited
from panodent.radiograph.file_start import described

SUFFIXES = (".dcm", ".dicom", ".dic", ".ima")
MAX_OTHER_BYTES = 64_000_000
"""Bytes that a file may contain besides its pixels."""
MAX_VALUE_BYTES = 4_000_000
"""Values other than pixels that are larger, such as private raw data, are not read."""
MAX_READS = 60_000
"""Read calls for a header: two or three for each element."""
_PICTURE = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|II[*+]\0|MM\0[*+]|RIFF|BM.{4}\0\0\0\0", re.DOTALL
)
"""How PNG, JPEG, TIFF, WebP and BMP begin."""
_DEFLATED = "1.2.840.10008.1.2.1.99"


def is_dicom(file: Path) -> bool:
    """Whether a file has the DICM mark, or elements of DICOM, or a DICOM suffix and any content."""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return False
    if _PICTURE.match(head) and head[128:132] != b"DICM":
        return False  # bytes of a compressed picture look like elements now and then
    named = file.suffix.lower() in SUFFIXES
    return bool(head) and (named or start_of(head) is not None)


def read_header(file: Path) -> Any:
    """The data set (pydicom) of a DICOM file, without pixels and values above `MAX_VALUE_BYTES`.

    If the file has no transfer syntax, or one that contradicts its content, then `file_meta` has
    that of the content, and `reading_note` says so.

    Raises `RadiographError` for a damaged file, `MissingExtraError` without pydicom.
    """
    header = _read(file, stop_before_pixels=True, defer_size=MAX_VALUE_BYTES)
    if "Rows" not in header and not _begins(file):
        raise RadiographError(
            f"{file}: has the name of a DICOM file, not its content ({described(file)}); copy it "
            "again from its source"
        )
    for tag in list(header.keys()):
        element = header.get_item(tag, keep_deferred=True)
        if element is not None and element.value is None and element.length:
            del header[tag]
    return header


def add_pixels(header: Any, file: Path, max_bytes: int) -> None:
    """Adds the pixel data of `file`, of at most `max_bytes`, to its header in place.

    Raises `RadiographError` for a larger file, or one that ends within its pixels.
    """
    size = file.stat().st_size
    limit = max_bytes + MAX_OTHER_BYTES
    if size > limit:
        raise RadiographError(
            f"{file}: {size / 1e6:.0f} MB for pixels of {max_bytes / 1e6:.1f} MB; refused"
        )
    found = _read(file, specific_tags=["PixelData"], limit=limit)
    element = found.get_item("PixelData") if "PixelData" in found else None
    if element is None:
        element = _undelimited(file, limit)
    if element is None:
        return
    check_whole(element, max_bytes)
    if element.value:
        header["PixelData"] = element if element.is_raw else found["PixelData"]
        correct_compression(header)


def _undelimited(file: Path, limit: int) -> Any:
    """Compressed pixels that no delimiter ends, as a raw element of pydicom, or None."""
    with decoding(file), _CountingReader(file) as stream:
        encoding = _read_stream(stream, stop_before_pixels=True).original_encoding
        return undelimited(stream.read(limit), *encoding)


def _begins(file: Path) -> bool:
    with file.open("rb") as stream:
        return start_of(stream.read(HEAD_BYTES)) is not None


@contextmanager
def decoding(file: Path) -> Iterator[None]:
    """Converts exceptions of decoders to a `RadiographError` of one line that names `file`."""
    try:
        with quiet():
            yield
    except PanodentError as error:
        raise (error if str(file) in str(error) else RadiographError(f"{file}: {error}")) from None
    except Exception as error:  # decoders raise anything
        raise RadiographError(
            f"{file}: the DICOM file is damaged, cut off or of a kind that no installed decoder "
            f"reads ({reason(error)}); send it again from its source"
        ) from None


@contextmanager
def quiet() -> Iterator[None]:
    """Suppresses warnings and log lines of pydicom and highdicom: they can quote patient data.

    These settings are global in a process: they apply from the first thread that enters to the last
    one that leaves.
    """
    with _SUPPRESSION.lock:
        _SUPPRESSION.inside += 1
        if _SUPPRESSION.inside == 1:
            _SUPPRESSION.begin()
    try:
        yield
    finally:
        with _SUPPRESSION.lock:
            _SUPPRESSION.inside -= 1
            if _SUPPRESSION.inside == 0:
                _SUPPRESSION.end()


class _LogSuppression:
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


_SUPPRESSION = _LogSuppression()


def reason(error: BaseException) -> str:
    """The message of an exception with quoted values of the header replaced by '...'.

    >>> reason(ValueError("invalid literal for int() with base 10: 'Doe^Jane'"))
    "invalid literal for int() with base 10: '...'"
    """
    from pydicom.datadict import keyword_dict

    if isinstance(error, RecursionError):
        return "its sequences are nested too deeply"
    if isinstance(error, AttributeError) and error.name in keyword_dict:
        return f"it has no {error.name}"
    if isinstance(error, TypeError):
        return "its elements are malformed"

    def kept(match: re.Match[str]) -> str:
        known = match[0][1:-1].replace(" ", "")
        return match[0] if known in keyword_dict or re.fullmatch(r"\d{0,5}", known) else "'...'"

    text = re.sub(r"\"[^\"]*\"|'[^']*'", kept, " ".join(str(error).split()))
    return text[:200] or type(error).__name__


# --- limits --------------------------------------------------------------------------------------


class _CountingReader(io.BufferedReader):
    """Raises `RadiographError` after `MAX_READS` read calls."""

    def __init__(self, file: Path) -> None:
        super().__init__(io.FileIO(str(file)))  # pydicom needs a name that is a string
        self.reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        if self.reads > MAX_READS:
            raise RadiographError(f"its header has more than {MAX_READS // 3} elements; refused")
        return super().read(size)


def _read(file: Path, limit: int = MAX_OTHER_BYTES, **how: Any) -> Any:
    try:
        import pydicom
    except ImportError:
        raise MissingExtraError("dicom", f"{file}: reading DICOM", "pydicom") from None
    with decoding(file):
        if _is_deflated(file, limit):
            # Its size is checked already; deferred values cannot be read later from inflated data.
            return pydicom.dcmread(file, force=True, **{**how, "defer_size": None})
        with _CountingReader(file) as stream:
            dataset = _read_stream(stream, **how)
        needed = "PixelData" if "specific_tags" in how else "Rows"
        if needed in dataset or dataset.original_encoding[0]:
            return dataset
        with _unknown_vrs(), _CountingReader(file) as stream:
            again = _read_stream(stream, **how)
        return _without_unknown_vrs(again) if needed in again else dataset


@contextmanager
def _unknown_vrs() -> Iterator[None]:
    """Makes pydicom pass over elements with an invalid VR such as '??'.

    It takes them for implicit ones, in which the VR is a part of the length; this is right in some
    sequences only. The setting is global in a process, so only one thread at a time may be here.
    """
    from pydicom import config

    with _VR_LOCK:
        before, config.assume_implicit_vr_switch = config.assume_implicit_vr_switch, False
        try:
            yield
        finally:
            config.assume_implicit_vr_switch = before


_VR_LOCK = threading.Lock()


def _without_unknown_vrs(dataset: Any) -> Any:
    from pydicom.valuerep import VR

    for tag in list(dataset.keys()):
        element = dataset.get_item(tag, keep_deferred=True)
        if element.VR not in (None, *VR):
            del dataset[tag]
    return dataset


def _read_stream(stream: io.BufferedReader, **how: Any) -> Any:
    """`pydicom.dcmread`, also for files without preamble, meta group or a true transfer syntax."""
    import pydicom
    from pydicom.dataset import FileMetaDataset
    from pydicom.filereader import read_dataset
    from pydicom.uid import UID

    start = start_of(stream.read(HEAD_BYTES))
    meta = FileMetaDataset()
    claimed, found = "", None
    if start is not None:
        stream.seek(start)
        meta = FileMetaDataset(
            read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
        )
        claimed = str(meta.get("TransferSyntaxUID") or "").strip()
        at = stream.tell()
        found = encoding_at(stream.read(HEAD_BYTES), 0)
    known = UID(claimed).is_transfer_syntax
    # Data sets with compressed pixels are explicit; deflated ones have no elements that are seen.
    own = claimed if claimed in _NATIVE else EXPLICIT if claimed != _DEFLATED else ""
    true = known and (found is None or found.syntax == own)
    if (true and start in (0, 132)) or found is None:
        stream.seek(0)
        dataset = pydicom.dcmread(stream, force=True, **how)
        if claimed or dataset.original_encoding[0] is None:
            return dataset
        encoding = Encoding(*dataset.original_encoding)
    else:
        stream.seek(at)
        encoding = found
        pixels, names = how.pop("stop_before_pixels", False), how.pop("specific_tags", None)
        stop = (lambda tag, vr, length: tag >= _PIXELS) if pixels else None
        tags = None if names is None else [pydicom.tag.Tag(name) for name in names]
        elements = read_dataset(stream, *encoding, stop_when=stop, specific_tags=tags, **how)
        dataset = pydicom.FileDataset(stream, elements, None, meta, *encoding)
        dataset.set_original_encoding(*encoding, elements.original_character_set)
    if not true:
        dataset.file_meta.TransferSyntaxUID = UID(encoding.syntax)
        why = "contradicts its transfer syntax" if known else "has no known transfer syntax"
        why = why if claimed else "has no transfer syntax"
        dataset.reading_note = f"the file {why}: read as {UID(encoding.syntax).name}"
    return dataset


_NATIVE = (IMPLICIT, EXPLICIT, BIG_ENDIAN)
_PIXELS = 0x7FE00008


def _is_deflated(file: Path, limit: int) -> bool:
    """Whether a data set is deflated; raises `RadiographError` beyond `limit` inflated bytes."""
    from pydicom.filereader import read_dataset, read_preamble

    with file.open("rb") as stream:
        if read_preamble(stream, force=True) is None:
            return False
        meta = read_dataset(stream, False, True, stop_when=lambda tag, *_: tag >> 16 != 2)
        start = stream.tell()
        if str(meta.get("TransferSyntaxUID", "")) != _DEFLATED:
            return False
        if encoding_at(stream.read(HEAD_BYTES), 0) is not None:
            return False  # it says so, but is plain
        stream.seek(start)
        inflater, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        pending = stream.read(1 << 16)
        while pending and not inflater.eof:
            total += len(inflater.decompress(pending, 1 << 20))
            if total > limit:
                raise RadiographError(
                    f"{file}: its deflated data inflate beyond {limit / 1e6:.0f} MB; refused"
                )
            pending = inflater.unconsumed_tail or stream.read(1 << 16)
    return True
