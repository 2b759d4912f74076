"""What is left after the service is killed, or stopped, in the middle of its work."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.main import get_command

from panodent.cli import app
from panodent.datasets.dataset import find
from panodent.errors import PanodentError
from panodent.serve.server import GRACE_SECONDS


def wait(check: Any, seconds: float = 120.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < until
        time.sleep(0.1)
    return found


def job_of(server: Any, count: int, png: bytes) -> str:
    files = [("files", (f"{number}.png", png)) for number in range(count)]
    answer = requests.post(f"{server.url}/v1/jobs", files=files, timeout=60)
    return str(answer.headers["location"])


def finished(server: Any, path: str) -> dict[str, Any]:
    return wait(lambda: (job := server.get(path).json())["state"] == "done" and job)


def teeth_in(record: Path) -> int:
    """Of a study's results, which each save replaces; 0 where there are none at the moment."""
    try:
        return len(json.loads(record.read_text())["teeth"])
    except FileNotFoundError:
        return 0


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()


def test_nothing_is_lost_and_nothing_doubled_when_it_is_killed(serve, png, tmp_path, database):
    count = 6
    options = {"PANODENT_DATABASE": database} if database else {}
    server = serve("--workers", "2", store=tmp_path / "store", **options)
    study = server.post("/v1/studies", png, "kept.png").json()
    place = f"/v1/studies/{study['id']}"
    record = server.store / "results" / study["id"] / "teeth.json"

    def save(revision: int, *teeth: str) -> Any:
        edit = {"revision": revision, "teeth": [{"id": tooth, "fdi": 0} for tooth in teeth]}
        return requests.put(f"{server.url}{place}/teeth", json=edit, timeout=60).json()

    save(0, "t1", "t2")
    wait(lambda: teeth_in(record) == 2)
    workers = server.members()[1:]
    # One worker is held at its radiograph: the job is not over when the service is killed.
    with server.workers_held(1):
        path = job_of(server, count, png)
        wait(lambda: server.get(path).json()["done"] >= 1)
        saved = save(1, "t1")
        assert server.get(path).json()["done"] < count
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    wait(lambda: all(gone(pid) for pid in workers))  # they end with the service

    # What a write that was cut off leaves, and what nobody asked for.
    stray = server.store / "files" / ("0" * 32)
    stray.mkdir()
    server.start()
    assert not stray.exists()
    assert server.get(place).json() == saved
    job = finished(server, path)
    assert (job["total"], job["done"], job["failed"]) == (count, count, 0)
    names = [item["name"] for item in job["items"]]
    assert names == [f"{number}.png" for number in range(count)]
    listed = server.get("/v1/studies?limit=500").json()
    assert listed["total"] == count + 1
    assert sorted(s["name"] for s in listed["studies"]) == sorted(["kept.png", *names])
    assert len({item["study"] for item in job["items"]}) == count
    for item in job["items"]:
        found = server.get(f"/v1/studies/{item['study']}").json()
        assert found["teeth"] == study["teeth"]
    # The results of what was saved just before the end are made after it.
    wait(lambda: teeth_in(record) == 1)
    wait(lambda: study["id"] in (server.store / "training/annotations.json").read_text())
    assert [case.key for case in find(server.store / "training").cases] == [study["id"]]
    assert len(list((server.store / "files").iterdir())) == count + 1
    server.stop()


def test_a_stop_ends_what_runs_and_leaves_the_rest_for_later(serve, png, tmp_path):
    server = serve("--workers", "1", store=tmp_path / "store")
    answers: list[Any] = []
    asked = threading.Thread(target=lambda: answers.append(server.post("/v1/predict", png)))
    with server.workers_held():
        path = job_of(server, 4, png)
        followed = server.get(f"{path}/events", stream=True)
        asked.start()
        wait(lambda: "panodent_waiting_requests 1.0" in server.get("/metrics").text)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
    with followed:
        assert server.ended() == 0
        assert time.monotonic() - start < GRACE_SECONDS
        asked.join()
        assert b"event: progress" in followed.content  # let go, not cut off
    assert answers[0].status_code == 200
    server.start()
    job = finished(server, path)
    assert (job["done"], job["failed"]) == (4, 0)
    assert server.get("/v1/studies").json()["total"] == 4
    assert server.stop(signal.SIGINT) == 0
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--bundle", "/no/bundle"), "/no/bundle"),
        (("--host", "0.0.0.0"), "would let other computers connect without a token"),  # noqa: S104
        (("--host", "192.0.2.1", "--no-token"), "cannot listen on 192.0.2.1"),
        (("--database", "mysql://u:s3cret@h/d"), "expected sqlite or postgresql"),
        (("--token-file", "/no/file"), "/no/file"),
        (("--label-studio", "ftp://x"), "expected http"),
    ],
)
def test_what_cannot_start_says_so(tmp_path, options, said):
    store = ["--store", str(tmp_path / "store"), "--port", "0", "--workers", "1"]
    with pytest.raises(PanodentError, match=said) as caught:
        get_command(app).main(["serve", *store, *options], standalone_mode=False)
    assert "s3cret" not in str(caught.value)


def test_what_cannot_start_says_so_in_one_line(serve, server):
    with pytest.raises(AssertionError, match="another `panodent serve`") as caught:
        serve("--workers", "1", store=server.store)
    assert "Traceback" not in str(caught.value)
    assert server.get("/readyz").status_code == 200


def test_beyond_loopback_a_token_is_demanded(serve, tmp_path):
    token = tmp_path / "token"
    token.write_text("a-token-of-these-tests\n")
    options = ("--host", "0.0.0.0", "--workers", "1", "--token-file", str(token))  # noqa: S104
    server = serve(*options, store=tmp_path / "store")
    server.url = server.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
    assert server.get("/v1/info").status_code == 401
    assert (
        server.get(
            "/v1/info", headers={"Authorization": "Bearer a-token-of-these-tests"}
        ).status_code
        == 200
    )
    name = {"Authorization": "Bearer a-token-of-these-tests", "Host": socket.gethostname()}
    assert server.get("/v1/info", headers=name).status_code == 200
    server.stop()
