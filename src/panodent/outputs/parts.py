"""Parts of a call of `panodent predict`: machines without any engine share one output folder.

A radiograph belongs to one part of N by the SHA-256 of its name, so that parts are disjoint, and
depend neither on the order of a listing nor on the machine. Results of radiographs go to the output
folder; the files about all radiographs of part K go to OUT/parts/K-of-N, where `panodent merge`
finds them.

>>> part = Part.parse("1/3")
>>> [name for name in ("a.png", "b.png", "c.png", "d.png") if part.holds(name)]
['b.png', 'c.png', 'd.png']
>>> part.folder(Path("out")).as_posix()
'out/parts/1-of-3'
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from panodent.errors import ConfigError, OutputError

PARTS = "parts"
"""Folder of the parts, below the output folder."""
_NAME = re.compile(r"([1-9]\d*)-of-([1-9]\d*)")
_TEXT = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True, order=True)
class Part:
    """Part `number` of `count`, counted from 1."""

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Part:
        """'2/3' -> `Part(2, 3)`. Raises `ConfigError` for another text."""
        match = _TEXT.fullmatch(text)
        if match and 1 <= int(match[1]) <= int(match[2]):
            return cls(int(match[1]), int(match[2]))
        raise ConfigError(
            f"--part is {text!r}; expected K/N with K from 1 to N, such as 2/5 for the second of "
            "five machines"
        )

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def holds(self, file_name: str) -> bool:
        """Whether an input of this name, a path with forward slashes, belongs to the part.

        macOS and Linux may store one name as different code points; they count as one name.
        """
        name = unicodedata.normalize("NFC", file_name).encode("utf-8", "surrogateescape")
        value = int.from_bytes(hashlib.sha256(name).digest()[:8], "big")
        return value % self.count == self.number - 1

    def folder(self, output: Path) -> Path:
        """Where the files about all radiographs of the part go."""
        return output / PARTS / f"{self.number}-of-{self.count}"


def parts_in(output: Path) -> list[Part]:
    """The parts that have a folder in an output folder, sorted by count and number."""
    try:
        names = [place.name for place in (output / PARTS).iterdir() if place.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [match for name in names if (match := _NAME.fullmatch(name))]
    return sorted((Part(int(m[1]), int(m[2])) for m in found), key=lambda p: (p.count, p.number))


def check_same_count(output: Path, part: Part) -> None:
    """Raises `OutputError` if the output folder has parts of another count than this one."""
    for other in parts_in(output):
        if other.count != part.count:
            raise OutputError(
                f"{output}: holds part {other}, which cannot be mixed with --part {part}; when no "
                f"call of --part {other.count} runs there, delete {output / PARTS} and continue "
                "with --resume: finished radiographs are kept"
            )


def listing_digest(file_names: Iterable[str]) -> str:
    """A digest of the names of all inputs, by which parts tell that they saw the same ones.

    >>> listing_digest(["a", "b"]) == listing_digest(["b", "a"]) != listing_digest(["ab"])
    True
    """
    digest = hashlib.sha256()
    for name in sorted(unicodedata.normalize("NFC", name) for name in file_names):
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()
