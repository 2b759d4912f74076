"""What the service answers: dictionaries with known keys, as in docs/reference/http-api.md."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Polygons = list[list[list[list[float]]]]
"""Parts, each a list of rings of [x, y]: first the outline, then holes."""


class RemoteAcceptance(TypedDict):
    """Who or which browser has accepted something, and when (ISO 8601)."""

    by: str
    at: str


class RemoteTooth(TypedDict):
    """A tooth of a study, in pixels of the radiograph; `box` is [left, top, right, bottom]."""

    id: str
    fdi: int
    name: str
    score: float
    box: list[int]
    area: int
    flags: list[str]
    alternative: int
    reason: str
    erupted: bool
    remnant: bool
    impaction: dict[str, Any] | None
    polygons: Polygons
    accepted: NotRequired[RemoteAcceptance]


class RemoteFinding(TypedDict):
    """A finding of a study, in pixels of the radiograph."""

    id: str
    kind: str
    fdi: int
    score: float
    box: list[int]
    area: int
    flags: list[str]
    polygons: Polygons
    accepted: NotRequired[RemoteAcceptance]


class RemoteSummary(TypedDict):
    """A study without its teeth."""

    id: str
    name: str
    kind: Literal["image", "dicom"]
    created: str
    updated: str
    revision: int
    saved: bool
    width: int
    height: int
    quality: float
    warning: str
    notes: list[str]
    spacing_mm: list[float] | None
    count: int
    doubtful: int | None


class RemoteStudy(RemoteSummary):
    """A study with its teeth and findings, as predicted and as corrected so far."""

    predicted: list[RemoteTooth]
    teeth: list[RemoteTooth]
    predicted_findings: list[RemoteFinding] | None
    findings: list[RemoteFinding] | None
    numbering_problems: list[dict[str, Any]]


class RemoteStudies(TypedDict):
    """A page of the list: how many studies match, how many there are, and how many are reviewed."""

    total: int
    all: int
    reviewed: int
    studies: list[RemoteSummary]


class RemoteJobSummary(TypedDict):
    """A job without its radiographs."""

    id: str
    created: str
    state: Literal["queued", "running", "done", "cancelled"]
    total: int
    done: int
    failed: int


class RemoteJobItem(TypedDict):
    """A radiograph of a job; `kept` tells whether a failed file is kept for another try."""

    name: str
    state: Literal["queued", "running", "done", "failed", "dropped"]
    study: str | None
    error: str | None
    kept: bool


class RemoteJob(RemoteJobSummary):
    """Radiographs that were queued together."""

    items: list[RemoteJobItem]


class RemoteJobs(TypedDict):
    """A page of the list of jobs."""

    total: int
    jobs: list[RemoteJobSummary]
