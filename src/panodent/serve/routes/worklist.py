"""Routes below /v1 for the list of studies: pages, neighbours, thumbnails, turning."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from panodent.serve.routes import schema
from panodent.serve.routes.disconnects import cancelled_on_disconnect
from panodent.serve.routes.studies import StudyId, detail, service_of
from panodent.serve.store.study_query import Shown, Sort, StudyQuery, in_utc
from panodent.serve.store.tables import unknown_study
from panodent.serve.store.upload import write_upload
from panodent.serve.turning import Turn, name_after, turned_picture

router = APIRouter(prefix="/v1")


def _query(
    search: Annotated[
        str, Query(max_length=200, pattern=r"^[^\x00]*$", description="A part of the file name")
    ] = "",
    sort: Annotated[
        Sort, Query(description="Reviewed studies are those that a user saved")
    ] = "created",
    order: Annotated[str, Query(pattern="^(asc|desc)$")] = "desc",
    show: Annotated[Shown, Query(description="Which studies are listed")] = "all",
    created_from: Annotated[datetime | None, Query(description="Not before this time")] = None,
    created_before: Annotated[datetime | None, Query(description="Before this time")] = None,
) -> StudyQuery:
    times = in_utc(created_from), in_utc(created_before)
    return StudyQuery(search, sort, order == "desc", show, *times)


Asked = Annotated[StudyQuery, Depends(_query)]


@router.get(
    "/studies",
    response_model=schema.StudyList,
    summary="List studies, newest first, all or those that match",
    responses=schema.problems(),
)
async def list_studies(
    request: Request,
    query: Asked,
    limit: schema.Limit = 50,
    offset: schema.Offset = 0,
) -> Response:
    """Summaries without teeth. `total` counts all that match."""
    service = service_of(request)
    total, found = await service.call_store(service.store.worklist.page, limit, offset, query)
    progress = await service.call_store(service.store.worklist.progress)
    return JSONResponse({"total": total, **progress, "studies": found})


@router.get(
    "/studies/{study}/beside",
    response_model=schema.StudiesBeside,
    summary="The studies before and after one in the list",
    responses=schema.problems(404),
)
async def get_beside(request: Request, study: StudyId, query: Asked) -> dict[str, Any]:
    """In the list with the same conditions and order; and the next one that is not reviewed."""
    service = service_of(request)
    found = await service.call_store(service.store.worklist.beside, study, query)
    return {**found, **await service.call_store(service.store.worklist.progress)}


@router.post(
    "/studies/{study}/turned",
    status_code=201,
    response_model=schema.StudyDetail,
    summary="Create a study from the turned radiograph",
    responses=schema.problems(404, 507),
)
async def add_turned(
    request: Request,
    study: StudyId,
    turn: Annotated[Turn, Query(description="half: by 180 degrees; left, right: by 90; mirror")],
) -> Response:
    """Finds the teeth in its 8-bit picture, put upright; the study itself stays as it is."""
    service = service_of(request)
    service.pool.check()  # refuses before anything is written
    service.store.disk.check()
    found = await service.call_store(service.store.get, study)
    try:
        content = await asyncio.to_thread(turned_picture, service.store.picture(study), turn)
    except FileNotFoundError:
        raise unknown_study(study) from None  # deleted in the meantime
    name, files = name_after(found.name, turn), service.store.files
    upload = await asyncio.to_thread(write_upload, files, name, content)
    return await detail(await cancelled_on_disconnect(request, service.add(upload)), 201)


@router.get(
    "/studies/{study}/thumbnail",
    summary="A small picture of the radiograph",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}}, **schema.problems(404)},
)
async def get_thumbnail(request: Request, study: StudyId) -> Response:
    """JPEG, at most 240 pixels wide."""
    service = service_of(request)
    await service.call_store(service.store.original, study)
    picture = service.store.picture(study)
    try:
        content = await cancelled_on_disconnect(
            request, request.app.state.thumbnails.get(study, picture)
        )
    except FileNotFoundError:
        raise unknown_study(study) from None  # deleted in the meantime
    return Response(content, media_type="image/jpeg")
