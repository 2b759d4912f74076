"""Atomic file writes: a reader sees the old file or the whole new one, never a part.

The content goes to a temporary file, `.NAME.*.part` beside the target, which is then renamed. If
anything fails, the temporary file is deleted and an earlier version of the target stays.

Text is UTF-8. Python keeps the bytes of a file's name that are not UTF-8 as surrogates, for which
UTF-8 has no code: they are written as `\\udcf1`. In JSON this is the escape of the character, so
that reading gives the same name back.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     file = Path(folder, "made", "teeth.json")  # missing folders are created
...     write_whole(file, "{}")
...     with writing(file) as stream:
...         count = stream.write("[1, 2")
...         count = stream.write("]")
...     file.read_text()
'[1, 2]'
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, Literal, TextIO, cast

from panodent.errors import OutputError


class PendingFile:
    """A file that is being written and has not got its name yet.

    Write to `stream`, then call `commit`, or `discard` to give up. As a context manager it
    discards at the end of the block what was not committed.

    Parameters
    ----------
    file : the path that the file gets. Missing parent folders are created.
    mode : 'w' for text in UTF-8, 'wb' for bytes.
    newline : as for `open`; '' for CSV. Text only.
    durable : whether `commit` waits until file and name are on the disk (fsync), so that both
        survive a power failure.

    Raises
    ------
    OutputError : the file cannot be created here, or written or renamed later.
    """

    def __init__(
        self,
        file: Path,
        mode: Literal["w", "wb"] = "w",
        *,
        newline: str | None = None,
        durable: bool = False,
    ) -> None:
        self.file, self.durable = file, durable
        # A random name: several threads may write the same file.
        name = f".{file.name[:40]}.{os.getpid()}-{secrets.token_hex(4)}.part"
        self._temporary = file.parent / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self.stream: IO = self._temporary.open(
                "x" if mode == "w" else "xb",
                encoding="utf-8" if mode == "w" else None,
                errors="backslashreplace" if mode == "w" else None,
                newline=newline,
            )
        except OSError as error:
            raise self.failure(error) from None

    def commit(self) -> None:
        """Closes the stream and gives the file its name; replaces an existing file."""
        try:
            self.stream.flush()
            if self.durable:
                os.fsync(self.stream.fileno())
            self.stream.close()
            if self.durable:
                replace_durably(self._temporary, self.file)
            else:
                os.replace(self._temporary, self.file)
        except OSError as error:
            raise self.failure(error) from None

    def discard(self) -> None:
        """Deletes the temporary file; does nothing after `commit`."""
        with suppress(OSError):  # a full disk, which does not matter any more
            self.stream.close()
        self._temporary.unlink(missing_ok=True)

    def failure(self, error: OSError) -> OutputError:
        """The error to raise when writing fails with `error`."""
        return OutputError(
            f"{self.file}: cannot be written ({error.strerror}); "
            "check the folder and the free space"
        )

    def __enter__(self) -> PendingFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()


def write_whole(file: Path, data: bytes | str, *, durable: bool = False) -> None:
    """Writes `data` to `file`, text as UTF-8; see `PendingFile` for `durable`.

    Raises `OutputError` if the file cannot be written; then nothing is left behind.
    """
    with writing_bytes(file, durable=durable) as stream:
        stream.write(data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data)


@contextmanager
def writing(file: Path) -> Iterator[TextIO]:
    """A UTF-8 text stream that becomes `file` if the block ends without an error.

    Raises `OutputError` if the file cannot be written; then nothing is left behind.
    """
    with PendingFile(file) as pending:
        yield from cast("Iterator[TextIO]", _filled(pending))


@contextmanager
def writing_bytes(file: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """As `writing`, for bytes; see `PendingFile` for `durable`."""
    with PendingFile(file, "wb", durable=durable) as pending:
        yield from cast("Iterator[BinaryIO]", _filled(pending))


def _filled(pending: PendingFile) -> Iterator[IO]:
    try:
        yield pending.stream
    except OSError as error:
        raise pending.failure(error) from None
    pending.commit()


def make_secret(file: Path, text: str) -> None:
    """Makes a file that only this user can read; one that exists is left as it is.

    Raises `OSError`; then no file is left behind.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError:
        file.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk (fsync), to survive a crash.

    Raises `OSError`; some file systems cannot do this for folders.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_durably(source: Path, target: Path) -> None:
    """Renames a file or folder to `target` in one step, and waits until its name is on the disk.

    The content of `source` must be on the disk already, see `sync`. Raises `OSError`.
    """
    os.replace(source, target)
    sync(target.parent)
