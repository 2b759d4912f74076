"""Every operation of the API that a program needs has a call, with all that it takes."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import pytest

from panodent.client import calls
from panodent.client.calls import StudyConditions
from panodent.serve.app import App, ServiceSettings

NOT_CALLED = {"follow_job", "healthz", "readyz", "metrics"}
"""For browsers and for supervision."""
MOMENT = datetime(2026, 3, 1, tzinfo=UTC)
CONDITIONS: StudyConditions = {
    "search": "ä&b",
    "show": "reviewed",
    "created_from": MOMENT,
    "created_before": MOMENT,
    "sort": "name",
    "order": "asc",
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The OpenAPI document of the service."""
    return App(ServiceSettings(tmp_path_factory.mktemp("store")))._described()


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """By method and path, with * for what varies."""
    return {
        (method.upper(), re.sub(r"\{\w+\}", "*", path.removeprefix("/"))): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] not in NOT_CALLED and operation["tags"] != ["Label Studio"]
    }


def queries(operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The schemas of an operation's query parameters."""
    found = operation.get("parameters", ())
    return {one["name"]: one["schema"] for one in found if one["in"] == "query"}


def test_every_operation_has_a_call_and_every_call_an_operation(document: dict[str, Any]) -> None:
    source = inspect.getsource(calls)
    asked = set(re.findall(r'"(GET|POST|PUT|DELETE)",\s*f?"(v1/[^"]+)"', source))
    called = {(method, re.sub(r"\{\w+\}", "*", path)) for method, path in asked}
    assert called == set(operations(document))


def test_every_parameter_can_be_sent_and_no_other(document: dict[str, Any]) -> None:
    full = [
        calls.studies(5, 10, **CONDITIONS),
        calls.neighbours("*", **CONDITIONS),
        calls.export_study("*", "*", "palmer"),
        calls.jobs(5, 10),
        calls.add_turned("*", "mirror"),
    ]
    sent = {(call.method, call.path): set(call.query) for call in full}
    asked = {key: set(queries(operation)) for key, operation in operations(document).items()}
    assert sent == {key: names for key, names in asked.items() if names}
    assert calls.export_study("*", "*", None).query == {}  # the service decides
    with pytest.raises(TypeError, match="'saved'"):  # of an earlier version: not all studies
        calls.studies(5, 10, saved=True)  # type: ignore[call-arg]


def test_parameters_have_the_values_of_the_service(document: dict[str, Any]) -> None:
    asked = queries(operations(document)["GET", "v1/studies"])
    hints = get_type_hints(StudyConditions)
    assert get_args(hints["sort"]) == tuple(asked["sort"]["enum"])
    assert get_args(hints["show"]) == tuple(asked["show"]["enum"])
    assert set(get_args(hints["order"])) == set(asked["order"]["pattern"][2:-2].split("|"))
    turned = queries(operations(document)["POST", "v1/studies/*/turned"])
    assert get_args(calls.Turn) == tuple(turned["turn"]["enum"])
    sent = calls.study_conditions()
    defaults = {key: schema.get("default") for key, schema in asked.items()}
    assert sent == {key: defaults[key] for key in sent}


def test_bodies_have_the_fields_of_the_service(document: dict[str, Any]) -> None:
    models = document["components"]["schemas"]
    saved = calls.save_study("7", 0, [], [], "reader 1").body
    assert set(saved) == set(models["Edit"]["properties"])
    tooth = {"id": "t1", "fdi": 36, "box": [1, 2, 3, 4], "accepted": {"by": "", "at": ""}}
    (placed,) = calls.check_numbering([tooth]).body["teeth"]
    assert placed == {"fdi": 36, "box": [1, 2, 3, 4], "accepted": True}
    assert set(placed) == set(models["PlacedTooth"]["properties"])
