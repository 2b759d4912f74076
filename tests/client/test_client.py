"""The client against a service that is busy, away or refuses, and against a real one."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from panodent.client import AsyncClient, Client
from panodent.client import client as module
from panodent.errors import ServiceError

Answer = Callable[[httpx.Request], httpx.Response]
BUSY = httpx.Response(503, headers={"Retry-After": "3"}, json={"detail": "32 are waiting"})


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client has waited, in no time."""
    slept: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr(module.time, "sleep", sleep)
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    return slept


class Script:
    """Answers requests in turn, the last one again and again."""

    def __init__(self, *turns: httpx.Response | Exception) -> None:
        self.turns, self.asked = list(turns), []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, str(request.url), request.read()))
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if isinstance(turn, Exception):
            raise turn
        return httpx.Response(turn.status_code, headers=turn.headers, content=turn.content)

    def client(self, **options: Any) -> Client:
        return Client("http://teeth.example/x/#token=a-token", transport=httpx.MockTransport(self))


def ok(value: Any) -> httpx.Response:
    return httpx.Response(200, json=value)


def test_requests_are_what_the_service_expects() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return ok({"id": "7"})

    with Client("http://teeth.example/x", "t", transport=httpx.MockTransport(answer)) as client:
        moment = datetime(2026, 3, 1, tzinfo=UTC)
        client.studies(5, 10, search="ä&b", show="reviewed", sort="name", created_from=moment)
        client.save_study("7", 2, [{"id": "t1", "fdi": 11}], [], by="reader 1")
        client.save_study("7", 2, [])
        client.export_study("7", "report.pdf", "palmer")
        client.predict_as(("scan.png", b"pixels"), "image/png")
        client.delete_study("7")
    listed, saved, teeth_only, exported, predicted, deleted = seen
    assert all(request.headers["authorization"] == "Bearer t" for request in seen)
    assert listed.url.path == "/x/v1/studies"
    assert dict(listed.url.params) == {
        "limit": "5", "offset": "10", "search": "ä&b", "show": "reviewed", "sort": "name",
        "order": "desc", "created_from": "2026-03-01T00:00:00+00:00",
    }  # fmt: skip
    assert json.loads(saved.content) == {
        "revision": 2, "by": "reader 1", "teeth": [{"id": "t1", "fdi": 11}], "findings": [],
    }  # fmt: skip
    assert "findings" not in json.loads(teeth_only.content)
    assert str(exported.url).endswith("/v1/studies/7/export/report.pdf?numbering=palmer")
    assert predicted.headers["accept"] == "image/png"
    assert b'name="file"; filename="scan.png"' in predicted.content
    assert deleted.method == "DELETE"


def test_a_busy_service_is_asked_again_as_it_wishes(pauses: list[float], tmp_path: Path) -> None:
    (tmp_path / "scan.png").write_bytes(b"x" * 1000)
    script, sent = Script(BUSY, httpx.Response(502), ok({"id": "7"})), []
    with script.client() as client:
        progress = lambda done, total: sent.append((done, total))  # noqa: E731
        assert client.add_study(tmp_path / "scan.png", progress)["id"] == "7"
    assert 3 <= pauses[0] <= 3.75
    assert 1 <= pauses[1] <= 1.25
    assert len(script.asked) == 3
    assert all(b"x" * 1000 in body for _, _, body in script.asked)
    assert sent == [(1000, 1000)] * 3


def test_patience_ends_with_the_explanation_of_the_service(pauses: list[float]) -> None:
    with Script(BUSY).client() as client, pytest.raises(ServiceError, match="32 are wait") as error:
        client.info()
    assert error.value.status == 503
    assert sum(pauses) <= 60


@pytest.mark.parametrize(
    ("call", "fault", "again"),
    [
        (lambda client: client.info(), httpx.ReadError("cut off"), True),
        (lambda client: client.add_example(), httpx.ReadError("cut off"), False),
        (lambda client: client.add_example(), httpx.ConnectError("refused"), True),
        (lambda client: client.delete_study("7"), httpx.ReadTimeout("slow"), False),
        (lambda client: client.predict(("x.png", b"x")), httpx.ReadTimeout("slow"), True),
    ],
)
def test_what_may_have_been_done_is_not_done_twice(
    pauses: list[float], call: Any, fault: Exception, again: bool
) -> None:
    script = Script(fault, ok({"id": "7"}))
    with script.client() as client:
        if again:
            call(client)
        else:
            with pytest.raises(ServiceError, match="look whether it was done") as caught:
                call(client)
            assert caught.value.status == 0
    assert len(script.asked) == 1 + again


def test_refusals_are_raised_with_their_explanation() -> None:
    refused = httpx.Response(409, json={"detail": "the study was saved in the meantime"})
    with Script(refused).client() as client:
        with pytest.raises(ServiceError, match=r"PUT /v1/studies/7/teeth: the study was") as caught:
            client.save_study("7", 0, [])
        assert caught.value.status == 409
    with (
        Script(httpx.Response(404, text="<html>")).client() as client,
        pytest.raises(ServiceError, match="does not come from panodent; check the address"),
    ):
        client.info()


def test_a_job_is_followed_to_its_end(pauses: list[float]) -> None:
    states = [{"state": name, "done": done} for name, done in (("queued", 0), ("running", 1))]
    script = Script(
        ok(states[0]), ok(states[1]), httpx.ConnectError("restart"), ok(states[1]),
        ok({"state": "done", "done": 2}),
    )  # fmt: skip
    changes: list[Any] = []
    with script.client() as client:
        assert client.wait_for_job("7", changes.append)["done"] == 2
    assert [change["done"] for change in changes] == [0, 1, 2]


def test_all_studies_come_in_pages() -> None:
    pages = [{"studies": [{"id": n} for n in range(100)]}, {"studies": [{"id": 100}]}]
    script = Script(*(ok(page) for page in pages), ok({"studies": []}))
    with script.client() as client:
        assert [study["id"] for study in client.all_studies(show="reviewed")] == list(range(101))
    assert [url.split("offset=")[1].split("&")[0] for _, url, _ in script.asked] == [
        "0", "100", "101",
    ]  # fmt: skip


def test_studies_that_leave_the_list_while_they_are_read_do_not_hide_others() -> None:
    unreviewed = list(range(150))

    def answer(request: httpx.Request) -> httpx.Response:
        limit, offset = (int(request.url.params[key]) for key in ("limit", "offset"))
        return ok({"studies": [{"id": n} for n in unreviewed[offset : offset + limit]]})

    with Client("http://teeth.example", transport=httpx.MockTransport(answer)) as client:
        for study in client.all_studies(show="unreviewed"):
            unreviewed.remove(study["id"])
    assert unreviewed == []


def test_both_clients_have_the_same_methods() -> None:
    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(found).parameters)
            for name, found in vars(kind).items()
            if not name.startswith("_") and callable(found)
        }

    assert methods(Client) == methods(AsyncClient)
    for name in methods(Client):
        assert getattr(Client, name).__doc__ == getattr(AsyncClient, name).__doc__
