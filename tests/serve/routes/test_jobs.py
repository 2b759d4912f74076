"""The event streams of jobs: how many, what they send, and when they end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from panodent.errors import UnknownJobError
from panodent.serve.routes.jobs import MAX_FOLLOWERS, follow_job

JOB = {"id": "0" * 32, "state": "running", "total": 2, "done": 1, "failed": 0, "items": [1, 2]}


class FakeService:
    """A service with one job, which is removed after its states unless the last one ends it."""

    def __init__(self, *states: str) -> None:
        self.states, self.followers = states, 0
        self.store = SimpleNamespace(jobs=SimpleNamespace(get=lambda job: JOB))

    async def call_store(self, function: Any, *arguments: Any) -> Any:
        return function(*arguments)

    async def follow_job(self, job: str) -> AsyncIterator[dict[str, Any]]:
        for state in self.states:
            assert self.followers == 1
            yield {**JOB, "state": state}
        if state not in ("done", "cancelled"):
            raise UnknownJobError("removed")


def events(service: FakeService) -> list[tuple[str, dict[str, Any]]]:
    async def main() -> list[str]:
        request = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(service=service)))
        response = await follow_job(request, JOB["id"])
        assert response.media_type == "text/event-stream"
        return [str(chunk) async for chunk in response.body_iterator]

    found = []
    for chunk in asyncio.run(main()):
        name, data, *rest = chunk.split("\n")
        assert rest == ["", ""]  # each event ends with an empty line
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@pytest.mark.parametrize("last", ["done", "cancelled"])
def test_progress_and_then_the_end(last: str) -> None:
    service = FakeService("queued", "running", last)
    found = events(service)
    assert [name for name, _ in found] == ["progress", "progress", "done"]
    assert found[-1][1] == {**{key: JOB[key] for key in JOB if key != "items"}, "state": last}
    assert service.followers == 0


def test_a_stream_ends_with_a_removed_job() -> None:
    service = FakeService("running")
    assert [name for name, _ in events(service)] == ["progress"]
    assert service.followers == 0


def test_streams_have_a_limit() -> None:
    service = FakeService()
    service.followers = MAX_FOLLOWERS
    request = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(service=service)))
    response = asyncio.run(follow_job(request, JOB["id"]))
    assert response.status_code == 503
    assert "request the job itself" in json.loads(response.body)["detail"]
