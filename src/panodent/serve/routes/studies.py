"""Routes below /v1 for predictions, studies, exports and information about the service."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from panodent.serve.problems import problem
from panodent.serve.routes import schema
from panodent.serve.routes.disconnects import cancelled_on_disconnect
from panodent.serve.routes.multipart import receive
from panodent.serve.routes.stored_files import stored_file
from panodent.serve.service import Service
from panodent.serve.store.tables import unknown_study
from panodent.serve.store.upload import Upload
from panodent.serve.study import Study
from panodent.serve.workers.exports import MEDIA_TYPES

router = APIRouter(prefix="/v1")

StudyId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="ID of a study")]
_BLOBS = {
    "application/json": "record",
    "image/png": "labels",
    "application/dicom": "seg",
}
_KNOWN_TYPES = (
    "application/json (teeth.json), image/png (labels) and application/dicom (segmentation)"
)


def service_of(request: Request) -> Service:
    """The service that handles this request."""
    found: Service = request.app.state.service
    return found


async def detail(study: Study, status: int = 200) -> Response:
    """A study with its teeth as a response, made in a thread: a hundred teeth take a while."""
    return await asyncio.to_thread(lambda: JSONResponse(study.public(), status))


@router.post(
    "/predict",
    summary="Find the teeth in one radiograph without keeping it",
    openapi_extra=schema.upload("file", False, "A radiograph: PNG, JPEG, TIFF, BMP, WebP or DICOM"),
    responses={
        200: {
            "model": schema.Record,
            "description": "teeth.json, the label image or a DICOM segmentation, by Accept",
            "content": {
                "image/png": {"schema": {"type": "string", "format": "binary"}},
                "application/dicom": {"schema": {"type": "string", "format": "binary"}},
            },
        },
        **schema.problems(406, 415, 507),
    },
)
async def predict(request: Request) -> Response:
    """The Accept header selects the format; DICOM segmentations need a DICOM radiograph."""
    media = choose_media_type(request.headers.get("accept", "*/*"))
    if media is None:
        return problem(406, f"Accept names no available format; known: {_KNOWN_TYPES}")
    blob = _BLOBS[media]
    upload = await _received(request, durable=False)
    _, blobs = await cancelled_on_disconnect(request, service_of(request).predict(upload, [blob]))
    return Response(blobs[blob], media_type=media)


def choose_media_type(accept: str) -> str | None:
    """The available media type that an Accept header prefers; JSON by default, None if none fits.

    If several ranges match a type, the most specific one counts (RFC 9110, section 12.5.1).

    >>> choose_media_type("image/png, */*;q=0.5"), choose_media_type("text/html")
    ('image/png', None)
    """
    ranges = [_range(entry) for entry in accept.split(",") if entry.strip()]
    best, best_weight = None, 0.0
    for media in _BLOBS if ranges else ("application/json",):
        specificity = {media: 3, f"{media.split('/')[0]}/*": 2, "*/*": 1}
        found = [(specificity[name], weight) for name, weight in ranges if name in specificity]
        weight = max(found)[1] if found else 0.0 if ranges else 1.0
        if weight > best_weight:
            best, best_weight = media, weight
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
    service, limits = service_of(request), request.app.state.settings.limits
    service.pool.check()  # refuses before anything is written
    uploads = await receive(request, "file", 1, limits.upload, service.store, durable)
    return uploads[0]


# --- studies -----------------------------------------------------------------------------------


@router.post(
    "/studies",
    status_code=201,
    response_model=schema.StudyDetail,
    summary="Create a study: a radiograph and the teeth found in it",
    openapi_extra=schema.upload("file", False, "A radiograph"),
    responses=schema.problems(415, 507),
)
async def add_study(request: Request) -> Response:
    """Answers when the teeth are found; for many radiographs use /v1/jobs."""
    upload = await _received(request, durable=True)
    study = await cancelled_on_disconnect(request, service_of(request).add(upload))
    return await detail(study, 201)


@router.post(
    "/example",
    status_code=201,
    response_model=schema.StudyDetail,
    summary="Create a study from a synthetic radiograph",
    responses=schema.problems(507),
)
async def add_example(request: Request) -> Response:
    """A phantom without a patient, to try the service."""
    study = await cancelled_on_disconnect(request, service_of(request).add_example())
    return await detail(study, 201)


@router.get(
    "/studies/{study}",
    response_model=schema.StudyDetail,
    summary="A study with its teeth",
    responses=schema.problems(404),
)
async def get_study(request: Request, study: StudyId) -> Response:
    """The teeth as predicted, and as corrected so far."""
    service = service_of(request)
    return await detail(await service.call_store(service.store.get, study))


@router.get(
    "/studies/{study}/image",
    summary="The radiograph as an 8-bit PNG",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}},
        304: {"description": "The client has it already (If-None-Match)"},
        **schema.problems(404),
    },
)
async def get_image(request: Request, study: StudyId) -> Response:
    """Full size, upright, bright where the patient is dense; it never changes."""
    service = service_of(request)
    await service.call_store(service.store.original, study)
    try:
        return await stored_file(request, service.store.picture(study), "image/png", study)
    except FileNotFoundError:
        raise unknown_study(study) from None  # deleted in the meantime


@router.get(
    "/studies/{study}/original",
    summary="The file as it was sent",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {}, "application/dicom": {}}},
        304: {"description": "The client has it already (If-None-Match)"},
        **schema.problems(404),
    },
)
async def get_original(request: Request, study: StudyId) -> Response:
    """A download under its own name, unchanged, with all that a DICOM file says of the patient."""
    service = service_of(request)
    file = await service.call_store(service.store.original, study)
    found = await service.call_store(service.store.get, study)
    media = "application/dicom" if found.kind == "dicom" else "application/octet-stream"
    try:
        return await stored_file(request, file, media, f"{study}-original", found.name)
    except FileNotFoundError:
        raise unknown_study(study) from None


@router.put(
    "/studies/{study}/teeth",
    response_model=schema.StudyDetail,
    summary="Save corrected teeth and findings",
    responses=schema.problems(404, 409),
)
async def save_study(request: Request, study: StudyId, edit: schema.Edit) -> Response:
    """`revision` is the one that the edit is based on; a later save is a conflict (409).

    Findings of a tooth that is renumbered get its new number. Fillings, root fillings and posts of
    a tooth that is deleted get 0. With `findings`, the edit says all of it itself.
    """
    entries = [tooth.model_dump() for tooth in edit.teeth]
    findings = None if edit.findings is None else [one.model_dump() for one in edit.findings]
    saved = await service_of(request).save(study, edit.revision, entries, findings, edit.by)
    return await detail(saved)


@router.get(
    "/studies/{study}/measurements",
    summary="Sizes, axes, neighbours, gaps and third molars",
    responses=schema.problems(404),
)
async def get_measurements(request: Request, study: StudyId) -> dict[str, Any]:
    """Measurements of the current teeth, pixels and degrees; docs/reference/measurements.md."""
    return await cancelled_on_disconnect(request, service_of(request).measurements(study))


@router.get(
    "/studies/{study}/export/{name}",
    summary="Export a study as a file",
    response_class=Response,
    responses={
        200: {"content": {media.split(";")[0]: {} for media in sorted(set(MEDIA_TYPES.values()))}},
        **schema.problems(404),
    },
)
async def export_study(
    request: Request,
    study: StudyId,
    name: Annotated[str, Path(json_schema_extra={"enum": sorted(MEDIA_TYPES)})],
    numbering: Annotated[str | None, Query(pattern="^(fdi|universal|palmer)$")] = None,
) -> Response:
    """A file of the current teeth; DICOM objects need a DICOM radiograph."""
    if name not in MEDIA_TYPES:
        return problem(404, f"no export {name[:60]!r}; known: {', '.join(MEDIA_TYPES)}")
    chosen = numbering or request.app.state.settings.numbering
    content = await cancelled_on_disconnect(
        request, service_of(request).export(study, name, chosen)
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA_TYPES[name], headers=headers)


@router.delete(
    "/studies/{study}",
    status_code=204,
    response_class=Response,
    summary="Delete a study and its files",
    responses=schema.problems(404),
)
async def delete_study(request: Request, study: StudyId) -> Response:
    """Deletes the database row, the radiograph, its results and its training data."""
    await service_of(request).delete(study)
    return Response(status_code=204)
