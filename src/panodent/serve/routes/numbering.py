"""The route below /v1 that checks tooth numbers while they are edited."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from panodent.analysis.numbering_checks import KINDS
from panodent.serve.routes import schema
from panodent.serve.study import MAX_TEETH, check_number, problems_of

router = APIRouter(prefix="/v1")


class PlacedTooth(BaseModel):
    """A number and where its tooth is."""

    model_config = ConfigDict(extra="forbid")
    fdi: int = Field(ge=0, le=99, strict=True, description="FDI number; 0 without a number")
    box: Annotated[list[schema.Number], Field(min_length=4, max_length=4)] = Field(
        description="[left, top, right, bottom] in pixels; right and bottom are exclusive"
    )
    accepted: bool = Field(False, description="Whether a person has confirmed its number")


class PlacedTeeth(BaseModel):
    """All teeth of one radiograph."""

    model_config = ConfigDict(extra="forbid")
    teeth: Annotated[list[PlacedTooth], Field(max_length=MAX_TEETH)]


class MisplacedNumbers(BaseModel):
    """Numbers that contradict the places of the teeth."""

    kind: str = Field(description=f"One of {', '.join(KINDS)}")
    teeth: list[int] = Field(description="Positions in the request")
    message: str


class NumberingAnswer(BaseModel):
    """What looks wrong; empty if all is as expected."""

    problems: list[MisplacedNumbers]


@router.post(
    "/numbering",
    response_model=NumberingAnswer,
    summary="Check tooth numbers by the places of the teeth",
    responses=schema.problems(),
)
def check_numbering(placed: PlacedTeeth) -> dict[str, Any]:
    """Order along the arch, jaw, side, repeated numbers, gaps, deciduous teeth. Stores nothing."""
    for tooth in placed.teeth:
        check_number(tooth.fdi)
    found = problems_of([tooth.model_dump() for tooth in placed.teeth])
    return {
        "problems": [
            {"kind": one.kind, "teeth": list(one.teeth), "message": one.text()} for one in found
        ]
    }
