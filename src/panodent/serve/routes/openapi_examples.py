"""Examples for the OpenAPI document, by model, by path and by status code."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from panodent.version import DISCLAIMER

_ID = "3f0c6a1e9b7d4c52a8e1f06b2d9c4e77"
_MOMENT = "2026-03-01T09:30:00.000000+00:00"
_SQUARE = [[[[812, 604], [866, 604], [866, 731], [812, 731]]]]
_TOOTH: dict[str, Any] = {
    "fdi": 36,
    "name": "lower left first molar",
    "score": 0.97,
    "box": [812, 604, 866, 731],
    "area": 6858,
    "flags": [],
    "alternative": 0,
    "reason": "",
    "polygons": _SQUARE,
}
_SUMMARY: dict[str, Any] = {
    "id": _ID,
    "name": "scan-7.png",
    "kind": "image",
    "created": _MOMENT,
    "updated": _MOMENT,
    "revision": 0,
    "saved": False,
    "width": 2041,
    "height": 1024,
    "quality": 0.94,
    "warning": "",
    "notes": [],
    "spacing_mm": None,
    "count": 1,
    "doubtful": 0,
}
_FINDING: dict[str, Any] = {
    "kind": "filling",
    "fdi": 36,
    "score": 0.91,
    "box": [830, 610, 850, 622],
    "area": 240,
    "flags": [],
    "polygons": [[[[830, 610], [850, 610], [850, 622], [830, 622]]]],
}
_ATTRIBUTES = {"erupted": True, "remnant": False, "impaction": None}
_STUDY_TOOTH = {"id": "t1", **_TOOTH, **_ATTRIBUTES}
_STUDY_FINDING = {"id": "f1", **_FINDING}

MODELS: Mapping[str, Any] = {
    "StudyDetail": {
        **_SUMMARY,
        "predicted": [_STUDY_TOOTH],
        "teeth": [_STUDY_TOOTH],
        "predicted_findings": [_STUDY_FINDING],
        "findings": [_STUDY_FINDING],
        "numbering_problems": [],
    },
    "StudyList": {"total": 1, "all": 1, "reviewed": 0, "studies": [_SUMMARY]},
    "StudiesBeside": {
        "previous": None,
        "next": _ID,
        "next_unreviewed": _ID,
        "all": 50,
        "reviewed": 12,
    },
    "Edit": {
        "revision": 0,
        "teeth": [{"id": "t1", "fdi": 37}, {"fdi": 38, "polygons": _SQUARE}],
        "findings": [{"id": "f1", "kind": "crown", "fdi": 37}],
    },
    "Job": {
        "id": _ID,
        "created": _MOMENT,
        "state": "running",
        "total": 2,
        "done": 1,
        "failed": 0,
        "items": [
            {"name": "scan-7.png", "state": "done", "study": _ID, "error": None, "kept": False},
            {"name": "scan-8.png", "state": "running", "study": None, "error": None, "kept": False},
        ],
    },
    "JobList": {
        "total": 1,
        "jobs": [
            {"id": _ID, "created": _MOMENT, "state": "running", "total": 2, "done": 1, "failed": 0}
        ],
    },
    "Record": {
        "width": 2041,
        "height": 1024,
        "numbering": "FDI",
        "notice": DISCLAIMER,
        "quality": 0.94,
        "warning": "",
        "dentition": "permanent",
        "dentition_certainty": 0.97,
        "attributes_version": 1,
        "spacing_mm": None,
        "notes": [],
        "bundle": "5d1f",
        "teeth": [{**_TOOTH, **_ATTRIBUTES, "rle": "eV[a05Zo1=CbN"}],
    },
    "PlacedTeeth": {
        "teeth": [{"fdi": 46, "box": [40, 50, 50, 90]}, {"fdi": 45, "box": [28, 50, 38, 90]}]
    },
    "Prompt": {"positive": [[840, 660]], "negative": [[875, 660]], "box": None},
    "ToothAt": {
        "polygons": _SQUARE,
        "score": 0.97,
        "numbers": [{"fdi": 36, "probability": 0.95}, {"fdi": 37, "probability": 0.04}],
    },
    "NumberingAnswer": {
        "problems": [
            {"kind": "order", "teeth": [0, 1], "message": "46 and 45 are in each other's place"}
        ]
    },
    "Message": {"status": "ready", "detail": ""},
    "PredictRequest": {
        "tasks": [{"id": 1, "data": {"image": "/data/upload/1/scan-7.png"}}],
        "label_config": "<View><Image name='image' value='$image'/><BrushLabels name='teeth' "
        "toName='image'><Label value='36'/></BrushLabels></View>",
    },
}
"""By model, see `panodent.serve.routes.schema`."""

RESPONSES: Mapping[str, Any] = {
    "/v1/info": {"version": "0.1.0", "notice": DISCLAIMER, "dicom": True, "max_bytes": 67108864},
    "/v1/studies/{study}/measurements": {
        "size": [1024, 2041],
        "teeth": [{"id": "t1", "fdi": 36, "area": 6858, "length": 127.0, "width": 54.0}],
    },
    "/label-studio/health": {"status": "UP", "model_class": "panodent"},
    "/label-studio/setup": {"model_version": "panodent-0.1.0-5d1f"},
    "/label-studio/versions": {"versions": ["panodent-0.1.0-5d1f"]},
    "/label-studio/webhook": {"status": "ignored"},
    "/label-studio/predict": {
        "results": [{"model_version": "panodent-0.1.0-5d1f", "score": 0.97, "result": []}]
    },
}
"""By path, for responses without a model."""

REQUESTS: Mapping[str, Any] = {
    "/label-studio/setup": {"project": "7.1700000000", "schema": "<View></View>"},
    "/label-studio/versions": {"project": "7.1700000000"},
    "/label-studio/webhook": {"action": "ANNOTATION_CREATED", "project": {"id": 7}},
}
"""By path, for requests without a model."""

_DETAILS: Mapping[int, str] = {
    400: "the form ends before its last boundary; send it again",
    401: "a token is required; send it as Authorization: Bearer TOKEN",
    403: "requests from pages of other sites are refused",
    404: f"no study '{_ID}'; it may have been deleted",
    406: "Accept names no available format; known: application/json (teeth.json), image/png "
    "(labels) and application/dicom (segmentation)",
    408: "the request body came too slowly; send it again",
    409: "the study was saved in the meantime (it has revision 2, your edit is based on 1); reload "
    "it and make your changes again",
    413: "the request is larger than the limit of 64 MiB",
    415: "expected multipart/form-data with files named 'file'",
    421: "this service does not accept the host name 'example.org'; add it with --allow-host",
    422: "scan-7.png: the file is damaged or cut off; copy it again from its source",
    503: "32 radiographs are waiting, which is the limit; send this one again in a moment",
    507: "the disk of the store is full; delete studies or free some space, then send it again",
}


def add_examples(document: dict[str, Any]) -> dict[str, Any]:
    """Adds the examples to an OpenAPI document, in place; returns it."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            request = operation.get("requestBody", {}).get("content", {})
            _add(request, REQUESTS.get(path), "")
            for code, response in operation["responses"].items():
                _add(response.get("content", {}), RESPONSES.get(path), str(code))
    return document


def _add(content: dict[str, Any], by_path: Any, code: str) -> None:
    for media, described in content.items():
        name = described.get("schema", {}).get("$ref", "").rsplit("/", 1)[-1]
        if media == "application/problem+json":
            described["example"] = _problem(int(code))
        elif media == "application/json" and name in MODELS:
            described["example"] = MODELS[name]
        elif media == "application/json" and by_path is not None:
            described["example"] = by_path


def _problem(code: int) -> dict[str, Any]:
    title = "Unprocessable Content" if code == 422 else HTTPStatus(code).phrase
    detail = _DETAILS.get(code, "what was given, what was expected, what to do")
    return {"type": "about:blank", "title": title, "status": code, "detail": detail}
