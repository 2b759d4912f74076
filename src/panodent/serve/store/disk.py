"""The disk of the store: how much of it is kept free, and room for deletions on a full disk.

Deleting a row writes to the database, which fails without a free byte. So a file, `reserve`, takes
some space that is given up for a deletion, and taken again afterwards.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from panodent.errors import DiskFullError

T = TypeVar("T")
BALLAST_BYTES = 16 << 20
"""Largest size of the file that is given up for a deletion."""
NAME = "reserve"


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error of the database or of a file says that no space is left.

    >>> is_disk_full(OSError(errno.ENOSPC, "")), is_disk_full(OSError(errno.EPERM, ""))
    (True, False)
    """
    if isinstance(error, DBAPIError):
        said = str(error.orig)
        return "disk is full" in said or "No space left" in said  # SQLite, PostgreSQL
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


class Disk:
    """The disk of the folder `folder`.

    reserve : bytes that uploads and jobs leave free, for saves, results and deletions; with 0,
        nothing is kept free.
    """

    def __init__(self, folder: Path, reserve: int = 0) -> None:
        self._folder, self.reserve = folder, reserve
        self._ballast = min(BALLAST_BYTES, reserve // 4)
        self._refill()

    @property
    def free(self) -> int:
        """Bytes that are free."""
        return shutil.disk_usage(self._folder).free

    def check(self, size: int = 0) -> None:
        """Raises `DiskFullError` if `size` more bytes would leave less than the reserve free."""
        if self.reserve and self.free - size < self.reserve:
            raise DiskFullError(
                f"the disk of the store has {self.free >> 20} MiB left, of which "
                f"{self.reserve >> 20} MiB are kept free; delete studies, or free space on the disk"
            )

    @property
    def is_low(self) -> bool:
        """Whether half of the reserve is used up: accepted work waits then too."""
        return self.free < self.reserve // 2

    def with_room(
        self,
        delete: Callable[..., T],
        *arguments: object,
        more: Sequence[Callable[[], object]] = (),
    ) -> T:
        """Calls a function that deletes; on a full disk again, with the space that was kept.

        more : what else makes room, called one after the other while the disk is still full.
        """
        steps = [self._release, *more]
        try:
            while True:
                try:
                    return delete(*arguments)
                except (DBAPIError, OSError) as error:
                    if not is_disk_full(error) or not steps:
                        raise
                    steps.pop(0)()
        finally:
            self._refill()

    def _release(self) -> None:
        (self._folder / NAME).unlink(missing_ok=True)

    def _refill(self) -> None:
        """Takes the space again, as far as there is some."""
        file = self._folder / NAME
        size = min(self._ballast, self.free)
        with contextlib.suppress(OSError):
            if not self._ballast:
                file.unlink(missing_ok=True)
            elif not file.exists() or file.stat().st_size < size:
                with file.open("ab") as stream:
                    _allocate(stream.fileno(), size)


def _allocate(handle: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
        return
    for _ in range((size - os.fstat(handle).st_size) >> 20):  # Windows and macOS
        os.write(handle, bytes(1 << 20))
