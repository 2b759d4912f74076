"""Files that appear whole or not at all: written beside, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from panodent.errors import OutputError


def write_whole(file: Path, data: bytes | str) -> None:
    """Writes `data` to `file` by way of a temporary neighbour; parents are made.

    Text is UTF-8. Raises `OutputError` when the place cannot be written; nothing half is left.
    """
    content = data.encode() if isinstance(data, str) else data
    beside = ""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        # mkstemp makes files private; results are as readable as any other new file.
        os.chmod(beside, 0o666 & ~_umask())
        os.replace(beside, file)
    except OSError as error:
        if beside:
            Path(beside).unlink(missing_ok=True)
        raise OutputError(
            f"{file}: cannot be written ({error.strerror}); check the folder and the free space"
        ) from None


@contextmanager
def writing(file: Path) -> Iterator[TextIO]:
    """A UTF-8 text stream that becomes `file` when the block ends well, and nothing otherwise.

    Raises `OutputError` when the place cannot be written.
    """
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as stream:
            yield stream
        os.replace(beside, file)
    except OSError as error:
        raise OutputError(
            f"{file}: cannot be written ({error.strerror}); check the folder and the free space"
        ) from None
    finally:
        beside.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Flushes a file, or the entries of a folder, to the disk (fsync), so that a crash keeps them.

    Raises `OSError`; some file systems cannot flush folders.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_durably(source: Path, target: Path) -> None:
    """Renames a file or folder to `target` in one step, and flushes the target's folder to disk.

    The content of `source` must have been flushed before; see `sync`. Raises `OSError`.
    """
    os.replace(source, target)
    sync(target.parent)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
