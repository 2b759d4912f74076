"""The operations of the service, each once: how it is asked and how its answer is read.

`panodent.client.client` and `panodent.client.async_client` send them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import httpx

from panodent.client.records import (
    RemoteJob,
    RemoteJobs,
    RemoteStudies,
    RemoteStudy,
)
from panodent.client.uploads import Progress, Source

T = TypeVar("T")
Numbering = Literal["fdi", "universal", "palmer"]
Show = Literal["all", "unreviewed", "reviewed", "doubtful", "warning"]
SortKey = Literal["created", "updated", "name", "doubtful", "warning", "reviewed"]
PredictionFormat = Literal["application/json", "image/png", "application/dicom"]


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and `read`, which makes the result from its response.

    uploads : (field of the form, files), if files are sent.
    repeatable : whether it may be sent again if the connection ended before the answer came.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    query: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    uploads: tuple[str, Sequence[Source]] | None = None
    progress: Progress | None = None
    repeatable: bool = True


def _json(response: httpx.Response) -> Any:
    return response.json()


def _bytes(response: httpx.Response) -> bytes:
    return response.content


def _nothing(response: httpx.Response) -> None:
    return None


def info() -> Call[dict[str, Any]]:
    return Call("GET", "v1/info", _json)


def predict(source: Source, progress: Progress | None) -> Call[dict[str, Any]]:
    return Call("POST", "v1/predict", _json, uploads=("file", [source]), progress=progress)


def predict_as(source: Source, media: PredictionFormat, progress: Progress | None) -> Call[bytes]:
    accept, sent = {"Accept": media}, ("file", [source])
    return Call("POST", "v1/predict", _bytes, headers=accept, uploads=sent, progress=progress)


def add_study(source: Source, progress: Progress | None) -> Call[RemoteStudy]:
    sent = ("file", [source])
    return Call("POST", "v1/studies", _json, uploads=sent, progress=progress, repeatable=False)


def add_example() -> Call[RemoteStudy]:
    return Call("POST", "v1/example", _json, repeatable=False)


@dataclass(frozen=True)
class Chosen:
    """Which studies are listed and in which order; see GET /v1/studies.

    search : a part of the file name.
    created_from, created_before : times; without a time zone they are in UTC.
    """

    search: str = ""
    show: Show = "all"
    sort: SortKey = "created"
    order: Literal["asc", "desc"] = "desc"
    created_from: datetime | None = None
    created_before: datetime | None = None

    def query(self) -> dict[str, str | int]:
        """For the address of the request, without what is as it is anyway."""
        usual = Chosen()
        found: dict[str, str | int] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value != getattr(usual, one.name):
                found[one.name] = value.isoformat() if isinstance(value, datetime) else value
        return found


def studies(limit: int, offset: int, chosen: Chosen) -> Call[RemoteStudies]:
    return Call("GET", "v1/studies", _json, {"limit": limit, "offset": offset, **chosen.query()})


def study(name: str) -> Call[RemoteStudy]:
    return Call("GET", f"v1/studies/{name}", _json)


def image(name: str) -> Call[bytes]:
    return Call("GET", f"v1/studies/{name}/image", _bytes)


def thumbnail(name: str) -> Call[bytes]:
    return Call("GET", f"v1/studies/{name}/thumbnail", _bytes)


def original(name: str) -> Call[bytes]:
    return Call("GET", f"v1/studies/{name}/original", _bytes)


def save_study(
    name: str,
    revision: int,
    teeth: Sequence[Mapping[str, Any]],
    findings: Sequence[Mapping[str, Any]] | None,
) -> Call[RemoteStudy]:
    body: dict[str, Any] = {"revision": revision, "teeth": list(teeth)}
    if findings is not None:
        body["findings"] = list(findings)
    # Sent twice, the second one would be answered with a conflict.
    return Call("PUT", f"v1/studies/{name}/teeth", _json, body=body, repeatable=False)


def measurements(name: str) -> Call[dict[str, Any]]:
    return Call("GET", f"v1/studies/{name}/measurements", _json)


def export_study(name: str, file: str, numbering: Numbering) -> Call[bytes]:
    return Call("GET", f"v1/studies/{name}/export/{file}", _bytes, {"numbering": numbering})


def delete_study(name: str) -> Call[None]:
    return Call("DELETE", f"v1/studies/{name}", _nothing, repeatable=False)


def training_data() -> Call[bytes]:
    return Call("GET", "v1/training.zip", _bytes)


def add_job(sources: Sequence[Source], progress: Progress | None) -> Call[RemoteJob]:
    return Call(
        "POST", "v1/jobs", _json, uploads=("files", sources), progress=progress, repeatable=False
    )


def jobs(limit: int, offset: int) -> Call[RemoteJobs]:
    return Call("GET", "v1/jobs", _json, {"limit": limit, "offset": offset})


def job(name: str) -> Call[RemoteJob]:
    return Call("GET", f"v1/jobs/{name}", _json)


def retry_job(name: str) -> Call[RemoteJob]:
    return Call("POST", f"v1/jobs/{name}/retry", _json)


def cancel_job(name: str) -> Call[None]:
    return Call("DELETE", f"v1/jobs/{name}", _nothing, repeatable=False)
