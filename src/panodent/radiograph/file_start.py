"""What the first bytes of a file say, for errors about files that are not what their name says."""

from __future__ import annotations

from pathlib import Path

_ARCHIVES = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
)
_LFS = b"version https://git-lfs.github.com"


def described(file: Path) -> str:
    """What a file begins with, in words, and what to do with an archive.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for content in (b"<html>", b"\\x1f\\x8b\\x08", b"\\0\\1"):
    ...         size = Path(folder, "a.dcm").write_bytes(content)
    ...         print(described(Path(folder, "a.dcm")))
    it starts with '<html>'
    it is a gzip archive; unpack it
    it starts with the bytes 00 01
    """
    with file.open("rb") as stream:
        head = stream.read(len(_LFS))
    if not head:
        return "it is empty"
    if head == _LFS:
        return "it is a pointer of Git LFS to the file; fetch the file with git lfs pull"
    for start, name in _ARCHIVES:
        if head.startswith(start):
            return f"it is {name}; unpack it"
    head = head[:8]
    text = head.decode("ascii", "replace")
    if head.isascii() and text.isprintable():
        return f"it starts with {text!r}"
    return f"it starts with the bytes {head.hex(' ')}"
