"""The operations of the service, each once: how it is asked and how its answer is read.

`panodent.client.client` and `panodent.client.async_client` send them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, TypedDict, TypeVar, Unpack

import httpx

from panodent.client.records import (
    RemoteJob,
    RemoteJobs,
    RemoteMisplacedNumbers,
    RemoteNeighbours,
    RemoteStudies,
    RemoteStudy,
    RemoteToothAt,
)
from panodent.client.uploads import Progress, Source
from panodent.dentition import Numbering

T = TypeVar("T")
POLL_SECONDS = 1.0
"""Seconds after which a job that is waited for is asked for again."""
PAGE = 100
"""Studies that `all_studies` asks for at a time."""
FINISHED = ("done", "cancelled")
"""States of a job that no longer changes."""
PredictionFormat = Literal["application/json", "image/png", "application/dicom"]
Shown = Literal["all", "unreviewed", "reviewed", "doubtful", "warning"]
Sort = Literal["created", "updated", "name", "doubtful", "warning", "reviewed"]
Order = Literal["desc", "asc"]
Turn = Literal["half", "left", "right", "mirror"]


class StudyConditions(TypedDict, total=False):
    """Which studies a list has, all by default, and in which order, by default the newest first.

    search : a part of the file name; upper and lower case are the same.
    show : 'unreviewed' or 'reviewed' (saved by a user), 'doubtful' (with something that somebody
        should look at), 'warning', or 'all'.
    created_from, created_before : times; those without a time zone are in UTC.
    sort : what the studies are sorted by; of equal ones the newest comes first.
    order : 'desc' for the latest, the last name, the most doubtful first, or 'asc'.
    """

    search: str
    show: Shown
    created_from: datetime | None
    created_before: datetime | None
    sort: Sort
    order: Order


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


def _problems(response: httpx.Response) -> list[RemoteMisplacedNumbers]:
    found: list[RemoteMisplacedNumbers] = response.json()["problems"]
    return found


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


def studies(limit: int, offset: int, **conditions: Unpack[StudyConditions]) -> Call[RemoteStudies]:
    query = {"limit": limit, "offset": offset, **study_conditions(**conditions)}
    return Call("GET", "v1/studies", _json, query)


def study_conditions(
    search: str = "",
    show: Shown = "all",
    created_from: datetime | None = None,
    created_before: datetime | None = None,
    sort: Sort = "created",
    order: Order = "desc",
) -> dict[str, str | int]:
    """`StudyConditions` as a query; raises `TypeError` for an unknown one.

    >>> study_conditions(search="scan", show="unreviewed")
    {'search': 'scan', 'show': 'unreviewed', 'sort': 'created', 'order': 'desc'}
    """
    moments = {"created_from": created_from, "created_before": created_before}
    times = {key: moment.isoformat() for key, moment in moments.items() if moment is not None}
    return {"search": search, "show": show, "sort": sort, "order": order, **times}


def neighbours(name: str, **conditions: Unpack[StudyConditions]) -> Call[RemoteNeighbours]:
    return Call("GET", f"v1/studies/{name}/beside", _json, study_conditions(**conditions))


def study(name: str) -> Call[RemoteStudy]:
    return Call("GET", f"v1/studies/{name}", _json)


def image(name: str) -> Call[bytes]:
    return Call("GET", f"v1/studies/{name}/image", _bytes)


def add_turned(name: str, turn: Turn) -> Call[RemoteStudy]:
    # Sent twice, two studies would be created.
    return Call("POST", f"v1/studies/{name}/turned", _json, {"turn": turn}, repeatable=False)


def thumbnail(name: str) -> Call[bytes]:
    return Call("GET", f"v1/studies/{name}/thumbnail", _bytes)


def original(name: str) -> Call[bytes]:
    return Call("GET", f"v1/studies/{name}/original", _bytes)


def save_study(
    name: str,
    revision: int,
    teeth: Sequence[Mapping[str, Any]],
    findings: Sequence[Mapping[str, Any]] | None,
    by: str,
) -> Call[RemoteStudy]:
    body: dict[str, Any] = {"revision": revision, "by": by, "teeth": list(teeth)}
    if findings is not None:
        body["findings"] = list(findings)
    # Sent twice, the second one would be answered with a conflict.
    return Call("PUT", f"v1/studies/{name}/teeth", _json, body=body, repeatable=False)


def check_numbering(teeth: Sequence[Mapping[str, Any]]) -> Call[list[RemoteMisplacedNumbers]]:
    placed = [
        {"fdi": tooth["fdi"], "box": tooth["box"], "accepted": bool(tooth.get("accepted"))}
        for tooth in teeth
    ]
    return Call("POST", "v1/numbering", _problems, body={"teeth": placed})


def tooth_at(
    name: str,
    positive: Sequence[Sequence[float]],
    negative: Sequence[Sequence[float]],
    box: Sequence[float] | None,
) -> Call[RemoteToothAt]:
    points = {"positive": [*map(list, positive)], "negative": [*map(list, negative)]}
    body = {**points, "box": None if box is None else list(box)}
    return Call("POST", f"v1/studies/{name}/tooth-at", _json, body=body)


def measurements(name: str) -> Call[dict[str, Any]]:
    return Call("GET", f"v1/studies/{name}/measurements", _json)


def export_study(name: str, file: str, numbering: Numbering | None) -> Call[bytes]:
    query = {} if numbering is None else {"numbering": numbering}
    return Call("GET", f"v1/studies/{name}/export/{file}", _bytes, query)


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
