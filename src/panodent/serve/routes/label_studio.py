"""A machine-learning backend of Label Studio: it sends tasks, and gets teeth to start from.

The contract is that of label-studio-ml: GET /health, POST /setup, POST /predict, POST /webhook
below the URL that is entered in a project's settings, here http://HOST:PORT/label-studio. What the
project's labels are called, and whether teeth are brushes or polygons, its configuration says.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, Any
from urllib.error import URLError
from urllib.parse import unquote_to_bytes, urljoin, urlsplit
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, ConfigDict, Field, StrictInt
from starlette.responses import JSONResponse, Response

from panodent.errors import AnnotationError, ConfigError, RadiographError
from panodent.formats.label_studio import result
from panodent.formats.naming import Naming
from panodent.outputs.record import from_record
from panodent.serve.routes import schema
from panodent.serve.service import Work
from panodent.serve.store.upload import put
from panodent.teeth.outlines import Ring
from panodent.teeth.teeth import Teeth
from panodent.version import __version__

router = APIRouter(prefix="/label-studio")

MODEL = "panodent"
MOST_TASKS = 100
FETCH_SECONDS = 30.0
_CONTROLS = {"BrushLabels": "brush", "PolygonLabels": "polygon"}


@dataclass(frozen=True)
class Origin:
    """The Label Studio whose images may be fetched, and the key that it wants; '' for none."""

    url: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if self.url and urlsplit(self.url).scheme not in ("http", "https"):
            raise ConfigError(f"Label Studio at {self.url!r}; expected http://HOST:PORT")


@dataclass(frozen=True)
class Control:
    """What a project's configuration says of its teeth.

    geometry : 'brush' or 'polygon'. name, image : of the tags that results refer to.
    field : of a task's data that names the image. labels : a label by FDI number.
    """

    geometry: str
    name: str
    image: str
    field: str
    labels: Mapping[int, str]


class Task(BaseModel):
    """A task as Label Studio sends it."""

    model_config = ConfigDict(extra="allow")
    id: StrictInt | str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class Asked(BaseModel):
    """What is asked of /predict."""

    model_config = ConfigDict(extra="allow")
    tasks: Annotated[list[Task], Field(max_length=MOST_TASKS)]
    label_config: str | None = Field(default=None, max_length=1_000_000)


@router.get(
    "/health",
    response_model=dict[str, str],
    summary="Label Studio: is it there?",
    responses=schema.problems(),
)
@router.get("/", include_in_schema=False)
async def health() -> Response:
    """As the client expects it."""
    return JSONResponse({"status": "UP", "model_class": MODEL})


@router.post(
    "/setup",
    response_model=dict[str, str],
    summary="Label Studio: a project",
    responses=schema.problems(),
)
async def setup(request: Request, project: Annotated[dict[str, Any], Body()]) -> Response:
    """Checks the project's configuration; the version of the model."""
    if text := project.get("schema") or project.get("label_config"):
        read_config(str(text))
    return JSONResponse({"model_version": _version(request.app.state.work)})


@router.post(
    "/versions",
    response_model=dict[str, list[str]],
    summary="Label Studio: the versions of the model",
    responses=schema.problems(),
)
async def versions(request: Request, project: Annotated[dict[str, Any], Body()]) -> Response:
    """One: that of the bundle."""
    return JSONResponse({"versions": [_version(request.app.state.work)]})


@router.post(
    "/webhook",
    response_model=dict[str, str],
    summary="Label Studio: events",
    responses=schema.problems(),
)
async def webhook(event: Annotated[dict[str, Any], Body()]) -> Response:
    """Taken and not used: training is `panodent train` on an export."""
    return JSONResponse({"status": "ignored"})


@router.post(
    "/predict",
    response_model=dict[str, Any],
    summary="Label Studio: tasks",
    responses=schema.problems(),
)
async def predict(request: Request, asked: Asked) -> Response:
    """A prediction a task, in order; a task whose image cannot be had gets none, and says why."""
    if not asked.label_config:
        raise AnnotationError("label_config is missing; expected the project's configuration")
    control = read_config(asked.label_config)
    work, origin = request.app.state.work, request.app.state.settings.label_studio
    limit = request.app.state.settings.bounds.upload
    work.crew.check()  # once begun, all tasks are answered
    version, results = _version(work), []
    for task in asked.tasks:
        try:
            name, content = await asyncio.to_thread(_image, task, control, origin, limit)
            upload = await asyncio.to_thread(put, work.store.files, name, content)
            _, pieces = await work.predict(upload, ["record"], patient=True)
        except (AnnotationError, RadiographError) as error:
            empty = {"model_version": version, "score": 0.0, "result": []}
            results.append({**empty, "error": str(error)})
        else:
            results.append(await asyncio.to_thread(_prediction, pieces["record"], control, version))
    return JSONResponse({"results": results, "model_version": version})


def _version(work: Work) -> str:
    return f"{MODEL}-{__version__}-{work.crew.bundle.get('digest', '')[:8]}"


def read_config(text: str) -> Control:
    """What a labelling configuration says; raises `AnnotationError`.

    A document type, which could hold entities that grow without bound, is refused.
    """
    from xml.etree.ElementTree import XMLParser

    if "<!" in text.replace("<!--", ""):
        raise AnnotationError("the labelling configuration declares a document type; leave it out")
    try:
        parser = XMLParser()  # noqa: S314 - without a document type there are no entities
        parser.feed(text)
        root = parser.close()
    except (ParseError, ValueError) as error:
        raise AnnotationError(f"the labelling configuration is no XML ({error})") from None
    images = {tag.get("name"): tag for tag in root.iter("Image")}
    for tag in root.iter():
        if tag.tag in _CONTROLS and tag.get("toName") in images and tag.get("name"):
            return _control(tag, images[tag.get("toName")])
    raise AnnotationError(
        "the labelling configuration has no <BrushLabels> or <PolygonLabels> for an <Image>; "
        "expected one with a <Label value='11'/> for each tooth"
    )


def _control(tag: Element, image: Element) -> Control:
    values = [str(label.get("value", "")) for label in tag.iter("Label")]
    numbers = Naming().numbers(values, Path("the labelling configuration"))
    return Control(
        _CONTROLS[tag.tag],
        str(tag.get("name")),
        str(image.get("name")),
        str(image.get("value", "$image")).lstrip("$"),
        {number: value for value, number in numbers.items() if number is not None},
    )


def _prediction(record: bytes, control: Control, version: str) -> dict[str, Any]:
    teeth = from_record(json.loads(record))
    regions = []
    for index, fdi in enumerate(teeth.fdi.tolist()):
        label = control.labels.get(fdi)
        if label is None:
            continue  # the project does not ask for this tooth
        region = result(teeth, index, Naming("fdi"), control.geometry)
        if region["type"] != f"{control.geometry}labels":
            region = _outline(teeth, index, region)  # the project knows no brush
        region["value"][region["type"]] = [label]
        names = {"from_name": control.name, "to_name": control.image}
        regions.append({"id": f"tooth{index + 1}", **region, **names})
    scores = teeth.numbered().scores
    score = float(scores.mean()) if len(scores) else 0.0
    return {"model_version": version, "score": round(score, 4), "result": regions}


def _outline(teeth: Teeth, index: int, region: dict[str, Any]) -> dict[str, Any]:
    """A tooth of several parts, or with a hole, as the outline of its largest part."""
    rings = [part[0] for part in teeth.polygons(index)]
    height, width = teeth.size
    points = max(rings, key=_area) * 100 / (width, height)
    value = {"points": points.tolist(), "closed": True}
    return {**region, "type": "polygonlabels", "value": value}


def _area(ring: Ring) -> float:
    """Twice what a ring encloses (shoelace formula)."""
    x, y = ring.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


# --- images ------------------------------------------------------------------------------------


def _image(task: Task, control: Control, origin: Origin, limit: int) -> tuple[str, bytes]:
    """Name and content of a task's image: in the task itself, or from the known Label Studio."""
    value = task.data.get(control.field)
    if not isinstance(value, str) or not value:
        raise AnnotationError(f"a task has no image in its field {control.field!r}")
    if value.startswith("data:"):
        return "task.png", _inline(value)
    if not origin.url:
        raise AnnotationError(
            "the image lies elsewhere, and this service fetches from nowhere; "
            "start it with --label-studio URL"
        )
    try:
        url = urljoin(origin.url.rstrip("/") + "/", value)
        here, there = urlsplit(origin.url), urlsplit(url)
    except ValueError:
        raise AnnotationError("a task's image is no URL") from None
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise AnnotationError(
            f"the image lies at {there.netloc[:80]!r}; images are fetched from {here.netloc} alone"
        )
    return Path(there.path).name, _fetched(url, origin.key, limit)


def _inline(value: str) -> bytes:
    head, comma, body = value.partition(",")
    try:
        if head.endswith(";base64"):
            return base64.b64decode(body, validate=True)
        return unquote_to_bytes(body) if comma else b""
    except (binascii.Error, ValueError):
        raise AnnotationError("a task's image is no valid data: URL") from None


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """A redirection could lead anywhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _fetched(url: str, key: str, limit: int) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"Token {key}"} if key else {})  # noqa: S310
    try:
        with urllib.request.build_opener(_Unmoved).open(request, timeout=FETCH_SECONDS) as answer:
            content, until = bytearray(), time.monotonic() + FETCH_SECONDS
            while len(content) <= limit and (piece := answer.read1(1 << 20)):
                content += piece
                if time.monotonic() > until:
                    raise TimeoutError(f"longer than {FETCH_SECONDS:g} seconds")
    except (URLError, OSError, ValueError, HTTPException) as error:
        raise AnnotationError(f"a task's image cannot be fetched ({error})") from None
    if len(content) > limit:
        raise AnnotationError(f"a task's image is larger than {limit / 2**20:.0f} MiB")
    return bytes(content)
