"""Locks that one process holds until it ends, whatever ends it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def lock_file(file: Path, *, shared: bool = False) -> BinaryIO:
    """The open file, locked against other processes until it is closed.

    A `shared` lock can be held by several processes that all ask for a shared one. The only holder
    may delete the file before it closes it. Raises `BlockingIOError` if another process holds the
    lock, and other kinds of `OSError` if the file cannot be opened. Without effect on Windows,
    which has no `fcntl`.
    """
    while True:
        stream = file.open("a+b")  # NFS gives shared locks on readable files only
        try:
            import fcntl
        except ImportError:  # Windows
            return stream
        try:
            fcntl.flock(stream, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            stream.close()
            raise
        if _is_same(stream, file):
            return stream
        stream.close()  # the holder deleted it between opening and locking


def is_only_holder(stream: BinaryIO) -> bool:
    """Whether no other process holds the shared lock of this stream; it is then locked alone.

    Otherwise the stream may have lost its lock. False where there are no locks.
    """
    try:
        import fcntl

        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _is_same(stream: BinaryIO, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), file.stat())
    except FileNotFoundError:
        return False
