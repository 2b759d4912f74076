"""Files of the store as responses: from an open file, so that a deletion does not cut them off."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response, StreamingResponse

CHUNK = 1 << 18


async def stored_file(
    request: Request, file: Path, media_type: str, tag: str, name: str = ""
) -> Response:
    """The content of `file`; 304 without content if the client has it already.

    Browsers keep no copy (Cache-Control is no-store): it would lie on the disk of their computer.

    tag : the file's entity tag. A file of a study never changes, so its name will do.
    name : the name to save it as; '' to show it.

    Raises `FileNotFoundError`.
    """
    quoted = f'"{tag}"'
    headers = {"ETag": quoted}
    if name:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    stream = await asyncio.to_thread(file.open, "rb")
    known = [entry.strip() for entry in request.headers.get("if-none-match", "").split(",")]
    if quoted in known or f"W/{quoted}" in known or "*" in known:
        stream.close()
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(os.fstat(stream.fileno()).st_size)
    return StreamingResponse(_chunks(stream), 200, headers, media_type)


async def _chunks(stream: BinaryIO) -> AsyncIterator[bytes]:
    with stream:
        while chunk := await asyncio.to_thread(stream.read, CHUNK):
            yield chunk
