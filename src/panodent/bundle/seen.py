"""Which radiographs a bundle was trained on: a list of digests that show nothing of them.

A digest is 256 signs, as 64 hexadecimal digits; `panodent.datasets.radiograph_digest` makes it. Two
files of one radiograph differ in few signs, two radiographs in many.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.bundle.files import SEEN_FILE
from panodent.errors import BundleError
from panodent.utils.atomic_files import write_whole

BITS = 256
MAX_DIFFERENT = 30
"""Digests are of one radiograph if at most so many of their bits differ. 40 radiographs differed
from their smaller, brighter, compressed copies in at most 12; 220 from each other in 49 or more."""


@dataclass(frozen=True)
class Seen:
    """Digests of the radiographs that a network was trained on.

    `complete` says whether there are no others; a bundle without a list has seen unknown ones.
    """

    digests: tuple[str, ...] = field(default=(), repr=False)
    complete: bool = False

    def __contains__(self, digest: str) -> bool:
        """Whether the radiograph of this digest is listed."""
        if not self.digests:
            return False
        different = np.unpackbits(self._rows ^ _row(digest), axis=1).sum(axis=1)
        return bool(different.min() <= MAX_DIFFERENT)

    def joined(self, others: Iterable[Seen]) -> Seen:
        """What this and other networks have seen together; complete if all lists are."""
        every = (self, *others)
        digests = {digest for seen in every for digest in seen.digests}
        return Seen(tuple(sorted(digests)), all(seen.complete for seen in every))

    @cached_property
    def _rows(self) -> npt.NDArray[np.uint8]:
        """(n, 32) uint8."""
        return np.stack([_row(digest) for digest in self.digests])


def read(folder: Path, entry: Any) -> Seen:
    """The list of a bundle folder, as its card's `entry` describes it; unknown without an entry.

    Raises `BundleError` when the file is missing or damaged.
    """
    if entry is None:
        return Seen()
    file = folder / SEEN_FILE
    try:
        digests = tuple(file.read_text(encoding="ascii").split())
        for digest in digests:
            if len(_row(digest)) != BITS // 8:
                raise ValueError(f"{digest!r} is not {BITS // 4} hexadecimal digits")
        return Seen(digests, bool(entry["complete"]))
    except (OSError, ValueError) as error:
        raise BundleError(
            f"{file}: missing or damaged ({error}); copy the whole bundle again"
        ) from None


def write(seen: Seen, folder: Path) -> dict[str, Any] | None:
    """Writes the list into a bundle folder; returns the card's entry, None without a list."""
    if seen == Seen():
        (folder / SEEN_FILE).unlink(missing_ok=True)
        return None
    write_whole(folder / SEEN_FILE, "".join(f"{digest}\n" for digest in seen.digests))
    return {"file": SEEN_FILE, "radiographs": len(seen.digests), "complete": seen.complete}


def _row(digest: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(digest), np.uint8)
