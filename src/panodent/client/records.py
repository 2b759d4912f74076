"""What the service answers: dictionaries with known keys, as in docs/reference/http-api.md."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

Polygons = list[list[list[list[float]]]]
"""Parts, each a list of rings of [x, y]: first the outline, then holes."""


class RemoteAcceptance(TypedDict):
    """Who or which browser has accepted something, and when (ISO 8601)."""

    by: str
    at: str


class RemoteImpaction(TypedDict):
    """How an impacted tooth lies.

    angle : degrees against its neighbours, positive mesially.
    depth : class of Pell and Gregory.
    below : how far its crown ends below theirs, in lengths of a tooth.
    """

    angulation: Literal["mesial", "distal", "horizontal", "vertical", "inverted"]
    angle: float
    depth: Literal["A", "B", "C"]
    below: float


class RemoteTooth(TypedDict):
    """A tooth of a study, in pixels of the radiograph; `box` is [left, top, right, bottom].

    `remnant` (only its root is left) and `impaction` (None if it is not impacted) are missing in
    studies of earlier versions.
    """

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
    remnant: NotRequired[bool]
    impaction: NotRequired[RemoteImpaction | None]
    polygons: Polygons
    accepted: NotRequired[RemoteAcceptance]
    note: NotRequired[str]


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


class RemoteNumberingProblem(TypedDict):
    """Numbers that contradict the places of the teeth; `teeth` are their ids."""

    kind: str
    teeth: list[str]
    message: str


class RemoteMisplacedNumbers(TypedDict):
    """Numbers that contradict the places of the teeth; `teeth` are their positions from 0."""

    kind: str
    teeth: list[int]
    message: str


class RemoteLikelyNumber(TypedDict):
    """A number that a tooth may have, with its probability."""

    fdi: int
    probability: float


class RemoteToothAt(TypedDict):
    """The tooth at clicks or a box; `polygons` is empty where there is none.

    score : how sure the network is that it is a tooth, 0 to 1.
    numbers : the likeliest first.
    """

    polygons: Polygons
    score: float
    numbers: list[RemoteLikelyNumber]


class RemoteSummary(TypedDict):
    """A study without its teeth.

    saved : whether a user has reviewed it.
    count : number of teeth.
    doubtful : teeth and findings that somebody should look at; None if nobody has counted.
    """

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
    numbering_problems: list[RemoteNumberingProblem]


class RemoteStudies(TypedDict):
    """A page of the list of studies.

    total : studies that match.
    all, reviewed : studies of the service, and how many of them a user has reviewed.
    """

    total: int
    all: int
    reviewed: int
    studies: list[RemoteSummary]


class RemoteNeighbours(TypedDict):
    """Ids of the studies beside one in the list, None at its ends.

    next_unreviewed : the next one that no user has reviewed, from the start again after the end.
    all, reviewed : studies of the service, and how many of them a user has reviewed.
    """

    previous: str | None
    next: str | None
    next_unreviewed: str | None
    all: int
    reviewed: int


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
