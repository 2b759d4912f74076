"""Names of radiographs in annotation files, and the forms in which they are compared.

>>> stem("X/a.PNG"), uploaded_stem("scan (1).png")
('x/a', 'scan_1')
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from panodent.errors import AnnotationError
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import is_no_name
from panodent.radiograph.radiograph import key_of

DRIVE = re.compile(r"[A-Za-z]:")
SERVER = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+://[^/]*")
"""What paths of other computers begin with."""


def same(path: str) -> str:
    """A path as it is."""
    return path


def folded(path: str) -> str:
    """A path without regard to case and to the form of accents.

    >>> folded("Za\\u0308hne.PNG") == folded("z\\u00e4hne.png")
    True
    """
    return unicodedata.normalize("NFC", path).casefold()


def stem(path: str) -> str:
    """A path without its suffix, and without regard to case and to the form of accents."""
    return folded(key_of(path))


def uploaded_stem(path: str) -> str:
    """A path without suffix as servers store uploads: `_` for a space, and no odd characters.

    >>> uploaded_stem("x/Scan (1).png"), uploaded_stem("x/scan_1.jpg")
    ('x/scan_1', 'x/scan_1')
    """
    return re.sub(r"[^-\w./]", "", stem(path).replace(" ", "_"))


def declared_path(name: object, where: str) -> PurePosixPath:
    """The name of a radiograph as a path that cannot lead out of a folder.

    Backslashes become slashes; drive, server and leading slashes are left out, and so are `.` and
    `..` with what they take back. Raises `AnnotationError`, which starts with `where`, for what is
    not the name of a file.

    >>> declared_path("C:\\\\scans\\\\..\\\\old\\\\a.png", "a.json")
    PurePosixPath('old/a.png')
    >>> declared_path("../../", "a.json")
    Traceback (most recent call last):
        ...
    panodent.errors.AnnotationError: a.json: an image is named '../../'; expected the path of a file
    """
    text = name.replace("\\", "/") if isinstance(name, str) else ""
    if server := SERVER.match(text):
        text = text[server.end() :].partition("?")[0]
    kept: list[str] = []
    for part in DRIVE.sub("", text, count=1).split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    if is_no_name(text, kept) or not kept or text.rpartition("/")[2] in ("", ".", ".."):
        raise AnnotationError(
            f"{where}: an image is named {excerpt(name)}; expected the path of a file"
        )
    return PurePosixPath(*kept)
