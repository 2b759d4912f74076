"""The client for asyncio; see `panodent.client.client` for the methods."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, TypeVar, Unpack

import httpx

from panodent.client import calls
from panodent.client.calls import Call, PredictionFormat, StudyConditions, Turn
from panodent.client.connection import Connection, Tries
from panodent.client.records import (
    RemoteJob,
    RemoteJobs,
    RemoteMisplacedNumbers,
    RemoteNeighbours,
    RemoteStudies,
    RemoteStudy,
    RemoteSummary,
    RemoteToothAt,
)
from panodent.client.uploads import Progress, Source, Uploads
from panodent.dentition import Numbering

T = TypeVar("T")


class AsyncClient:
    """A connection to `panodent serve` for asyncio; an asynchronous context manager.

    The parameters and methods are those of `Client`.

    All methods raise `ServiceError` with the service's explanation if it refuses a request or does
    not answer. A `source` is a path, or (file name, content).
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        token: str = "",
        *,
        token_file: str | os.PathLike[str] | None = None,
        timeout: float = 120.0,
        patience: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._connection = Connection.of(url, token, token_file, timeout, patience)
        self._http = httpx.AsyncClient(
            base_url=self._connection.url,
            headers=self._connection.headers,
            timeout=timeout,
            transport=transport,
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def send(self, call: Call[T]) -> T:
        """The result of any call of `panodent.client.calls`."""
        tries = Tries(call, self._connection.patience)
        while True:
            answer: httpx.Response | httpx.TransportError
            try:
                answer = await self._sent(call)
                if answer.is_success:
                    return call.read(answer)
            except httpx.TransportError as error:
                answer = error
            await asyncio.sleep(tries.pause(answer))

    async def _sent(self, call: Call[T]) -> httpx.Response:
        field, sources = call.uploads or ("", ())
        uploads = Uploads(field, sources, call.progress) if sources else nullcontext(None)
        with uploads as files:
            return await self._http.request(
                call.method,
                call.path,
                params=call.query,
                headers=call.headers,
                json=call.body,
                files=files,
            )

    # --- service and predictions ------------------------------------------------------------

    async def info(self) -> dict[str, Any]:
        """Version, bundle, limits and tooth names."""
        return await self.send(calls.info())

    async def predict(self, source: Source, progress: Progress | None = None) -> dict[str, Any]:
        """The teeth of a radiograph as in teeth.json; nothing is kept."""
        return await self.send(calls.predict(source, progress))

    async def predict_as(
        self, source: Source, media: PredictionFormat, progress: Progress | None = None
    ) -> bytes:
        """The label image ('image/png') or the DICOM segmentation ('application/dicom')."""
        return await self.send(calls.predict_as(source, media, progress))

    # --- studies ----------------------------------------------------------------------------

    async def add_study(self, source: Source, progress: Progress | None = None) -> RemoteStudy:
        """A new study of a radiograph."""
        return await self.send(calls.add_study(source, progress))

    async def add_example(self) -> RemoteStudy:
        """A new study of a synthetic radiograph."""
        return await self.send(calls.add_example())

    async def studies(
        self, limit: int = 50, offset: int = 0, **conditions: Unpack[StudyConditions]
    ) -> RemoteStudies:
        """A page of the studies that match all conditions, see `StudyConditions`."""
        return await self.send(calls.studies(limit, offset, **conditions))

    async def all_studies(
        self, **conditions: Unpack[StudyConditions]
    ) -> AsyncIterator[RemoteSummary]:
        """All studies that match; they are listed first, so that they may be saved or deleted."""
        found: list[RemoteSummary] = []
        while page := (await self.studies(calls.PAGE, len(found), **conditions))["studies"]:
            found += page
        for one in found:
            yield one

    async def neighbours(
        self, study: str, **conditions: Unpack[StudyConditions]
    ) -> RemoteNeighbours:
        """The studies before and after one in the list of `studies` with the same conditions."""
        return await self.send(calls.neighbours(study, **conditions))

    async def study(self, study: str) -> RemoteStudy:
        """A study with its teeth."""
        return await self.send(calls.study(study))

    async def image(self, study: str) -> bytes:
        """The radiograph as an 8-bit PNG."""
        return await self.send(calls.image(study))

    async def add_turned(self, study: str, turn: Turn) -> RemoteStudy:
        """A new study of the radiograph turned by 180 degrees or by 90, or mirrored."""
        return await self.send(calls.add_turned(study, turn))

    async def thumbnail(self, study: str) -> bytes:
        """The radiograph as a JPEG at most 240 pixels wide."""
        return await self.send(calls.thumbnail(study))

    async def original(self, study: str) -> bytes:
        """The file as it was sent."""
        return await self.send(calls.original(study))

    async def save_study(
        self,
        study: str,
        revision: int,
        teeth: Sequence[Mapping[str, Any]],
        findings: Sequence[Mapping[str, Any]] | None = None,
        by: str = "",
    ) -> RemoteStudy:
        """Replaces all teeth, and with `findings` all findings; see docs/reference/service.md.

        `by` is who saves, and is kept with what is accepted.
        """
        return await self.send(calls.save_study(study, revision, teeth, findings, by))

    async def check_numbering(
        self, teeth: Sequence[Mapping[str, Any]]
    ) -> list[RemoteMisplacedNumbers]:
        """What looks wrong in the numbers of teeth with `fdi` and `box`; nothing is kept."""
        return await self.send(calls.check_numbering(teeth))

    async def tooth_at(
        self,
        study: str,
        positive: Sequence[Sequence[float]] = (),
        negative: Sequence[Sequence[float]] = (),
        box: Sequence[float] | None = None,
    ) -> RemoteToothAt:
        """The outline of the tooth at clicks (x, y) or a box (left, top, right, bottom)."""
        return await self.send(calls.tooth_at(study, positive, negative, box))

    async def measurements(self, study: str) -> dict[str, Any]:
        """Measurements of the current teeth."""
        return await self.send(calls.measurements(study))

    async def export_study(
        self, study: str, name: str, numbering: Numbering | None = None
    ) -> bytes:
        """A file of the current teeth, such as 'overlay.png' or 'report.pdf'.

        Without `numbering`, the service's `--numbering` decides.
        """
        return await self.send(calls.export_study(study, name, numbering))

    async def delete_study(self, study: str) -> None:
        """Deletes a study and its files."""
        await self.send(calls.delete_study(study))

    async def training_data(self) -> bytes:
        """All saved studies as a ZIP archive for `panodent train`."""
        return await self.send(calls.training_data())

    # --- jobs -------------------------------------------------------------------------------

    async def add_job(
        self, sources: Sequence[Source], progress: Progress | None = None
    ) -> RemoteJob:
        """Queues many radiographs."""
        return await self.send(calls.add_job(sources, progress))

    async def jobs(self, limit: int = 50, offset: int = 0) -> RemoteJobs:
        """A page of the jobs, newest first."""
        return await self.send(calls.jobs(limit, offset))

    async def job(self, job: str) -> RemoteJob:
        """A job with its radiographs."""
        return await self.send(calls.job(job))

    async def wait_for_job(
        self, job: str, changed: Callable[[RemoteJob], object] = lambda job: None
    ) -> RemoteJob:
        """The job when it is finished, also over a restart; `changed` is called at each change."""
        seen: RemoteJob | None = None
        while True:
            found = await self.job(job)
            if found != seen:
                changed(found)
            if found["state"] in calls.FINISHED:
                return found
            seen = found
            await asyncio.sleep(calls.POLL_SECONDS)

    async def retry_job(self, job: str) -> RemoteJob:
        """Queues its failed radiographs again whose files were kept."""
        return await self.send(calls.retry_job(job))

    async def cancel_job(self, job: str) -> None:
        """Drops its queued radiographs, or removes a finished job."""
        await self.send(calls.cancel_job(job))
