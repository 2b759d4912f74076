"""The routes of /v1 for radiographs and studies."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, JSONResponse, Response

from panodent.dentition import TEETH
from panodent.drawing.tooth_shapes import pictogram
from panodent.drawing.vector import to_svg_path
from panodent.serve.problems import problem
from panodent.serve.routes import schema
from panodent.serve.routes.multipart import receive
from panodent.serve.service import Work
from panodent.serve.store.store import unknown
from panodent.serve.store.upload import Upload
from panodent.serve.workers.exports import MEDIA
from panodent.version import DISCLAIMER, __version__

router = APIRouter(prefix="/v1")

StudyId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="a study's id")]
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
            "model": schema.Record,
            "description": "by Accept: teeth.json, the label image, or a DICOM segmentation",
            "content": {
                "image/png": {"schema": {"type": "string", "format": "binary"}},
                "application/dicom": {"schema": {"type": "string", "format": "binary"}},
            },
        },
        **schema.problems(406, 415),
    },
)
async def predict(request: Request) -> Response:
    """Answers as Accept asks."""
    media = chosen(request.headers.get("accept", "*/*"))
    if media is None:
        return problem(406, f"Accept names nothing that can be given; known: {_KNOWN}")
    piece = _ANSWERS[media]
    upload = await _received(request, durable=False)
    _, pieces = await work_of(request).predict(upload, [piece])
    return Response(pieces[piece], media_type=media)


def chosen(accept: str) -> str | None:
    """The media type that a client likes best among ours, JSON where it does not care.

    Of several ranges that fit, the most specific one counts (RFC 9110, 12.5.1).
    """
    ranges = [_range(entry) for entry in accept.split(",") if entry.strip()]
    best, liking = None, 0.0
    for media in _ANSWERS if ranges else ("application/json",):
        fitting = {media: 3, f"{media.split('/')[0]}/*": 2, "*/*": 1}
        found = [(fitting[name], weight) for name, weight in ranges if name in fitting]
        weight = max(found)[1] if found else 0.0 if ranges else 1.0
        if weight > liking:
            best, liking = media, weight
    return best


def _range(entry: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in entry.split(";"))
    weight = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
    return name, weight if 0 <= weight <= 1 else 0.0


async def _received(request: Request, durable: bool) -> Upload:
    work, bounds = work_of(request), request.app.state.settings.bounds
    work.crew.check()  # before anything is written
    found = await receive(request, "file", 1, bounds.upload, work.store.files, durable)
    return found[0]


# --- studies -----------------------------------------------------------------------------------


@router.post(
    "/studies",
    status_code=201,
    response_model=schema.Study,
    summary="Keep a radiograph and the teeth found in it",
    openapi_extra=schema.upload("file", False, "a radiograph"),
    responses=schema.problems(415, 507),
)
async def add_study(request: Request) -> Response:
    """Finds the teeth at once; for many radiographs see /v1/jobs."""
    upload = await _received(request, durable=True)
    made = await work_of(request).add(upload)
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
    await work.keep(work.store.original, study)
    file = work.store.picture(study)
    try:
        found = await asyncio.to_thread(file.stat)
    except FileNotFoundError:
        raise unknown(study) from None  # deleted in this moment
    return FileResponse(file, media_type="image/png", stat_result=found)


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
    """Of the teeth as they stand; pixels and degrees, see docs/reference/measurements.md."""
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
    await work_of(request).delete(study)
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
