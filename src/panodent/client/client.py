"""The client for programs without asyncio."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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


class Client:
    """A connection to `panodent serve`; a context manager.

    Parameters
    ----------
    url : the address that `panodent serve` prints, with or without its #token=TOKEN.
    token, token_file : the token, or a file that holds it, such as STORE/token.
    timeout : seconds that a request may wait for a part of its answer.
    patience : seconds within which requests are sent again while the service is busy (503) or away.
    transport : of httpx, for tests and special networks.

    All methods raise `ServiceError` with the service's explanation if it refuses a request or does
    not answer. A `source` is a path, or (file name, content).

    >>> def service(request):  # stands for a running `panodent serve`
    ...     return httpx.Response(200, json={"path": request.url.path})
    >>> with Client(token="a secret", transport=httpx.MockTransport(service)) as client:
    ...     client.info()
    {'path': '/v1/info'}
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        token: str = "",
        *,
        token_file: str | os.PathLike[str] | None = None,
        timeout: float = 120.0,
        patience: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._connection = Connection.of(url, token, token_file, timeout, patience)
        self._http = httpx.Client(
            base_url=self._connection.url,
            headers=self._connection.headers,
            timeout=timeout,
            transport=transport,
        )

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, call: Call[T]) -> T:
        """The result of any call of `panodent.client.calls`."""
        tries = Tries(call, self._connection.patience)
        while True:
            answer: httpx.Response | httpx.TransportError
            try:
                answer = self._sent(call)
                if answer.is_success:
                    return call.read(answer)
            except httpx.TransportError as error:
                answer = error
            time.sleep(tries.pause(answer))

    def _sent(self, call: Call[T]) -> httpx.Response:
        field, sources = call.uploads or ("", ())
        uploads = Uploads(field, sources, call.progress) if sources else nullcontext(None)
        with uploads as files:
            return self._http.request(
                call.method,
                call.path,
                params=call.query,
                headers=call.headers,
                json=call.body,
                files=files,
            )

    # --- service and predictions ------------------------------------------------------------

    def info(self) -> dict[str, Any]:
        """Version, bundle, limits and tooth names."""
        return self.send(calls.info())

    def predict(self, source: Source, progress: Progress | None = None) -> dict[str, Any]:
        """The teeth of a radiograph as in teeth.json; nothing is kept."""
        return self.send(calls.predict(source, progress))

    def predict_as(
        self, source: Source, media: PredictionFormat, progress: Progress | None = None
    ) -> bytes:
        """The label image ('image/png') or the DICOM segmentation ('application/dicom')."""
        return self.send(calls.predict_as(source, media, progress))

    # --- studies ----------------------------------------------------------------------------

    def add_study(self, source: Source, progress: Progress | None = None) -> RemoteStudy:
        """A new study of a radiograph."""
        return self.send(calls.add_study(source, progress))

    def add_example(self) -> RemoteStudy:
        """A new study of a synthetic radiograph."""
        return self.send(calls.add_example())

    def studies(
        self, limit: int = 50, offset: int = 0, **conditions: Unpack[StudyConditions]
    ) -> RemoteStudies:
        """A page of the studies that match all conditions, see `StudyConditions`."""
        return self.send(calls.studies(limit, offset, **conditions))

    def all_studies(self, **conditions: Unpack[StudyConditions]) -> Iterator[RemoteSummary]:
        """All studies that match; they are listed first, so that they may be saved or deleted."""
        found: list[RemoteSummary] = []
        while page := self.studies(calls.PAGE, len(found), **conditions)["studies"]:
            found += page
        yield from found

    def neighbours(self, study: str, **conditions: Unpack[StudyConditions]) -> RemoteNeighbours:
        """The studies before and after one in the list of `studies` with the same conditions."""
        return self.send(calls.neighbours(study, **conditions))

    def study(self, study: str) -> RemoteStudy:
        """A study with its teeth."""
        return self.send(calls.study(study))

    def image(self, study: str) -> bytes:
        """The radiograph as an 8-bit PNG."""
        return self.send(calls.image(study))

    def add_turned(self, study: str, turn: Turn) -> RemoteStudy:
        """A new study of the radiograph turned by 180 degrees or by 90, or mirrored."""
        return self.send(calls.add_turned(study, turn))

    def thumbnail(self, study: str) -> bytes:
        """The radiograph as a JPEG at most 240 pixels wide."""
        return self.send(calls.thumbnail(study))

    def original(self, study: str) -> bytes:
        """The file as it was sent."""
        return self.send(calls.original(study))

    def save_study(
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
        return self.send(calls.save_study(study, revision, teeth, findings, by))

    def check_numbering(self, teeth: Sequence[Mapping[str, Any]]) -> list[RemoteMisplacedNumbers]:
        """What looks wrong in the numbers of teeth with `fdi` and `box`; nothing is kept."""
        return self.send(calls.check_numbering(teeth))

    def tooth_at(
        self,
        study: str,
        positive: Sequence[Sequence[float]] = (),
        negative: Sequence[Sequence[float]] = (),
        box: Sequence[float] | None = None,
    ) -> RemoteToothAt:
        """The outline of the tooth at clicks (x, y) or a box (left, top, right, bottom)."""
        return self.send(calls.tooth_at(study, positive, negative, box))

    def measurements(self, study: str) -> dict[str, Any]:
        """Measurements of the current teeth."""
        return self.send(calls.measurements(study))

    def export_study(self, study: str, name: str, numbering: Numbering | None = None) -> bytes:
        """A file of the current teeth, such as 'overlay.png' or 'report.pdf'.

        Without `numbering`, the service's `--numbering` decides.
        """
        return self.send(calls.export_study(study, name, numbering))

    def delete_study(self, study: str) -> None:
        """Deletes a study and its files."""
        self.send(calls.delete_study(study))

    def training_data(self) -> bytes:
        """All saved studies as a ZIP archive for `panodent train`."""
        return self.send(calls.training_data())

    # --- jobs -------------------------------------------------------------------------------

    def add_job(self, sources: Sequence[Source], progress: Progress | None = None) -> RemoteJob:
        """Queues many radiographs."""
        return self.send(calls.add_job(sources, progress))

    def jobs(self, limit: int = 50, offset: int = 0) -> RemoteJobs:
        """A page of the jobs, newest first."""
        return self.send(calls.jobs(limit, offset))

    def job(self, job: str) -> RemoteJob:
        """A job with its radiographs."""
        return self.send(calls.job(job))

    def wait_for_job(
        self, job: str, changed: Callable[[RemoteJob], object] = lambda job: None
    ) -> RemoteJob:
        """The job when it is finished, also over a restart; `changed` is called at each change."""
        seen: RemoteJob | None = None
        while True:
            found = self.job(job)
            if found != seen:
                changed(found)
            if found["state"] in calls.FINISHED:
                return found
            seen = found
            time.sleep(calls.POLL_SECONDS)

    def retry_job(self, job: str) -> RemoteJob:
        """Queues its failed radiographs again whose files were kept."""
        return self.send(calls.retry_job(job))

    def cancel_job(self, job: str) -> None:
        """Drops its queued radiographs, or removes a finished job."""
        self.send(calls.cancel_job(job))
