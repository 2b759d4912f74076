"""The routes of /v1, the page, and what an operator asks for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from panodent.dentition import TEETH
from panodent.figures import to_svg_path
from panodent.legend import DISCLAIMER
from panodent.pictograms import pictogram
from panodent.serve import schema
from panodent.serve.exports import MEDIA
from panodent.serve.problems import problem
from panodent.serve.work import Work
from panodent.version import __version__

router = APIRouter(prefix="/v1")

StudyId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="a study's id")]
JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="a job's id")]
MOST_FILES = 1000
_ANSWERS = {
    "application/json": "record",
    "image/png": "labels",
    "application/dicom": "seg",
}
_KNOWN = "application/json (teeth.json), image/png (labels) and application/dicom (segmentation)"


def work_of(request: Request) -> Work:
    """The service's work."""
    found: Work = request.app.state.work
    return found


@router.get("/info", responses=schema.problems(), summary="What this service is")
async def info(request: Request) -> dict[str, Any]:
    """Version, bundle, limits, and the 52 teeth: names, numbers, colours and pictograms."""
    state = request.app.state
    return {
        "version": __version__,
        "notice": DISCLAIMER,
        "bundle": work_of(request).crew.bundle,
        "dicom": find_spec("pydicom") is not None and find_spec("highdicom") is not None,
        "max_bytes": state.settings.bounds.upload,
        "max_pixels": state.settings.max_pixels,
        "exports": sorted(MEDIA),
        "teeth": _TEETH,
    }


@router.post(
    "/predict",
    summary="Find the teeth of one radiograph; nothing is kept",
    openapi_extra=schema.upload("file", False, "a radiograph: PNG, JPEG, TIFF, BMP, WebP, DICOM"),
    responses={
        200: {
            "description": "by Accept: teeth.json, the label image, or a DICOM segmentation",
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "image/png": {"schema": {"type": "string", "format": "binary"}},
                "application/dicom": {"schema": {"type": "string", "format": "binary"}},
            },
        },
        **schema.problems(406),
    },
    response_class=Response,
)
async def predict(request: Request) -> Response:
    """Answers as Accept asks."""
    media = _chosen(request.headers.get("accept", "*/*"))
    if media is None:
        return problem(406, f"Accept names nothing that can be given; known: {_KNOWN}")
    piece = _ANSWERS[media]
    async with request.form(max_files=1, max_fields=4) as form:
        upload = _file(form.getlist("file"))
        _, pieces = await work_of(request).predict(upload.file, upload.filename, [piece])
    return Response(pieces[piece], media_type=media)


def _chosen(accept: str) -> str | None:
    """The media type that a client likes best among ours, JSON where it does not care."""
    best, liking = None, 0.0
    for entry in accept.split(","):
        name, _, rest = entry.strip().partition(";")
        weight = 1.0
        for parameter in rest.split(";"):
            key, _, value = parameter.strip().partition("=")
            if key == "q":
                try:
                    weight = float(value)
                except ValueError:
                    weight = 0.0
        name = name.strip().lower()
        for media in _ANSWERS:
            fits = name in (media, "*/*", f"{media.split('/')[0]}/*")
            if fits and weight > liking:
                best, liking = media, weight
    return best


def _file(found: list[Any]) -> UploadFile:
    files = [item for item in found if isinstance(item, UploadFile)]
    if len(files) != 1:
        raise HTTPException(
            422, f"the form has {len(files)} files named 'file'; expected one, multipart/form-data"
        )
    if not files[0].size:
        raise HTTPException(422, "the file is empty; send a radiograph")
    return files[0]


# --- studies -----------------------------------------------------------------------------------


@router.post(
    "/studies",
    status_code=201,
    response_model=schema.Study,
    summary="Keep a radiograph and the teeth found in it",
    openapi_extra=schema.upload("file", False, "a radiograph"),
    responses=schema.problems(507),
)
async def add_study(request: Request) -> Response:
    """Finds the teeth at once; for many radiographs see /v1/jobs."""
    async with request.form(max_files=1, max_fields=4) as form:
        upload = _file(form.getlist("file"))
        made = await work_of(request).add(upload.file, upload.filename)
    return JSONResponse(made.public(), 201)


@router.post(
    "/example",
    status_code=201,
    response_model=schema.Study,
    summary="Keep a synthetic radiograph, to try things out",
    responses=schema.problems(507),
)
async def example(request: Request) -> Response:
    """A phantom: no patient."""
    made = await work_of(request).example()
    return JSONResponse(made.public(), 201)


@router.get(
    "/studies",
    response_model=schema.Studies,
    summary="List studies, newest first",
    responses=schema.problems(),
)
async def list_studies(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Without their teeth."""
    work = work_of(request)
    total, found = await work.keep(work.store.page, limit, offset)
    return JSONResponse({"total": total, "studies": found})


@router.get(
    "/studies/{study}",
    response_model=schema.Study,
    summary="One study with its teeth",
    responses=schema.problems(404),
)
async def get_study(request: Request, study: StudyId) -> Response:
    """As predicted and as they stand."""
    work = work_of(request)
    return JSONResponse((await work.keep(work.store.get, study)).public())


@router.get(
    "/studies/{study}/image",
    summary="The radiograph as an 8-bit PNG",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **schema.problems(404)},
)
async def image(request: Request, study: StudyId) -> Response:
    """Full size, upright, bright = dense."""
    work = work_of(request)
    await work.keep(work.store.file_of, study)
    file = work.store.picture(study)
    # Never changes, and is for this client alone.
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    return FileResponse(file, media_type="image/png", headers=headers)


@router.put(
    "/studies/{study}/teeth",
    response_model=schema.Study,
    summary="Save corrected teeth",
    responses=schema.problems(404, 409),
)
async def save(request: Request, study: StudyId, edit: schema.Edit) -> Response:
    """`revision` is the one that the edit builds on; another in the meantime is a conflict."""
    entries = [tooth.model_dump() for tooth in edit.teeth]
    saved = await work_of(request).save(study, edit.revision, entries)
    return JSONResponse(saved.public())


@router.get(
    "/studies/{study}/measurements",
    summary="Sizes, axes, neighbours, gaps and third molars",
    responses=schema.problems(404),
)
async def measurements(request: Request, study: StudyId) -> dict[str, Any]:
    """Of the teeth as they stand; pixels and degrees, see docs/measurements.md."""
    return await work_of(request).measurements(study)


@router.get(
    "/studies/{study}/export/{name}",
    summary="Take a study away as a file",
    response_class=Response,
    responses={
        200: {"content": {media.split(";")[0]: {} for media in sorted(set(MEDIA.values()))}},
        **schema.problems(404),
    },
)
async def export(
    request: Request,
    study: StudyId,
    name: Annotated[str, Path(json_schema_extra={"enum": sorted(MEDIA)})],
    numbering: Annotated[str, Query(pattern="^(fdi|universal|palmer)$")] = "fdi",
) -> Response:
    """Of the teeth as they stand; DICOM objects where the radiograph is DICOM."""
    if name not in MEDIA:
        return problem(404, f"no export {name[:60]!r}; known: {', '.join(MEDIA)}")
    content = await work_of(request).export(study, name, numbering)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA[name], headers=headers)


@router.delete(
    "/studies/{study}",
    status_code=204,
    response_class=Response,
    summary="Delete a study and its files",
    responses=schema.problems(404),
)
async def delete(request: Request, study: StudyId) -> Response:
    """Nothing of it stays."""
    work = work_of(request)
    await work.keep(work.store.delete, study)
    return Response(status_code=204)


# --- jobs --------------------------------------------------------------------------------------


@router.post(
    "/jobs",
    status_code=202,
    response_model=schema.Job,
    summary="Queue many radiographs",
    openapi_extra=schema.upload("files", True, "radiographs, each a part named 'files'"),
    responses=schema.problems(507),
)
async def add_job(request: Request) -> Response:
    """Each becomes a study; a restart of the service goes on where it stopped."""
    bounds = request.app.state.settings.bounds
    async with request.form(max_files=MOST_FILES, max_fields=4) as form:
        files = [item for item in form.getlist("files") if isinstance(item, UploadFile)]
        if not files:
            raise HTTPException(422, "the form has no file named 'files'; expected at least one")
        for number, file in enumerate(files, start=1):
            if (file.size or 0) > bounds.upload:
                raise HTTPException(
                    413, f"file {number} is larger than {bounds.upload / 2**20:.0f} MiB"
                )
        job = await work_of(request).add_job([(file.filename, file.file) for file in files])
    return JSONResponse(job, 202, {"Location": f"/v1/jobs/{job['id']}"})


@router.get(
    "/jobs/{job}", response_model=schema.Job, summary="A job", responses=schema.problems(404)
)
async def get_job(request: Request, job: JobId) -> Response:
    """How far it is, and what became of each radiograph."""
    work = work_of(request)
    return JSONResponse(await work.keep(work.store.job, job))


@router.get(
    "/jobs/{job}/events",
    summary="A job's progress as server-sent events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}, **schema.problems(404)},
)
async def follow_job(request: Request, job: JobId) -> Response:
    """`progress` events with the job's counts, then `done`."""
    work = work_of(request)
    await work.keep(work.store.job, job)

    async def events() -> AsyncIterator[str]:
        async for state in work.follow(job):
            light = {key: value for key, value in state.items() if key != "items"}
            name = "done" if state["state"] in ("done", "cancelled") else "progress"
            yield f"event: {name}\ndata: {json.dumps(light)}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


@router.delete(
    "/jobs/{job}",
    status_code=204,
    response_class=Response,
    summary="Drop what is queued of a job",
    responses=schema.problems(404),
)
async def cancel_job(request: Request, job: JobId) -> Response:
    """What is done stays."""
    await work_of(request).cancel(job)
    return Response(status_code=204)


def _tooth(fdi: int) -> dict[str, Any]:
    tooth, shape = TEETH[fdi], pictogram(fdi)
    return {
        "name": tooth.name,
        "universal": tooth.universal,
        "palmer": tooth.palmer,
        "type": tooth.type,
        "jaw": tooth.jaw,
        "side": tooth.side,
        "deciduous": tooth.deciduous,
        "colour": "#{:02x}{:02x}{:02x}".format(*tooth.colour),
        "path": [to_svg_path(path) for path in (*shape.roots, shape.crown)],
    }


_TEETH = {str(fdi): _tooth(fdi) for fdi in TEETH}
