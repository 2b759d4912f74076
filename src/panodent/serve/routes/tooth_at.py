"""The route below /v1 that finds the tooth at clicks or a box, while a study is corrected."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from panodent.serve.routes import schema
from panodent.serve.routes.disconnects import cancelled_on_disconnect
from panodent.serve.routes.studies import StudyId, service_of

router = APIRouter(prefix="/v1")

MAX_CLICKS = 50

Clicked = Annotated[list[schema.Point], Field(max_length=MAX_CLICKS)]


class Prompt(BaseModel):
    """Clicks or a box on one tooth, in pixels of the radiograph; at least one click or a box."""

    model_config = ConfigDict(extra="forbid")
    positive: Clicked = Field([], description="Points [x, y] on the tooth")
    negative: Clicked = Field([], description="Points [x, y] that do not belong to it")
    box: Annotated[list[schema.Number], Field(min_length=4, max_length=4)] | None = Field(
        None, description="[left, top, right, bottom] around the tooth"
    )

    @model_validator(mode="after")
    def _points_at_something(self) -> Prompt:
        if not self.positive and self.box is None:
            raise ValueError("nothing is pointed at; send a positive click or a box")
        if self.box is not None and not (self.box[0] < self.box[2] and self.box[1] < self.box[3]):
            raise ValueError("the box is empty; expected [left, top, right, bottom]")
        return self


class LikelyNumber(BaseModel):
    """A number that the tooth may have."""

    fdi: int
    probability: float = Field(ge=0, le=1)


class ToothAt(BaseModel):
    """The tooth at a prompt; without polygons where there is none."""

    polygons: list[list[list[list[float]]]] = Field(
        description="Parts, each a list of rings of [x, y]: first the outline, then holes"
    )
    score: float = Field(ge=0, le=1, description="How sure the network is that it is a tooth")
    numbers: list[LikelyNumber] = Field(description="The likeliest first, also numbers in use")


@router.post(
    "/studies/{study}/tooth-at",
    response_model=ToothAt,
    summary="Find the outline of the tooth at clicks or a box",
    responses=schema.problems(404),
)
async def find_tooth_at(request: Request, study: StudyId, prompt: Prompt) -> dict[str, Any]:
    """Changes nothing in the study. What the network saw is kept in memory for further clicks."""
    found = await cancelled_on_disconnect(
        request, service_of(request).tooth_at(study, prompt.model_dump())
    )
    if found is None:
        return {"polygons": [], "score": 0.0, "numbers": []}
    return {key: found[key] for key in ("polygons", "score", "numbers")}
