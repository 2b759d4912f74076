"""A machine-learning backend for Label Studio: it sends tasks and receives predicted teeth.

The paths are those of label-studio-ml: GET /health, POST /setup, POST /predict, POST /webhook below
the URL that is entered in the project's settings, here http://HOST:PORT/label-studio. The project's
labelling configuration decides how labels are named, whether teeth are brushes or polygons, and
which findings are sent.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any
from xml.etree.ElementTree import Element, ParseError, XMLParser

import numpy as np
from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.responses import JSONResponse, Response

from panodent.errors import AnnotationError, RadiographError
from panodent.formats.label_studio_regions import TOOTH, result, tooth_choice
from panodent.formats.naming import UNNUMBERED_NAME, Naming
from panodent.outputs.record import findings_from_record, from_record
from panodent.serve.routes import schema
from panodent.serve.routes.disconnects import cancelled_on_disconnect
from panodent.serve.routes.label_studio_images import read_image
from panodent.serve.routes.label_studio_prompts import (
    PredictParams,
    RecentRecords,
    digest,
    label_of,
    pointed_at,
)
from panodent.serve.service import Service
from panodent.serve.store.upload import write_upload
from panodent.teeth.findings import Findings
from panodent.teeth.outlines import Ring
from panodent.teeth.teeth import Teeth
from panodent.version import __version__

router = APIRouter(prefix="/label-studio")

MODEL = "panodent"
MAX_TASKS = 100
_CONTROLS = {"BrushLabels": "brush", "PolygonLabels": "polygon"}


@dataclass(frozen=True)
class ControlTag:
    """The tag of a labelling configuration with the labels of teeth.

    geometry : 'brush' or 'polygon'.
    name : name of the tag, which results refer to.
    image : name of the image tag, which results refer to.
    field : field of a task's data that contains the image's URL.
    labels : label by FDI number.
    findings : label by kind of finding.
    choices : choice by FDI number, of the tag that names the tooth of a finding.
    """

    geometry: str
    name: str
    image: str
    field: str
    labels: Mapping[int, str]
    findings: Mapping[str, str] = dataclasses.field(default_factory=dict)
    choices: Mapping[int, str] = dataclasses.field(default_factory=dict)


class LabelStudioTask(BaseModel):
    """A task as Label Studio sends it."""

    model_config = ConfigDict(extra="allow")
    id: StrictInt | str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class PredictRequest(BaseModel):
    """The body of a request to /predict."""

    model_config = ConfigDict(extra="allow")
    tasks: Annotated[list[LabelStudioTask], Field(max_length=MAX_TASKS)]
    label_config: str | None = Field(default=None, max_length=1_000_000)
    params: PredictParams | None = None


@router.get(
    "/health",
    response_model=dict[str, str],
    summary="Label Studio: check that the backend runs",
    responses=schema.problems(),
)
@router.get("/", include_in_schema=False)
async def health() -> Response:
    """The response that Label Studio expects."""
    return JSONResponse({"status": "UP", "model_class": MODEL})


@router.post(
    "/setup",
    response_model=dict[str, str],
    summary="Label Studio: set up a project",
    responses=schema.problems(),
)
async def setup(request: Request, project: Annotated[dict[str, Any], Body()]) -> Response:
    """Checks the labelling configuration; returns the version of the model."""
    if text := project.get("schema") or project.get("label_config"):
        read_config(str(text), request.app.state.settings.label_studio.numbering)
    return JSONResponse({"model_version": _version(request.app.state.service)})


@router.post(
    "/versions",
    response_model=dict[str, list[str]],
    summary="Label Studio: list versions of the model",
    responses=schema.problems(),
)
async def versions(request: Request, project: Annotated[dict[str, Any], Body()]) -> Response:
    """One version, of the bundle in use."""
    return JSONResponse({"versions": [_version(request.app.state.service)]})


@router.post(
    "/webhook",
    response_model=dict[str, str],
    summary="Label Studio: receive events",
    responses=schema.problems(),
)
async def webhook(event: Annotated[dict[str, Any], Body()]) -> Response:
    """Events are ignored: to train, export the project and run `panodent train`."""
    return JSONResponse({"status": "ignored"})


@router.post(
    "/predict",
    response_model=dict[str, Any],
    summary="Label Studio: predict tasks",
    responses=schema.problems(),
)
async def predict(request: Request, body: PredictRequest) -> Response:
    """One prediction for each task; empty, with an error, if its image cannot be read.

    With a keypoint or a box in `params.context`, the prediction is the tooth that it points at.
    """
    if not body.label_config:
        raise AnnotationError("label_config is missing; expected the project's configuration")
    service, access = request.app.state.service, request.app.state.settings.label_studio
    tag = read_config(body.label_config, access.numbering)
    service.pool.check()  # later all tasks are answered, however many wait
    service.store.disk.check()
    context = body.params.context if body.params is not None else None
    prompts = None if context is None else context.result
    version, results = _version(service), []
    for task in body.tasks:
        try:
            record = await _record(request, task, tag)
        except (AnnotationError, RadiographError) as error:
            empty = {"model_version": version, "score": 0.0, "result": []}
            results.append({**empty, "error": str(error)})
        else:
            results.append(await asyncio.to_thread(_prediction, record, tag, version, prompts))
    return JSONResponse({"results": results, "model_version": version})


async def _record(request: Request, task: LabelStudioTask, tag: ControlTag) -> bytes:
    """The teeth.json of a task's radiograph."""
    service, settings = request.app.state.service, request.app.state.settings
    name, content = await asyncio.to_thread(
        read_image, _image_field(task, tag), settings.label_studio, settings.limits.upload
    )
    recent: RecentRecords = request.app.state.recent_records
    key = await asyncio.to_thread(digest, content)
    if (record := recent.get(key)) is not None:
        return record
    upload = await asyncio.to_thread(write_upload, service.store.files, name, content)
    found = service.predict(upload, ["record"], ignore_limit=True)
    _, blobs = await cancelled_on_disconnect(request, found)
    recent.put(key, blobs["record"])
    return bytes(blobs["record"])


def _image_field(task: LabelStudioTask, tag: ControlTag) -> str:
    value = task.data.get(tag.field)
    if not isinstance(value, str) or not value:
        raise AnnotationError(f"a task has no image in its field {tag.field!r}")
    return value


def _version(service: Service) -> str:
    return f"{MODEL}-{__version__}-{service.pool.bundle.get('digest', '')[:8]}"


def read_config(text: str, numbering: str | None = None) -> ControlTag:
    """The tag with the labels of teeth in a labelling configuration; raises `AnnotationError`.

    numbering : of the labels; None: it must follow from all of them together.

    A document type is refused: its entities could expand without limit.
    """
    if "<!" in text.replace("<!--", ""):
        raise AnnotationError("the labelling configuration declares a document type; remove it")
    try:
        parser = XMLParser()  # noqa: S314 - without a document type there are no entities
        parser.feed(text)
        root = parser.close()
    except (ParseError, ValueError) as error:
        raise AnnotationError(f"the labelling configuration is not valid XML ({error})") from None
    images = {tag.get("name"): tag for tag in root.iter("Image")}
    for tag in root.iter():
        if tag.tag in _CONTROLS and tag.get("toName") in images and tag.get("name"):
            return _control_tag(tag, images[tag.get("toName")], _choices(root), Naming(numbering))
    raise AnnotationError(
        "the labelling configuration has no <BrushLabels> or <PolygonLabels> for an <Image>; "
        "expected one with a <Label value='11'/> for each tooth"
    )


def _choices(root: Element) -> list[str]:
    """The values of <Choices name="tooth" perRegion="true">, the teeth of findings."""
    tags = [tag for tag in root.iter("Choices") if tag.get("name") == TOOTH]
    return [str(choice.get("value", "")) for tag in tags for choice in tag.iter("Choice")]


def _control_tag(tag: Element, image: Element, choices: list[str], naming: Naming) -> ControlTag:
    values = [str(label.get("value", "")) for label in tag.iter("Label")]
    kinds = naming.kinds(values)
    choices = choices if kinds else []
    numbers = naming.numbers([*values, *choices], Path("the labelling configuration"))
    labels: dict[int, str] = {}
    for value in dict.fromkeys(values):
        number = numbers[value]
        # Of "unnumbered" and "supernumerary" the first says less than the second: it is kept.
        if number is not None and value.strip().casefold() != UNNUMBERED_NAME:
            labels.setdefault(number, value)
        elif number is not None:
            labels[number] = value
    return ControlTag(
        _CONTROLS[tag.tag],
        str(tag.get("name")),
        str(image.get("name")),
        str(image.get("value", "$image")).lstrip("$"),
        labels,
        {kind: value for value, kind in reversed(kinds.items())},
        {number: value for value in choices if (number := numbers[value])},
    )


def _prediction(
    record: bytes,
    tag: ControlTag,
    version: str,
    prompts: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    data = json.loads(record)
    teeth, findings = from_record(data), findings_from_record(data)
    if prompts is not None:
        return _pointed(teeth, tag, version, prompts)
    regions = [
        {"id": f"tooth{index + 1}", **_region(teeth, index, tag, tag.labels[fdi])}
        for index, fdi in enumerate(teeth.fdi.tolist())
        if fdi in tag.labels  # the project may have no label for a tooth
    ]
    regions += [] if findings is None else _finding_regions(findings, tag)
    scores = teeth.numbered().scores
    score = float(scores.mean()) if len(scores) else 0.0
    return {"model_version": version, "score": round(score, 4), "result": regions}


def _pointed(
    teeth: Teeth, tag: ControlTag, version: str, prompts: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The tooth at the last keypoint or box, with the label that the user has chosen for it."""
    empty: dict[str, Any] = {"model_version": version, "score": 0.0, "result": []}
    found = [(pointed_at(teeth, prompt), label_of(prompt)) for prompt in prompts]
    places = [(index, label) for index, label in found if index is not None]
    if not places:
        return empty
    index, label = places[-1]
    if label not in tag.labels.values():
        label = tag.labels.get(int(teeth.fdi[index]), "")
    if not label:
        return empty
    # An id of its own: the tooth may be in the annotation already, from the prediction of all.
    region = {"id": f"tooth{index + 1}-{token_hex(4)}", **_region(teeth, index, tag, label)}
    return {**empty, "score": round(float(teeth.scores[index]), 4), "result": [region]}


def _finding_regions(findings: Findings, tag: ControlTag) -> list[dict[str, Any]]:
    """The findings that the project has labels for, each followed by the choice of its tooth."""
    regions = []
    for index, finding in enumerate(findings):
        if finding.kind not in tag.findings:
            continue
        drawn = _region(findings.marks, index, tag, tag.findings[finding.kind])
        regions.append({"id": f"finding{index + 1}", **drawn})
        if finding.fdi in tag.choices:
            regions.append(tooth_choice(regions[-1], tag.choices[finding.fdi]))
    return regions


def _region(teeth: Teeth, index: int, tag: ControlTag, label: str) -> dict[str, Any]:
    """Mask `index` as a region of the project, without an id."""
    region = result(teeth, index, Naming("fdi"), tag.geometry)
    if region["type"] != f"{tag.geometry}labels":
        region = _outline(teeth, index, region)  # the project has polygons only
    region["value"][region["type"]] = [label]
    return {**region, "from_name": tag.name, "to_name": tag.image}


def _outline(teeth: Teeth, index: int, region: dict[str, Any]) -> dict[str, Any]:
    """The outline of the largest part, for a tooth with several parts or a hole."""
    rings = [part[0] for part in teeth.polygons(index)]
    height, width = teeth.size
    points = max(rings, key=_area) * 100 / (width, height)
    value = {"points": points.tolist(), "closed": True}
    return {**region, "type": "polygonlabels", "value": value}


def _area(ring: Ring) -> float:
    """Twice the area of a ring (N, 2), by the shoelace formula."""
    x, y = ring.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))
