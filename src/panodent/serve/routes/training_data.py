"""Route of the training data: all saved studies as one ZIP archive."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from panodent.serve.problems import problem
from panodent.serve.routes import schema
from panodent.serve.routes.studies import service_of
from panodent.serve.store.training_data import FINDINGS, TEETH

router = APIRouter(prefix="/v1")

CHUNK = 1 << 20


@router.get(
    "/training.zip",
    summary="All saved studies as a ZIP archive to train on",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}, **schema.problems(404)},
)
async def get_training_data(request: Request) -> Response:
    """COCO files and their images; unpacked, it is a data folder for `panodent train`.

    findings.json lists the studies whose findings a user has saved, for `panodent findings`.
    """
    folder = service_of(request).store.training
    await asyncio.to_thread(folder.write)  # so that the latest saves are included
    if not any((folder.folder / "images").iterdir()):
        return problem(404, "no study is saved yet; save at least one to get training data")
    headers = {"Content-Disposition": 'attachment; filename="panodent-training.zip"'}
    return StreamingResponse(zipped(folder.folder), 200, headers, "application/zip")


def zipped(folder: Path) -> Iterator[bytes]:
    """The data folder as chunks of a ZIP archive, created while it is sent.

    An image that is deleted in the meantime is left out.
    """
    truth = (folder / TEETH).read_bytes()
    try:
        findings = (folder / FINDINGS).read_bytes()
    except FileNotFoundError:
        findings = None
    buffer = _ZipBuffer()
    # Images are stored as they are: most formats are compressed already.
    with zipfile.ZipFile(cast(IO[bytes], buffer), "w") as archive:
        archive.writestr(TEETH, truth, zipfile.ZIP_DEFLATED)
        if findings is not None:
            archive.writestr(FINDINGS, findings, zipfile.ZIP_DEFLATED)
        yield buffer.take()
        for name in [image["file_name"] for image in json.loads(truth)["images"]]:
            try:
                source = (folder / "images" / name).open("rb")
            except FileNotFoundError:
                continue
            with source, archive.open(f"images/{name}", "w", force_zip64=True) as entry:
                while chunk := source.read(CHUNK):
                    entry.write(chunk)
                    yield buffer.take()
    yield buffer.take()


class _ZipBuffer:
    """A write-only file without seeking; `take` returns what was written since the last call."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: Any, /) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Does nothing: `take` returns everything written."""

    def take(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken
