"""Routes below /v1/jobs: many radiographs, queued and predicted in the background."""

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
from panodent.serve.routes.studies import service_of

router = APIRouter(prefix="/v1")

JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="ID of a job")]
MAX_FILES = 1000
MAX_FOLLOWERS = 64


@router.post(
    "/jobs",
    status_code=202,
    response_model=schema.Job,
    summary="Queue many radiographs",
    openapi_extra=schema.upload("files", True, "Radiographs, one part named 'files' for each"),
    responses=schema.problems(415, 507),
)
async def add_job(request: Request) -> Response:
    """Each radiograph becomes a study. After a restart the service continues with the queue."""
    service, limit = service_of(request), request.app.state.settings.limits.upload
    uploads = await receive(request, "files", MAX_FILES, limit, service.store, True)
    job = await service.add_job(uploads)
    return JSONResponse(
        job, 202, {"Location": f"{request.app.state.settings.root_path}/v1/jobs/{job['id']}"}
    )


@router.get(
    "/jobs",
    response_model=schema.JobList,
    summary="List jobs, newest first",
    responses=schema.problems(),
)
async def list_jobs(
    request: Request,
    limit: schema.Limit = 50,
    offset: schema.Offset = 0,
) -> Response:
    """Jobs without their radiographs."""
    service = service_of(request)
    total, found = await service.call_store(service.store.jobs.page, limit, offset)
    return JSONResponse({"total": total, "jobs": found})


@router.get(
    "/jobs/{job}",
    response_model=schema.Job,
    summary="State of a job",
    responses=schema.problems(404),
)
async def get_job(request: Request, job: JobId) -> Response:
    """Counts, and for each radiograph its state with the study or the error."""
    service = service_of(request)
    return JSONResponse(await service.call_store(service.store.jobs.get, job))


@router.get(
    "/jobs/{job}/events",
    summary="Progress of a job as server-sent events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}, **schema.problems(404)},
)
async def follow_job(request: Request, job: JobId) -> Response:
    """`progress` events with the job's counts, then one `done` event."""
    service = service_of(request)
    await service.call_store(service.store.jobs.get, job)

    if service.followers >= MAX_FOLLOWERS:
        return problem(
            503,
            f"{service.followers} clients follow jobs already, which is the limit; "
            "request the job itself instead",
        )

    async def events() -> AsyncIterator[str]:
        service.followers += 1
        try:
            async for state in service.follow_job(job):
                light = {key: value for key, value in state.items() if key != "items"}
                name = "done" if state["state"] in ("done", "cancelled") else "progress"
                yield f"event: {name}\ndata: {json.dumps(light)}\n\n"
        except UnknownJobError:
            return  # removed in the meantime
        finally:
            service.followers -= 1

    return StreamingResponse(events(), media_type="text/event-stream")


@router.post(
    "/jobs/{job}/retry",
    response_model=schema.Job,
    summary="Try the failed radiographs of a job again whose files were kept",
    responses=schema.problems(404),
)
async def retry_job(request: Request, job: JobId) -> Response:
    """Files are kept where the service failed and not the file; `kept` says so for each."""
    return JSONResponse(await service_of(request).retry_job(job))


@router.delete(
    "/jobs/{job}",
    status_code=204,
    response_class=Response,
    summary="Drop the queued radiographs of a job, or remove a finished job",
    responses=schema.problems(404),
)
async def cancel_job(request: Request, job: JobId) -> Response:
    """Studies made from its radiographs are kept."""
    await service_of(request).cancel_job(job)
    return Response(status_code=204)
