"""The encoding of annotation files: UTF-8, UTF-16 with its mark, or what the user declares.

Files are read as UTF-8, with or without a byte order mark, or as UTF-16 if they start with its
mark. XML may name another encoding in its declaration. A file in any other encoding is an error
that names the likely one and `--encoding`, which declares it: nothing is guessed, since wrong
letters in class names and file names look right.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     file = Path(folder, "classes.txt")
...     size = file.write_bytes("Zähne".encode("utf-16"))
...     read_text(file)
...     size = file.write_bytes("Zähne".encode("cp1252"))
...     declare(Path(folder), "cp1252")
...     read_text(file)
'Zähne'
'Zähne'
"""

from __future__ import annotations

import codecs
import io
import mmap
import re
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from panodent.errors import AnnotationError, UnknownNameError

LARGEST = 1 << 28
"""Bytes of the largest file that is converted to UTF-8 in memory."""
_LOOKED_AT = 1 << 20
_UTF8 = codecs.BOM_UTF8
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DECLARATION = re.compile(
    rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._\-]{1,40})["']"""
)
_NO_TEXT = ("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined")
_EXAMPLES = ("cp1252", "cp1251", "gb18030", "shift_jis", "utf-16-le")
_KANA = re.compile("[\u3041-\u30f6]")
_declared: dict[Path, str] = {}


def declare(root: Path, encoding: str | None) -> None:
    """Sets the encoding of the files below a folder, or of one file, that are not UTF-8.

    It holds for this process, also for files that are read later; None takes it back. Raises
    `UnknownNameError` for an encoding that Python does not know.
    """
    if encoding is None:
        _declared.pop(root.absolute(), None)
    elif _is_text_encoding(encoding):
        _declared[root.absolute()] = encoding
    else:
        raise UnknownNameError("encoding", encoding, _EXAMPLES)


def read_text(file: Path) -> str:
    """The text of a file; raises `AnnotationError` if it cannot be read or decoded."""
    with opened(file) as stream:
        data = _in_whole(stream, file)
    return decoded(data, file)


def decoded(data: bytes, file: Path) -> str:
    """The text of these bytes of a file that `opened` gave; raises `AnnotationError`."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AnnotationError(f"{file}: {_reason(data, error)}") from None


def opened(file: Path) -> BinaryIO:
    """A stream of the file in UTF-8, maybe with a byte order mark. Raises `AnnotationError`.

    Whether all bytes are UTF-8 is not checked unless the file was converted.
    """
    converted = _converted_by_name(file)
    try:
        return file.open("rb") if converted is None else io.BytesIO(converted)
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None


def mapped(file: Path) -> mmap.mmap | bytes:
    """The bytes of the file in UTF-8, as `opened`; the file itself is mapped into memory.

    Raises `AnnotationError`, also for an empty file.
    """
    converted = _converted_by_name(file)
    if converted is not None:
        return converted
    try:
        with file.open("rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise AnnotationError(f"{file}: is empty; expected JSON") from None


def fault(file: Path) -> str:
    """Why the start of a file cannot be decoded and what to do, in words; empty if it can."""
    try:
        with opened(file) as stream:
            data = stream.read(_LOOKED_AT)
        # The last character may be cut.
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except AnnotationError:
        return ""  # the reader itself says so
    except UnicodeDecodeError as error:
        return _reason(data, error)
    return _reason(data, None) if b"\0" in data else ""


def _reason(data: bytes, error: UnicodeDecodeError | None) -> str:
    at = "" if error is None else f" (byte {error.start} is 0x{data[error.start]:02x})"
    likely = guess(data)
    return (
        f"is not text in UTF-8{at}, and may be {likely}; give --encoding {likely} if it is, or "
        "save it as UTF-8"
    )


def guess(data: bytes) -> str:
    """The likely encoding of bytes that are not UTF-8, for a message to a person.

    >>> guess("Zähne".encode("cp1252")), guess("зуб".encode("cp1251")), guess(b"3\\0006\\0")
    ('cp1252', 'cp1251', 'utf-16-le')
    >>> guess("牙齿编号".encode("gb18030"))
    'gb18030'
    """
    sample = data[:_LOOKED_AT]
    zeros = sample[0::2].count(0), sample[1::2].count(0)
    if max(zeros) > len(sample) // 8:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", sample)]
    if _KANA.search(sample.decode("shift_jis", errors="ignore")) and not _fails(
        sample, "shift_jis"
    ):
        return "shift_jis"
    if runs and all(length % 2 == 0 for length in runs) and not _fails(sample, "gb18030"):
        return "gb18030"
    return "cp1251" if sum(runs) >= 3 * max(len(runs), 1) else "cp1252"


def _fails(data: bytes, encoding: str) -> bool:
    """Whether bytes cannot be decoded; the last character may be cut."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(data)
    except UnicodeDecodeError:
        return True
    return False


def _is_text_encoding(name: str) -> bool:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return (
        bool(getattr(info, "_is_text_encoding", True))
        and info.name.replace("_", "-") not in _NO_TEXT
    )


def _in_whole(stream: BinaryIO, file: Path) -> bytes:
    size = stream.seek(0, io.SEEK_END)
    if size > LARGEST:
        raise AnnotationError(f"{file}: has more than {LARGEST} bytes; expected a smaller file")
    stream.seek(0)
    return stream.read(size)  # reading up to LARGEST would set aside that much memory each time


def _converted_by_name(file: Path) -> bytes | None:
    """The bytes of the file in UTF-8 if they have to be converted, else None."""
    try:
        with file.open("rb") as stream:
            start = stream.read(256)
        status = file.stat()
    except OSError:
        return None  # whoever opens it says why
    stamp = (status.st_mtime_ns, status.st_size)
    if start.startswith(_UTF8):
        return None
    if start.startswith(_UTF16):
        return _converted(file, "utf-16", stamp)
    absolute = file.absolute()
    told = next((_declared[p] for p in (absolute, *absolute.parents) if p in _declared), None)
    if told is None:
        found = _DECLARATION.match(start)
        told = found[1].decode("ascii") if found else None
        # A declaration of UTF-16 without its mark is that of a file that was converted.
        if told is None or not _is_text_encoding(told) or told.lower().startswith("utf"):
            return None
    return _converted(file, told, stamp)


@lru_cache(maxsize=4)
def _converted(file: Path, encoding: str, stamp: tuple[int, int]) -> bytes | None:
    """The file in UTF-8; None if it is UTF-8 already. `stamp` tells a changed file."""
    with file.open("rb") as stream:
        data = _in_whole(stream, file)
    if encoding != "utf-16":
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            if b"\0" not in data:
                return None
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        reason = " ".join(str(error).split())[:120]
        raise AnnotationError(
            f"{file}: is not text in {encoding} ({reason}); name its encoding with --encoding"
        ) from None
