"""The documentation of the API as a page: without scripts, and without another server."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from panodent.serve.routes.openapi_names import TAGS

if TYPE_CHECKING:
    from jinja2 import Template

router = APIRouter()


@router.get("/docs", include_in_schema=False)
async def api_docs(request: Request) -> Response:
    """The page."""
    return HTMLResponse(rendered(request.app.openapi()))


def rendered(document: Mapping[str, Any]) -> str:
    """An OpenAPI document as HTML."""
    operations = list(_operations(document))
    groups = [
        (tag, about, [one for one in operations if one["tag"] == tag])
        for tag, (about, _) in TAGS.items()
    ]
    objects = {
        name: [(key, _kind(value), value.get("description", "")) for key, value in found.items()]
        for name, schema in document["components"]["schemas"].items()
        if (found := schema.get("properties")) and "Validation" not in name
    }
    return _template().render(info=document["info"], groups=groups, objects=objects)


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("panodent.serve")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template(
        "api_docs.html"
    )


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield {
                "id": operation["operationId"],
                "tag": operation["tags"][0],
                "method": method.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "about": operation.get("description", ""),
                "parameters": [
                    (item["name"], item["in"], _kind(item["schema"]), item.get("description", ""))
                    for item in operation.get("parameters", ())
                ],
                "command": _command(method.upper(), path, operation),
                "answers": [_answer(*answer) for answer in operation["responses"].items()],
            }


def _answer(code: str, answer: Mapping[str, Any]) -> tuple[str, str, str]:
    """(status, media types, example)."""
    content = answer.get("content", {})
    example = next((item["example"] for item in content.values() if "example" in item), None)
    shown = "" if example is None else json.dumps(example, indent=1, ensure_ascii=False)
    return code, ", ".join(content) or answer.get("description", ""), shown


def _command(method: str, path: str, operation: Mapping[str, Any]) -> str:
    """The request with curl; $AUTH is the header with the token, $URL the service."""
    words = ["curl", "-H", '"$AUTH"', *(() if method in ("GET", "POST") else ("-X", method))]
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        if media == "multipart/form-data":
            words += ["-F", f"{next(iter(body['schema']['properties']))}=@scan.png"]
        else:
            example = json.dumps(body.get("example", {}), ensure_ascii=False)
            words += ["-H", f"'Content-Type: {media}'", "-d", shlex.quote(example)]
    if method == "POST" and "requestBody" not in operation:
        words += ["-X", method]
    return " ".join([*words, f'"$URL{path}"'])


def _kind(schema: Mapping[str, Any]) -> str:
    """The type that a JSON schema describes, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(filter(None, map(_kind, schema["anyOf"])))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}".removesuffix(" of ")
    return str(schema.get("format") or schema.get("type", ""))
