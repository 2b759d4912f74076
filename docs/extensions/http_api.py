"""The reference of the HTTP API, from the OpenAPI document that the service itself offers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from extensions.tables import sentence, table
from panodent.serve.app import App, ServiceSettings

PROBLEM = "application/problem+json"


def document() -> dict[str, Any]:
    """What the service answers to GET /openapi.json; no worker is started, no store is opened."""
    logging.getLogger("panodent.serve").setLevel(logging.WARNING)
    service = App(ServiceSettings(store=Path("studies")))
    pieces: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        pieces.append(message.get("body", b""))

    path = "/openapi.json"
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    scope |= {"query_string": b"", "headers": [(b"host", b"localhost")], "http_version": "1.1"}
    asyncio.run(service(scope, receive, send))
    found: dict[str, Any] = json.loads(b"".join(pieces))
    return found


def markdown() -> str:
    """A section for each operation, then one for each object."""
    api = document()
    common = set.intersection(*(_errors(operation) for _, _, operation in operations(api)))
    parts = [
        table(("request", "what it does"), _index(api)),
        "## Operations",
        f"Every operation can answer with {_codes(common)} and a [Problem](#problem); further "
        "error codes are named with the operation.",
    ]
    for path, method, operation in operations(api):
        parts += _operation(path, method, operation, common)
    parts += ["## Objects"]
    for name, schema in api["components"]["schemas"].items():
        if "properties" in schema and not name.startswith(("HTTPValidation", "Validation")):
            parts += [f"### {name}", sentence(schema.get("description", ""))]
            parts.append(table(("key", "type", "meaning"), _properties(schema)))
    return "\n\n".join(part for part in parts if part)


def operations(api: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation) of all routes."""
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def _errors(operation: Mapping[str, Any]) -> set[str]:
    """Status codes that come with problem details."""
    answers = operation["responses"]
    return {code for code in answers if PROBLEM in answers[code].get("content", {})}


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(f"`{code}`" for code in sorted(codes))


def _index(api: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for path, method, operation in operations(api):
        yield f"`{method} {path}`", sentence(operation.get("summary", ""))


def _operation(
    path: str, method: str, operation: Mapping[str, Any], common: set[str]
) -> Iterator[str]:
    yield f"### `{method} {path}`"
    yield sentence(operation.get("summary", ""))
    yield sentence(operation.get("description", ""))
    rows = [
        (f"`{item['name']}`", item["in"], _kind(item["schema"]), item.get("description", ""))
        for item in operation.get("parameters", ())
    ]
    if rows:
        yield table(("parameter", "in", "type", "meaning"), rows)
    if "requestBody" in operation:
        yield "Body: " + "; ".join(_bodies(operation["requestBody"])) + "."
    errors = _errors(operation)
    good = [
        ", ".join([f"`{code}`", *_media(answer.get("content", {}))])
        for code, answer in operation["responses"].items()
        if code not in errors
    ]
    yield "Answer: " + "; ".join(good) + "."
    if errors - common:
        yield f"Errors: {_codes(errors - common)}."


def _bodies(body: Mapping[str, Any]) -> Iterator[str]:
    for media, content in body["content"].items():
        schema = content["schema"]
        if media == "multipart/form-data":
            for name, part in schema["properties"].items():
                many = "parts" if part["type"] == "array" else "a part"
                yield f"{media} with {many} `{name}` ({body.get('description', '')})"
        else:
            yield f"{media}, {_kind(schema)}"


def _media(content: Mapping[str, Any]) -> Iterator[str]:
    for media, item in content.items():
        schema = item.get("schema") or {}
        kind = "" if schema.get("format") == "binary" else _kind(schema)
        yield f"{media} {kind}".strip()


def _kind(schema: Mapping[str, Any]) -> str:
    """The type that a JSON schema describes, with its limits, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        kinds = (_kind(option) for option in schema["anyOf"])
        return " or ".join(kind for kind in kinds if kind)
    kind = str(schema.get("type", ""))
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}".removesuffix(" of ")
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        kind += f" from {low:,.10g} to {high:,.10g}"
    return kind


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    required = schema.get("required", ())
    for name, item in schema["properties"].items():
        about = sentence(item.get("description", ""))
        if name not in required:
            about = f"{about} Optional.".strip()
        yield f"`{name}`", _kind(item), about
