"""Locks that one process holds until it ends, whatever ends it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def lock_file(file: Path) -> BinaryIO:
    """The open file, locked against other processes until it is closed.

    The holder may delete the file before it closes it. Raises `BlockingIOError` if another process
    holds the lock, and other kinds of `OSError` if the file cannot be opened. Without effect on
    Windows, which has no `fcntl`.
    """
    while True:
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
        if _is_same(stream, file):
            return stream
        stream.close()  # the holder deleted it between opening and locking


def _is_same(stream: BinaryIO, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), file.stat())
    except FileNotFoundError:
        return False
