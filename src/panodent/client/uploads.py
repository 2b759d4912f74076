"""Files to send, whose progress is reported while they are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, cast

from panodent.errors import RadiographError

Progress = Callable[[int, int], object]
"""Called with the bytes sent so far, and the bytes of all files."""
Source = str | os.PathLike[str] | tuple[str, bytes]
"""A path, or (file name, content)."""


class Uploads:
    """Open files of one request; a context manager.

    field : name of their parts in the form.
    Raises `RadiographError` for a file that cannot be read.
    """

    def __init__(
        self, field: str, sources: Sequence[Source], progress: Progress | None = None
    ) -> None:
        self._field, self._sources, self._progress = field, sources, progress
        self._open = ExitStack()

    def __enter__(self) -> list[tuple[str, tuple[str, BinaryIO | bytes]]]:
        """The files as httpx takes them."""
        parts: list[tuple[str, tuple[str, BinaryIO | bytes]]] = []
        counter = _Counter(self._progress)
        try:
            for source in self._sources:
                if isinstance(source, tuple):
                    name, content = source
                    counter.total += len(content)
                    parts.append((self._field, (name, content)))
                    counter.add(len(content))
                    continue
                file = Path(source)
                stream = self._open.enter_context(file.open("rb"))
                counter.total += os.fstat(stream.fileno()).st_size
                parts.append((self._field, (file.name, cast(BinaryIO, _Watched(stream, counter)))))
        except OSError as error:
            self._open.close()
            raise RadiographError(f"{error.filename}: cannot be read ({error.strerror})") from None
        return parts

    def __exit__(self, *_: object) -> None:
        self._open.close()


class _Counter:
    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self.total = self.sent = 0

    def add(self, size: int) -> None:
        self.sent += size
        if size and self._progress is not None:
            self._progress(self.sent, self.total)


class _Watched:
    """A file that counts what is read of it."""

    def __init__(self, stream: BinaryIO, counter: _Counter) -> None:
        self._stream, self._counter = stream, counter

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._counter.add(len(data))
        return data

    def fileno(self) -> int:
        """For the length, which the form states."""
        return self._stream.fileno()
