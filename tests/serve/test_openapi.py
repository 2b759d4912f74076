"""The OpenAPI document, and requests made from it: no 5xx, and every answer as it is described."""

from __future__ import annotations

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings

schemathesis = pytest.importorskip("schemathesis")
from schemathesis import GenerationMode, checks  # noqa: E402

FORM = "multipart/form-data"
EXAMPLES = {GenerationMode.POSITIVE: 6, GenerationMode.NEGATIVE: 4}
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def document(server):
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


@pytest.fixture(scope="module")
def study(server, png):
    made = server.post("/v1/studies", png).json()["id"]
    yield made
    requests.delete(f"{server.url}/v1/studies/{made}", timeout=60)


def operations(document):
    return [found.ok() for found in document.get_all_operations()]


@pytest.mark.parametrize("mode", EXAMPLES)
def test_requests_from_the_document_are_answered_as_it_says(document, study, mode):
    """Well-formed requests and malformed ones, the same ones each time."""
    asked = set()
    for operation in operations(document):
        takes = [p.name for p in (*operation.path_parameters, *operation.query)]
        if mode is GenerationMode.NEGATIVE and not takes and not operation.body:
            continue  # nothing that could be malformed

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES[mode],
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case):
            asked.add(case.operation.label)
            known = mode is GenerationMode.POSITIVE and case.method != "DELETE"
            if known and "study" in (case.path_parameters or {}):
                case.path_parameters["study"] = study
            case.call_and_validate(checks=CHECKS, timeout=120)

        ask()
    assert len(asked) >= 10


def test_answers_with_radiographs_are_as_the_document_says(document, server, png):
    known = {operation.label: operation for operation in operations(document)}

    def ask(label, status, **options):
        answer = known[label].Case(**options).call_and_validate(checks=CHECKS, timeout=60)
        assert answer.status_code == status
        return answer

    ask("POST /v1/predict", 200, body={"file": png}, media_type=FORM)
    made = ask("POST /v1/studies", 201, body={"file": png}, media_type=FORM).json()
    there = {"path_parameters": {"study": made["id"]}}
    edit = {"revision": 0, "teeth": [{"id": "t1", "fdi": 0}]}
    ask("PUT /v1/studies/{study}/teeth", 200, body=edit, media_type="application/json", **there)
    ask("PUT /v1/studies/{study}/teeth", 409, body=edit, media_type="application/json", **there)
    for place in ("", "/image", "/measurements"):
        ask(f"GET /v1/studies/{{study}}{place}", 200, **there)
    for name in ("overlay.png", "coco.json", "teeth.csv", "odontogram.svg"):
        options = {"path_parameters": {"study": made["id"], "name": name}}
        ask("GET /v1/studies/{study}/export/{name}", 200, **options)
    ask("GET /v1/studies", 200)
    ask("DELETE /v1/studies/{study}", 204, **there)
    ask("DELETE /v1/studies/{study}", 404, **there)


def test_the_document_has_examples_and_says_what_errors_look_like(document):
    raw = document.raw_schema
    for path, methods in raw["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            for code, answer in operation["responses"].items():
                content = answer.get("content", {})
                if code.startswith(("4", "5")):
                    assert list(content) == ["application/problem+json"], where
                    assert "example" in content["application/problem+json"], where
                elif "schema" in content.get("application/json", {}):
                    described = content["application/json"]
                    assert "example" in described or "examples" in described, where
            for kind, taken in operation.get("requestBody", {}).get("content", {}).items():
                if kind == "application/json":
                    assert "example" in taken or "examples" in taken, where
