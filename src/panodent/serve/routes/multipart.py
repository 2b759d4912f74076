"""Files out of a multipart body, each written to its place as it arrives, none kept in memory."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

from panodent.serve.store.upload import Upload, new_id, suffix_of
from panodent.serve.study import shown_name

MOST_PARTS = 1100
BATCH = 1 << 18
"""Bytes that are gathered before a thread is bothered to write them."""


async def receive(
    request: Request, name: str, most: int, limit: int, folder: Path, durable: bool
) -> list[Upload]:
    """The files of the form's parts called `name`, at most `most` of at most `limit` bytes.

    Each lies at folder/ID/original.*, `durable` ones on the disk and not just on their way there.
    Raises `HTTPException` (4xx) for what is no such form, and leaves nothing behind then.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind.lower() != b"multipart/form-data":
        raise HTTPException(415, f"expected multipart/form-data with files named {name!r}")
    if not boundary:
        raise HTTPException(400, "the form names no boundary; let your HTTP client write the form")
    form = _Form(name, most, limit, folder, durable)
    try:
        parser = MultipartParser(boundary, form.callbacks())  # type: ignore[arg-type]
        async for chunk in request.stream():
            parser.write(chunk)
            if form.pending >= BATCH:
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
    """What the parser calls. It notes what is to be done; `write`, in a thread, does it."""

    name: str
    most: int
    limit: int
    folder: Path
    durable: bool
    uploads: list[Upload] = field(default_factory=list)
    pending: int = 0
    _parts: int = 0
    _whole: bool = False
    _header: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    _disposition: bytes = b""
    _current: Upload | None = None
    _stream: BinaryIO | None = None
    _todo: list[tuple[Upload, bytes | None]] = field(default_factory=list)

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
        if self._parts > MOST_PARTS:
            raise HTTPException(422, f"the form has more than {MOST_PARTS} parts")
        self._disposition, self._header = b"", (bytearray(), bytearray())

    def _header_end(self) -> None:
        if bytes(self._header[0]).lower() == b"content-disposition":
            self._disposition = bytes(self._header[1])
        self._header = (bytearray(), bytearray())

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name", b"").decode("utf-8", "replace") != self.name:
            return  # some other field: nothing that is wanted here
        if len(self.uploads) >= self.most:
            raise HTTPException(
                422, f"the form has more than {self.most} file(s) named {self.name!r}"
            )
        shown = shown_name(options.get(b"filename", b"").decode("utf-8", "replace"))
        self._current = Upload(new_id(), shown, suffix_of(shown), self.folder)
        self.uploads.append(self._current)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._current is None:
            return
        self._current.size += end - start
        if self._current.size > self.limit:
            raise HTTPException(
                413,
                f"file {len(self.uploads)} is larger than the {self.limit / 2**20:.0f} MiB that "
                "are taken here",
            )
        self._todo.append((self._current, data[start:end]))
        self.pending += end - start

    def _end(self) -> None:
        if self._current is not None:
            self._todo.append((self._current, None))
            self._current = None

    def _finish(self) -> None:
        self._whole = True

    def write(self) -> None:
        """Writes what has arrived."""
        todo, self._todo, self.pending = self._todo, [], 0
        for upload, data in todo:
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
        """Raises for a form that ends early, or without its file."""
        if not self._whole:
            raise HTTPException(400, "the form ends before its last boundary; send it again")
        if not self.uploads:
            raise HTTPException(422, f"the form has no file named {self.name!r}; expected one")
        for number, upload in enumerate(self.uploads, start=1):
            if not upload.size:
                raise HTTPException(422, f"file {number} is empty; send a radiograph")

    def discard(self) -> None:
        """Removes all of it."""
        if self._stream is not None:
            self._stream.close()
        for upload in self.uploads:
            shutil.rmtree(upload.file.parent, ignore_errors=True)
