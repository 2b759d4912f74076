"""The route of the training data: all saved studies as one archive."""

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
from panodent.serve.routes.studies import work_of

router = APIRouter(prefix="/v1")

PIECE = 1 << 20


@router.get(
    "/training.zip",
    summary="All saved studies as a data folder to train on",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}, **schema.problems(404)},
)
async def training(request: Request) -> Response:
    """COCO with the images beside it: unpacked, `panodent train` takes it as it is."""
    folder = work_of(request).store.training
    await asyncio.to_thread(folder.write)  # what was saved a moment ago is in it
    if not any((folder.folder / "images").iterdir()):
        return problem(404, "no study is saved yet; save one, then there is something to train on")
    headers = {"Content-Disposition": 'attachment; filename="panodent-training.zip"'}
    return StreamingResponse(zipped(folder.folder), 200, headers, "application/zip")


def zipped(folder: Path) -> Iterator[bytes]:
    """The data folder as pieces of a ZIP archive, made while they are sent.

    Unpacked, it is what `panodent train` takes. The image of a study that is deleted while the
    archive is made is left out.
    """
    truth = (folder / "annotations.json").read_bytes()
    pipe = _Pipe()
    # Radiographs are compressed already.
    with zipfile.ZipFile(cast(IO[bytes], pipe), "w") as archive:
        archive.writestr("annotations.json", truth, zipfile.ZIP_DEFLATED)
        yield pipe.take()
        for name in [image["file_name"] for image in json.loads(truth)["images"]]:
            try:
                source = (folder / "images" / name).open("rb")
            except FileNotFoundError:
                continue
            with source, archive.open(f"images/{name}", "w", force_zip64=True) as entry:
                while piece := source.read(PIECE):
                    entry.write(piece)
                    yield pipe.take()
    yield pipe.take()


class _Pipe:
    """A file to write to that gives what was written, and cannot be wound back."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: Any, /) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken, self._written = bytes(self._written), bytearray()
        return taken
