"""Receives files from a multipart body: each is written to disk while it arrives."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass, field
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from panodent.serve.store.store import Store
from panodent.serve.store.upload import Upload, new_id, suffix_of
from panodent.serve.study import display_name

MAX_PARTS = 1100
WRITE_BYTES = 1 << 18
"""Bytes that are collected before a thread writes them."""


async def receive(
    request: Request, name: str, max_files: int, max_bytes: int, store: Store, durable: bool
) -> list[Upload]:
    """Writes the files of a form to files/ID/original.* of a store, each with an ID of its own.

    name : of the form's parts that are files; other parts are ignored.
    max_files, max_bytes : how many files, and bytes in each, are accepted.
    durable : whether files are flushed to disk (fsync) before this returns.

    Raises `HTTPException` (status 400, 413, 415 or 422) for other forms and `DiskFullError` where
    the disk has too little space, and then deletes what was written.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind.lower() != b"multipart/form-data":
        raise HTTPException(415, f"expected multipart/form-data with files named {name!r}")
    if not boundary:
        raise HTTPException(
            400, "the Content-Type has no boundary; let your HTTP client set this header"
        )
    declared = request.headers.get("content-length", "0")
    store.disk.check(int(declared) if declared.isdecimal() else 0)
    form = _Form(name, max_files, max_bytes, store, durable)
    try:
        parser = MultipartParser(boundary, form.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
            if form.pending >= WRITE_BYTES:
                await asyncio.to_thread(form.write)
        parser.finalize()
        await asyncio.to_thread(form.write)
        form.check()
    except FormParserError as error:
        await asyncio.to_thread(form.discard)
        raise HTTPException(400, f"the form is damaged ({str(error)[:200]})") from None
    except BaseException:
        await asyncio.to_thread(form.discard)
        raise
    return form.uploads


@dataclass
class _Form:
    """Callbacks of the parser. They only collect data; `write`, called in a thread, writes them."""

    name: str
    max_files: int
    max_bytes: int
    store: Store
    durable: bool
    uploads: list[Upload] = field(default_factory=list)
    pending: int = 0
    _parts: int = 0
    _complete: bool = False
    _header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    _disposition: bytes = b""
    _current: Upload | None = None
    _stream: BinaryIO | None = None
    _unwritten: list[tuple[Upload, bytes | None]] = field(default_factory=list)

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise HTTPException(422, f"the form has more than {MAX_PARTS} parts")
        self._disposition, self._header = b"", (bytearray(), bytearray())

    def _header_end(self) -> None:
        if bytes(self._header[0]).lower() == b"content-disposition":
            self._disposition = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name", b"").decode("utf-8", "replace") != self.name:
            return  # another field, ignored
        if len(self.uploads) >= self.max_files:
            raise HTTPException(
                422, f"the form has more than {self.max_files} file(s) named {self.name!r}"
            )
        shown = display_name(options.get(b"filename", b"").decode("utf-8", "replace"))
        self._current = Upload(new_id(), shown, suffix_of(shown), self.store.files)
        self.uploads.append(self._current)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._current is None:
            return
        self._current.size += end - start
        if self._current.size > self.max_bytes:
            raise HTTPException(
                413,
                f"file {len(self.uploads)} is larger than the limit of "
                f"{self.max_bytes / 2**20:.0f} MiB",
            )
        self._unwritten.append((self._current, data[start:end]))
        self.pending += end - start

    def _end(self) -> None:
        if self._current is not None:
            self._unwritten.append((self._current, None))
            self._current = None

    def _finish(self) -> None:
        self._complete = True

    def write(self) -> None:
        """Writes the collected data."""
        self.store.disk.check(self.pending)
        unwritten, self._unwritten, self.pending = self._unwritten, [], 0
        for upload, data in unwritten:
            if self._stream is None:
                upload.file.parent.mkdir(parents=True, exist_ok=True)
                self._stream = upload.file.open("wb")
            if data is not None:
                self._stream.write(data)
                continue
            self._stream.flush()
            if self.durable:
                os.fsync(self._stream.fileno())
            self._stream.close()
            self._stream = None

    def check(self) -> None:
        """Raises `HTTPException` for a form that ends early, has no file or has an empty one."""
        if not self._complete:
            raise HTTPException(400, "the form ends before its last boundary; send it again")
        if not self.uploads:
            raise HTTPException(422, f"the form has no file named {self.name!r}; expected one")
        for number, upload in enumerate(self.uploads, start=1):
            if not upload.size:
                raise HTTPException(422, f"file {number} is empty; send a radiograph")

    def discard(self) -> None:
        """Deletes all files of the form."""
        if self._stream is not None:
            self._stream.close()
        for upload in self.uploads:
            shutil.rmtree(upload.file.parent, ignore_errors=True)
