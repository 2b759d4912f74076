"""The application without a network: its document, its error responses and a failed start."""

from __future__ import annotations

import asyncio
import errno
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.requests import ClientDisconnect

from panodent.errors import UnknownStudyError
from panodent.serve.app import App, ServiceSettings
from panodent.serve.routes import worklist


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(ServiceSettings(tmp_path / "store", workers=1))


def get(app: App, path: str, method: str = "GET") -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON body of a request to the application."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": b"", "headers": [(b"host", b"localhost")], "http_version": "1.1",
        "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 9),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    head = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], head, json.loads(body) if body else None


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (UnknownStudyError("no study"), 404, "no study"),
        (ClientDisconnect(), 400, "disconnected"),
        (OperationalError("SELECT", {}, Exception("Waltraud")), 503, "the database does not"),
        (OSError(errno.ENOSPC, "full"), 507, "free some space"),
        (OSError(errno.EPERM, "Waltraud"), 500, "see its log"),
        (ValueError("Waltraud"), 500, "see its log"),
    ],
)
def test_errors_of_routes_become_problems(
    app: App,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: int,
    detail: str,
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(worklist, "service_of", fail)
    found, head, body = get(app, "/v1/studies")
    assert (found, head["content-type"]) == (status, "application/problem+json")
    assert detail in body["detail"]
    assert "Waltraud" not in str(body) + caplog.text
    assert (f"{type(error).__name__} at fail" in caplog.text) == (status in (500, 503))


def test_another_method_is_told_those_of_the_path(app: App) -> None:
    status, head, _ = get(app, f"/v1/studies/{'0' * 32}", "PATCH")
    assert (status, head["allow"]) == (405, "DELETE, GET")
    assert get(app, "/", "DELETE")[1]["allow"] == "GET"


def test_the_document_names_the_token_only_if_there_is_one(app: App, tmp_path: Path) -> None:
    document = get(app, "/openapi.json")[2]
    assert "security" not in document
    protected = App(ServiceSettings(tmp_path / "other", token="a-token"))  # noqa: S106
    assert get(protected, "/openapi.json")[2]["security"] == [{"token": []}]


def test_a_failed_start_is_kept_for_who_runs_the_application(tmp_path: Path) -> None:
    app = App(ServiceSettings(tmp_path / "store", bundle=str(tmp_path / "none"), workers=1))
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(Exception, match="none"):
        asyncio.run(app({"type": "lifespan", "app": app, "state": {}}, receive, send))
    assert sent == [{"type": "lifespan.startup.failed"}]
    assert "none" in str(app.failure)
