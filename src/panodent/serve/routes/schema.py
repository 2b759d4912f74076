"""What the API takes and gives, as OpenAPI describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from panodent.serve.study import MOST_TEETH

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Point = Annotated[list[Number], Field(min_length=2, max_length=2)]
Ring = Annotated[list[Point], Field(min_length=3, max_length=50_000)]
Part = Annotated[list[Ring], Field(min_length=1, max_length=1000)]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Tooth(BaseModel):
    """A tooth of a radiograph, in its pixels."""

    id: str = Field(examples=["t7"])
    fdi: int = Field(description="FDI number; 0 where it could not be numbered", examples=[36])
    name: str = Field(examples=["lower left first molar"])
    score: float = Field(ge=0, le=1, description="calibrated probability; 1 after an edit")
    box: list[int] = Field(description="[left, top, right, bottom], half open")
    area: int = Field(description="pixels")
    flags: list[Literal["doubtful", "unnumbered", "edited", "box"]]
    polygons: list[list[list[list[float]]]] = Field(
        description="parts of rings of [x, y]; the first ring of a part its outline, others holes"
    )


class FoundTooth(BaseModel):
    """A tooth as teeth.json has it."""

    fdi: int
    name: str
    score: float = Field(ge=0, le=1)
    box: list[int]
    area: int
    flags: list[Literal["doubtful", "unnumbered", "edited", "box"]]
    polygons: list[list[list[list[float]]]]
    rle: str = Field(description="COCO's compressed run-length text of the mask")


class Record(BaseModel):
    """What teeth.json holds, see docs/reference/outputs.md."""

    width: int
    height: int
    numbering: Literal["FDI"]
    notice: str
    quality: float
    warning: str
    spacing_mm: list[float] | None
    notes: list[str]
    bundle: str
    teeth: list[FoundTooth]


class Summary(BaseModel):
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


class Study(Summary):
    """A radiograph, its teeth as predicted and as they stand."""

    predicted: list[Tooth]
    teeth: list[Tooth]


class Studies(BaseModel):
    """A page of studies, newest first."""

    total: int
    studies: list[Summary]


class EditedTooth(BaseModel):
    """A tooth of an edit: one known by `id`, or one drawn; with both, a known one redrawn."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(max_length=40)] | None = None
    fdi: int = Field(ge=0, le=99, strict=True)
    polygons: Annotated[list[Part], Field(max_length=1000)] | None = None


class Edit(BaseModel):
    """The whole new state of a study's teeth; what is not listed is deleted."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"revision": 0, "teeth": [{"id": "t1", "fdi": 18}, {"id": "t2", "fdi": 17}]}
            ]
        },
    )
    revision: int = Field(ge=0, le=2**31 - 2, strict=True)
    teeth: Annotated[list[EditedTooth], Field(max_length=MOST_TEETH)]


class JobItem(BaseModel):
    """One radiograph of a job."""

    name: str
    state: Literal["queued", "running", "done", "failed", "dropped"]
    study: str | None
    error: str | None


class Job(BaseModel):
    """Radiographs queued together."""

    id: str
    created: str
    state: Literal["queued", "running", "done", "cancelled"]
    total: int
    done: int
    failed: int
    items: list[JobItem]


class Problem(BaseModel):
    """RFC 9457 problem details; `detail` is a sentence for a person."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Message(BaseModel):
    """How the service is."""

    status: str
    detail: str = ""


def upload(field: str, several: bool, what: str) -> dict[str, Any]:
    """OpenAPI of a multipart body with one file, or with several."""
    file = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
    shape: dict[str, Any] = {"type": "array", "items": file, "minItems": 1} if several else file
    return {
        "requestBody": {
            "required": True,
            "description": what,
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
    """OpenAPI of the errors of a route; those of the guard are told of every route."""
    every = (400, 401, 403, 408, 413, 421, 422, 500, 503)
    return {
        code: {
            "description": "a problem, see `detail`",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
        for code in sorted({*every, *codes})
    }
