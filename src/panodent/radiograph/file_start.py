"""What the first bytes of a file say, for errors about files that are not what their name says."""

from __future__ import annotations

from pathlib import Path

_KNOWN = (
    (b"PK\x03\x04", "a ZIP archive; unpack it"),
    (b"\x1f\x8b", "a gzip archive; unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it"),
    (b"Rar!\x1a\x07", "a RAR archive; unpack it"),
    (b"BZh", "a bzip2 archive; unpack it"),
    (b"\xfd7zXZ\0", "an xz archive; unpack it"),
    (b"\x89PNG", "a PNG, which may be damaged"),
    (b"\xff\xd8\xff", "a JPEG, which may be damaged or have 12 bits; save it as PNG"),
    (b"GIF8", "a GIF; save it as PNG"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000; save it as PNG"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000; save it as PNG"),
    (b"II*\0", "a TIFF, which may be damaged or of a rare kind; save it as PNG"),
    (b"MM\0*", "a TIFF, which may be damaged or of a rare kind; save it as PNG"),
)
_LFS = b"version https://git-lfs.github.com"


def described(file: Path) -> str:
    """What a file begins with, in words, and what to do with a known kind.

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
    for start, kind in _KNOWN:
        if head.startswith(start):
            return f"it is {kind}"
    head = head[:8]
    text = head.decode("ascii", "replace")
    if head.isascii() and text.isprintable():
        return f"it starts with {text!r}"
    return f"it starts with the bytes {head.hex(' ')}"
