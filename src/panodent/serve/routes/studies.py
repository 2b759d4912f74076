"""Routes below /v1 for predictions, studies, exports and information about the service."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, JSONResponse, Response

from panodent.dentition import TEETH
from panodent.drawing.chart_findings import INK, METAL, WHITE, finding_shapes
from panodent.drawing.finding_patterns import STYLES
from panodent.drawing.tooth_shapes import pictogram
from panodent.drawing.vector import to_svg_path
from panodent.serve.problems import problem
from panodent.serve.routes import schema
from panodent.serve.routes.multipart import receive
from panodent.serve.service import Service
from panodent.serve.store.store import unknown_study
from panodent.serve.store.upload import Upload
from panodent.serve.workers.exports import MEDIA_TYPES
from panodent.teeth.finding_kinds import KINDS
from panodent.version import DISCLAIMER, __version__

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


@router.get("/info", responses=schema.problems(), summary="Version, limits and tooth names")
async def info(request: Request) -> dict[str, Any]:
    """Version, bundle, limits, the 52 teeth and the kinds of findings, and how they are drawn."""
    state = request.app.state
    return {
        "version": __version__,
        "notice": DISCLAIMER,
        "bundle": service_of(request).pool.bundle,
        "dicom": find_spec("pydicom") is not None and find_spec("highdicom") is not None,
        "max_bytes": state.settings.limits.upload,
        "max_pixels": state.settings.max_pixels,
        "exports": sorted(MEDIA_TYPES),
        "teeth": _TEETH,
        "findings": _FINDINGS,
    }


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
        **schema.problems(406, 415),
    },
)
async def predict(request: Request) -> Response:
    """The Accept header selects the format; DICOM segmentations need a DICOM radiograph."""
    media = choose_media_type(request.headers.get("accept", "*/*"))
    if media is None:
        return problem(406, f"Accept names no available format; known: {_KNOWN_TYPES}")
    blob = _BLOBS[media]
    upload = await _received(request, durable=False)
    _, blobs = await service_of(request).predict(upload, [blob])
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
    uploads = await receive(request, "file", 1, limits.upload, service.store.files, durable)
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
    study = await service_of(request).add(upload)
    return JSONResponse(study.public(), 201)


@router.post(
    "/example",
    status_code=201,
    response_model=schema.StudyDetail,
    summary="Create a study from a synthetic radiograph",
    responses=schema.problems(507),
)
async def example(request: Request) -> Response:
    """A phantom without a patient, to try the service."""
    study = await service_of(request).add_example()
    return JSONResponse(study.public(), 201)


@router.get(
    "/studies/{study}",
    response_model=schema.StudyDetail,
    summary="A study with its teeth",
    responses=schema.problems(404),
)
async def get_study(request: Request, study: StudyId) -> Response:
    """The teeth as predicted, and as corrected so far."""
    service = service_of(request)
    return JSONResponse((await service.call_store(service.store.get, study)).public())


@router.get(
    "/studies/{study}/image",
    summary="The radiograph as an 8-bit PNG",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **schema.problems(404)},
)
async def image(request: Request, study: StudyId) -> Response:
    """Full size, upright, bright where the patient is dense."""
    service = service_of(request)
    await service.call_store(service.store.original, study)
    file = service.store.picture(study)
    try:
        found = await asyncio.to_thread(file.stat)
    except FileNotFoundError:
        raise unknown_study(study) from None  # deleted in the meantime
    return FileResponse(file, media_type="image/png", stat_result=found)


@router.put(
    "/studies/{study}/teeth",
    response_model=schema.StudyDetail,
    summary="Save corrected teeth and findings",
    responses=schema.problems(404, 409),
)
async def save(request: Request, study: StudyId, edit: schema.Edit) -> Response:
    """`revision` is the one that the edit is based on; a later save is a conflict (409).

    Findings of a tooth that is renumbered get its new number. Fillings, root fillings and posts of
    a tooth that is deleted get 0. With `findings`, the edit says all of it itself.
    """
    entries = [tooth.model_dump() for tooth in edit.teeth]
    findings = None if edit.findings is None else [one.model_dump() for one in edit.findings]
    saved = await service_of(request).save(study, edit.revision, entries, findings, edit.by)
    return JSONResponse(saved.public())


@router.get(
    "/studies/{study}/measurements",
    summary="Sizes, axes, neighbours, gaps and third molars",
    responses=schema.problems(404),
)
async def measurements(request: Request, study: StudyId) -> dict[str, Any]:
    """Measurements of the current teeth, pixels and degrees; docs/reference/measurements.md."""
    return await service_of(request).measurements(study)


@router.get(
    "/studies/{study}/export/{name}",
    summary="Export a study as a file",
    response_class=Response,
    responses={
        200: {"content": {media.split(";")[0]: {} for media in sorted(set(MEDIA_TYPES.values()))}},
        **schema.problems(404),
    },
)
async def export(
    request: Request,
    study: StudyId,
    name: Annotated[str, Path(json_schema_extra={"enum": sorted(MEDIA_TYPES)})],
    numbering: Annotated[str, Query(pattern="^(fdi|universal|palmer)$")] = "fdi",
) -> Response:
    """A file of the current teeth; DICOM objects need a DICOM radiograph."""
    if name not in MEDIA_TYPES:
        return problem(404, f"no export {name[:60]!r}; known: {', '.join(MEDIA_TYPES)}")
    content = await service_of(request).export(study, name, numbering)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA_TYPES[name], headers=headers)


@router.delete(
    "/studies/{study}",
    status_code=204,
    response_class=Response,
    summary="Delete a study and its files",
    responses=schema.problems(404),
)
async def delete(request: Request, study: StudyId) -> Response:
    """Deletes the database row, the radiograph, its results and its training data."""
    await service_of(request).delete(study)
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
        "signs": {kind: _sign(fdi, kind) for kind in KINDS if kind != "pontic"},  # as of a crown
    }


def _sign(fdi: int, kind: str) -> list[dict[str, Any]]:
    """The shapes of a kind of finding on a tooth of the chart; those of one look are one path."""
    looks: dict[tuple[str, str, float], str] = {}
    for shape in finding_shapes(fdi, [kind]):
        fill = "none" if shape.fill is None else _ROLES[shape.fill]
        look = (fill, _ROLES[shape.stroke], shape.width)
        looks[look] = looks.get(look, "") + to_svg_path(shape.path)
    return [
        {"d": path, "fill": fill, "stroke": stroke, "width": width}
        for (fill, stroke, width), path in looks.items()
    ]


_ROLES = {INK: "ink", WHITE: "white", METAL: "metal"}
"""What the page draws in colours of its theme."""
_TEETH = {str(fdi): _tooth(fdi) for fdi in TEETH}
_FINDINGS = {
    name: {
        "title": kind.title,
        "plural": kind.plural,
        "carrier": kind.carrier,
        "description": kind.description,
        "colour": "#{:02x}{:02x}{:02x}".format(*STYLES[name][0]),
    }
    for name, kind in KINDS.items()
}
