"""Every operation of the API that a program needs has a call."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

from panodent.client import calls
from panodent.serve.app import App, ServiceSettings

NOT_CALLED = {"follow_job", "check_numbering", "get_beside", "healthz", "readyz", "metrics"}
"""For browsers and for supervision."""


def test_the_conditions_of_a_list_are_those_of_the_service(tmp_path: Path) -> None:
    document = App(ServiceSettings(tmp_path))._described()
    parameters = document["paths"]["/v1/studies"]["get"]["parameters"]
    known = {one["name"]: one["schema"] for one in parameters}
    assert {one.name for one in fields(calls.Chosen)} == set(known) - {"limit", "offset"}
    assert set(known["show"]["enum"]) == set(get_args(calls.Show))
    assert set(known["sort"]["enum"]) == set(get_args(calls.SortKey))


def test_every_operation_has_a_call_and_every_call_an_operation(tmp_path: Path) -> None:
    source = inspect.getsource(calls)
    asked = set(re.findall(r'"(GET|POST|PUT|DELETE)",\s*f?"(v1/[^"]+)"', source))
    called = {(method, re.sub(r"\{\w+\}", "*", path)) for method, path in asked}
    document = App(ServiceSettings(tmp_path))._described()
    offered = {
        (method.upper(), re.sub(r"\{\w+\}", "*", path.removeprefix("/")))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] not in NOT_CALLED and operation["tags"] != ["Label Studio"]
    }
    assert called == offered
