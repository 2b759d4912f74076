"""Locks that one process holds until it ends, whatever ends it."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO


def lock_file(file: Path) -> BinaryIO:
    """The open file, locked against other processes until it is closed.

    Raises `BlockingIOError` if another process holds the lock, and other kinds of `OSError` if the
    file cannot be opened. Without effect on Windows, which has no `fcntl`.
    """
    stream = file.open("ab")
    try:
        import fcntl
    except ImportError:  # Windows
        return stream
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        raise
    return stream
