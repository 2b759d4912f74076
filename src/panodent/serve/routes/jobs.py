"""The routes of /v1/jobs: many radiographs, queued."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from panodent.errors import UnknownJobError
from panodent.serve.problems import problem
from panodent.serve.routes import schema
from panodent.serve.routes.multipart import receive
from panodent.serve.routes.studies import work_of

router = APIRouter(prefix="/v1")

JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="a job's id")]
MOST_FILES = 1000
MOST_FOLLOWERS = 64


@router.post(
    "/jobs",
    status_code=202,
    response_model=schema.Job,
    summary="Queue many radiographs",
    openapi_extra=schema.upload("files", True, "radiographs, each a part named 'files'"),
    responses=schema.problems(415, 507),
)
async def add_job(request: Request) -> Response:
    """Each becomes a study; a restart of the service goes on where it stopped."""
    work, limit = work_of(request), request.app.state.settings.bounds.upload
    uploads = await receive(request, "files", MOST_FILES, limit, work.store.files, True)
    job = await work.add_job(uploads)
    return JSONResponse(job, 202, {"Location": f"/v1/jobs/{job['id']}"})


@router.get(
    "/jobs/{job}", response_model=schema.Job, summary="A job", responses=schema.problems(404)
)
async def get_job(request: Request, job: JobId) -> Response:
    """How far it is, and what became of each radiograph."""
    work = work_of(request)
    return JSONResponse(await work.keep(work.store.jobs.get, job))


@router.get(
    "/jobs/{job}/events",
    summary="A job's progress as server-sent events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}, **schema.problems(404)},
)
async def follow_job(request: Request, job: JobId) -> Response:
    """`progress` events with the job's counts, then `done`."""
    work = work_of(request)
    await work.keep(work.store.jobs.get, job)

    if work.followers >= MOST_FOLLOWERS:
        return problem(503, f"{work.followers} clients follow jobs already; ask for it instead")

    async def events() -> AsyncIterator[str]:
        work.followers += 1
        try:
            async for state in work.follow(job):
                light = {key: value for key, value in state.items() if key != "items"}
                name = "done" if state["state"] in ("done", "cancelled") else "progress"
                yield f"event: {name}\ndata: {json.dumps(light)}\n\n"
        except UnknownJobError:
            return  # forgotten in the meantime
        finally:
            work.followers -= 1

    return StreamingResponse(events(), media_type="text/event-stream")


@router.delete(
    "/jobs/{job}",
    status_code=204,
    response_class=Response,
    summary="Drop what is queued of a job, or forget one that is over",
    responses=schema.problems(404),
)
async def cancel_job(request: Request, job: JobId) -> Response:
    """Studies that it has become stay."""
    await work_of(request).cancel(job)
    return Response(status_code=204)
