"""Numbers, lists and names of files in English sentences."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters, those that turn the direction of writing, and bytes that are not UTF-8."""


def counted(count: int, one: str, many: str) -> str:
    """A count with the singular or the plural of what is counted.

    >>> counted(1, "tooth", "teeth"), counted(0, "tooth", "teeth")
    ('1 tooth', '0 teeth')
    """
    return f"{count} {one if count == 1 else many}"


def near_name(path: Path) -> str:
    """What an error about a missing file or folder suggests: an existing one of a similar name.

    >>> near_name(Path("no such folder/scan.png"))
    ''
    """
    try:
        names = [entry.name for entry in path.parent.iterdir() if not entry.name.startswith(".")]
        names = [name for name in names if name != path.name]
    except OSError:
        return ""
    close = get_close_matches(path.name, names, n=1)
    return f". Did you mean {path.with_name(close[0])}?" if close else ""


def shown(text: object) -> str:
    """The text as a terminal or a page may show it, with what could harm written as an escape.

    A name of a file may hold control characters, which a terminal obeys, and bytes that are not
    UTF-8, which Python keeps as surrogates. Such a byte is shown as `\\xf1`. What is stored is
    the name itself, see `panodent.utils.atomic_files`.

    >>> shown("Mu\\udcf1oz\\x1b[2J.png")
    'Mu\\\\xf1oz\\\\x1b[2J.png'
    """
    return _UNSAFE.sub(_escaped, str(text))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode keeps the byte there
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
