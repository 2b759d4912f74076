"""Pydantic models of the API's requests and responses, and helpers for its OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from panodent.serve.acceptance import MAX_NOTE_LENGTH, MAX_REVIEWER_LENGTH
from panodent.serve.finding_edits import MAX_FINDINGS
from panodent.serve.study import MAX_TEETH

Kind = Literal["filling", "crown", "pontic", "root_filling", "post", "implant", "appliance"]
Flag = Literal["doubtful", "unnumbered", "edited", "box", "accepted"]
FindingFlag = Literal["doubtful", "edited", "box", "accepted"]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Point = Annotated[list[Number], Field(min_length=2, max_length=2)]
Ring = Annotated[list[Point], Field(min_length=3, max_length=50_000)]
Part = Annotated[list[Ring], Field(min_length=1, max_length=1000)]
Limit = Annotated[int, Query(ge=1, le=500)]
"""Entries in a page of a list; 50 where nothing is said."""
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
"""Entries before a page of a list; 0 where nothing is said."""


class Accepted(BaseModel):
    """Who confirmed a tooth or a finding as it is, and when."""

    by: str = Field(description="Name that the client gave; empty if it gave none")
    at: str = Field(description="Time, ISO 8601 in UTC")


class ToothImpaction(BaseModel):
    """How an impacted tooth lies."""

    angulation: Literal["mesial", "distal", "horizontal", "vertical", "inverted"]
    angle: float = Field(description="Degrees against its neighbours, positive mesially")
    depth: Literal["A", "B", "C"] = Field(description="Class of Pell and Gregory")
    below: float = Field(description="How far its crown ends below theirs, in lengths of a tooth")


class StudyTooth(BaseModel):
    """A tooth of a study, in pixels of the radiograph."""

    id: str = Field(examples=["t7"])
    fdi: int = Field(description="FDI number; 0 for a tooth without a number", examples=[36])
    name: str = Field(examples=["lower left first molar"])
    score: float = Field(ge=0, le=1, description="Calibrated probability; 1 after an edit")
    box: list[int] = Field(description="[left, top, right, bottom]; right and bottom are exclusive")
    area: int = Field(description="Number of pixels")
    flags: list[Flag]
    alternative: int = Field(0, description="Number in the next best numbering; 0 if none")
    reason: str = Field("", description="Why a doubtful tooth should be checked")
    accepted: Accepted | None = Field(None, description="Only of teeth that were accepted")
    note: str = Field("", description="What a user wrote about the tooth; left out if nothing")
    erupted: bool = Field(description="False for germs and impacted teeth")
    remnant: bool = Field(False, description="Whether only its root is left")
    impaction: ToothImpaction | None = None
    polygons: list[list[list[list[float]]]] = Field(
        description="Parts, each a list of rings of [x, y]: first the outline, then holes"
    )


class FoundTooth(BaseModel):
    """A tooth as in teeth.json."""

    fdi: int
    name: str
    score: float = Field(ge=0, le=1)
    box: list[int]
    area: int
    flags: list[Flag]
    alternative: int
    erupted: bool
    remnant: bool = Field(description="Whether only its root is left")
    impaction: ToothImpaction | None
    reason: str
    polygons: list[list[list[list[float]]]]
    rle: str = Field(description="The mask in COCO's compressed run-length encoding")


class _Finding(BaseModel):
    """What was done to a tooth, or stands where one stood."""

    kind: Kind
    fdi: int = Field(description="The tooth that carries it or stood there; 0 for none")
    score: float = Field(ge=0, le=1)
    box: list[int] = Field(description="[left, top, right, bottom]; right and bottom are exclusive")
    area: int = Field(description="Number of pixels")
    flags: list[FindingFlag]
    polygons: list[list[list[list[float]]]]


class StudyFinding(_Finding):
    """A finding of a study, in pixels of the radiograph."""

    id: str = Field(examples=["f3"])
    accepted: Accepted | None = Field(None, description="Only of findings that were accepted")


class FoundFinding(_Finding):
    """A finding as in teeth.json."""

    rle: str = Field(description="The mask in COCO's compressed run-length encoding")


class Record(BaseModel):
    """What teeth.json holds, see docs/reference/outputs.md."""

    width: int
    height: int
    numbering: Literal["FDI"]
    notice: str
    quality: float
    warning: str
    dentition: Literal["permanent", "mixed", "primary"] | None
    dentition_certainty: float = Field(ge=0, le=1)
    attributes_version: int
    spacing_mm: list[float] | None
    notes: list[str]
    bundle: str
    teeth: list[FoundTooth]
    findings_version: int = Field(1, description="Only with findings")
    findings: list[FoundFinding] = Field(
        [], description="Left out if the bundle does not look for findings"
    )


class StudySummary(BaseModel):
    """A study without its teeth."""

    id: str
    name: str = Field(examples=["scan-7.png"])
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
    doubtful: int | None = Field(
        description="Teeth and findings to look at: doubtful, or without a number"
    )


class StudyNumberingProblem(BaseModel):
    """Numbers that contradict the places of the teeth."""

    kind: str
    teeth: list[str] = Field(description="Ids of the teeth concerned")
    message: str


class StudyDetail(StudySummary):
    """A study with its teeth and findings as predicted and as corrected so far."""

    predicted: list[StudyTooth]
    teeth: list[StudyTooth]
    predicted_findings: list[StudyFinding] | None = Field(
        None, description="Null if the bundle did not look for findings"
    )
    findings: list[StudyFinding] | None = Field(
        None, description="As corrected so far; null if nobody has looked for findings"
    )
    numbering_problems: list[StudyNumberingProblem] = Field(
        [], description="What looks wrong in the current numbers, as of POST /v1/numbering"
    )


class StudyList(BaseModel):
    """A page of the list of studies."""

    total: int = Field(description="Studies that match")
    all: int = Field(description="Studies of the service")
    reviewed: int = Field(description="Of these, how many a user has saved")
    studies: list[StudySummary]


class StudiesBeside(BaseModel):
    """Ids of the studies beside one in the list; null at its ends."""

    previous: str | None
    next: str | None
    next_unreviewed: str | None = Field(description="The next one that no user has saved")
    all: int
    reviewed: int


_ACCEPTED = (
    "Whether it is right as it is: a doubtful one is doubtful no more. Without it, what was "
    "accepted before stays so unless it is changed"
)


class EditedTooth(BaseModel):
    """A tooth of an edit: known by `id`, drawn by `polygons`, or both for a redrawn tooth."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(max_length=40)] | None = None
    fdi: int = Field(ge=0, le=99, strict=True)
    polygons: Annotated[list[Part], Field(max_length=1000)] | None = None
    accepted: bool | None = Field(None, description=_ACCEPTED)
    note: Annotated[str, Field(max_length=MAX_NOTE_LENGTH)] | None = Field(
        None, description="What the user writes about the tooth; without it the note stays"
    )


class EditedFinding(BaseModel):
    """A finding of an edit: known by `id`, drawn by `polygons`, or both for a redrawn one."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(max_length=40)] | None = None
    kind: Kind
    fdi: int = Field(
        ge=0, le=99, strict=True, description="The tooth that carries it or stood there; 0 for none"
    )
    polygons: Annotated[list[Part], Field(max_length=1000)] | None = None
    accepted: bool | None = Field(None, description=_ACCEPTED)


class Edit(BaseModel):
    """All teeth and findings of a study after the edit; those that are not listed are deleted.

    Without `findings` they stay as they are, and follow their teeth.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"revision": 0, "teeth": [{"id": "t1", "fdi": 18}, {"id": "t2", "fdi": 17}]}
            ]
        },
    )
    revision: int = Field(ge=0, le=2**31 - 2, strict=True)
    by: Annotated[str, Field(max_length=MAX_REVIEWER_LENGTH)] = Field(
        "", description="Who saves; recorded for what is accepted"
    )
    teeth: Annotated[list[EditedTooth], Field(max_length=MAX_TEETH)]
    findings: Annotated[list[EditedFinding], Field(max_length=MAX_FINDINGS)] | None = None


class JobItem(BaseModel):
    """One radiograph of a job."""

    name: str
    state: Literal["queued", "running", "done", "failed", "dropped"]
    study: str | None
    error: str | None
    kept: bool = Field(False, description="Whether a failed file is kept for another try")


class JobSummary(BaseModel):
    """A job without its radiographs."""

    id: str
    created: str
    state: Literal["queued", "running", "done", "cancelled"]
    total: int
    done: int
    failed: int


class Job(JobSummary):
    """Radiographs that were queued together."""

    items: list[JobItem]


class JobList(BaseModel):
    """A page of the list of jobs, newest first."""

    total: int
    jobs: list[JobSummary]


class Problem(BaseModel):
    """Problem details (RFC 9457); `detail` is a sentence for the user."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Message(BaseModel):
    """The state of the service."""

    status: str
    detail: str = ""


def upload(field: str, several: bool, description: str) -> dict[str, Any]:
    """OpenAPI of a multipart body with one file, or several, in the parts called `field`."""
    file = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
    shape: dict[str, Any] = {"type": "array", "items": file, "minItems": 1} if several else file
    return {
        "requestBody": {
            "required": True,
            "description": description,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": [field],
                        "properties": {field: shape},
                    }
                }
            },
        }
    }


def problems(*codes: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI of a route's error responses: `codes`, and those that every route can have."""
    every = (400, 401, 403, 408, 413, 421, 422, 500, 503)
    return {
        code: {
            "description": "Problem details; see `detail`",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
        for code in sorted({*every, *codes})
    }
