"""Every operation of the API that a program needs has a call."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from panodent.client import calls
from panodent.serve.app import App, ServiceSettings

NOT_CALLED = {"follow_job", "check_numbering", "healthz", "readyz", "metrics"}
"""For browsers and for supervision."""


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
