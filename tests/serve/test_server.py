from __future__ import annotations

import asyncio
import contextlib
import inspect
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from panodent.errors import ConfigError
from panodent.serve import server as module
from panodent.serve.server import TimeoutProtocol, listen

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers 'ok', or more than a client's system takes on its own where it is asked for /much."""
    much = scope["path"] == "/much"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(64 << 20) if much else b"ok"})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(module, "HEADER_SECONDS", 0.3)
    monkeypatch.setattr(module, "FLUSH_SECONDS", 0.3)
    line = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        app, http=TimeoutProtocol, ws="none", lifespan="off", log_level="critical",
        timeout_keep_alive=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([line],), daemon=True)
    number = line.getsockname()[1]
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield number
    server.should_exit = True
    thread.join(10)


def closed_after(line: socket.socket) -> float:
    """Seconds until the other side closes; what it sends meanwhile is let go."""
    start = time.monotonic()
    line.settimeout(10)
    try:
        while line.recv(1 << 16):
            continue
    except ConnectionError:
        return time.monotonic() - start
    return time.monotonic() - start


def await_ok(line: socket.socket) -> None:
    line.settimeout(10)
    answer = b""
    while not answer.endswith(b"ok\r\n0\r\n\r\n"):
        data = line.recv(1 << 16)
        assert data
        answer += data


@pytest.mark.parametrize("begun", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_client_that_does_not_say_what_it_wants_is_let_go(port, begun):
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(begun)
        assert 0.1 < closed_after(line) < 5


def test_saying_it_letter_by_letter_does_not_help(port):
    with socket.create_connection(("127.0.0.1", port)) as line:
        start = time.monotonic()
        try:
            while time.monotonic() - start < 10:
                line.sendall(b"X")
                time.sleep(0.05)
        except ConnectionError:
            assert time.monotonic() - start < 5
        else:
            pytest.fail("the connection is still there")


def test_nor_does_a_first_request_in_good_order(port):
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(GET)
        await_ok(line)
        line.sendall(GET[:20])
        assert closed_after(line) < 0.95  # before a connection that says nothing would be


def test_requests_may_follow_one_another(port):
    with socket.create_connection(("127.0.0.1", port)) as line:
        for _ in range(4):
            line.sendall(GET)
            await_ok(line)
            time.sleep(0.2)


def test_a_client_that_does_not_take_its_answer_is_let_go(port):
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        time.sleep(2)
        taken = 0
        line.settimeout(10)
        with contextlib.suppress(ConnectionError):
            while data := line.recv(1 << 16):
                taken += len(data)
        assert taken < 64 << 20


def test_what_is_no_request_is_told_so_as_a_problem(port):
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"nonsense\r\n\r\n")
        answer = line.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


def test_a_place_that_is_taken_is_said():
    with listen("127.0.0.1", 0) as line:
        port = line.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}"):
            listen("127.0.0.1", port)
    with pytest.raises(ConfigError, match=r"no\.such\.host\.invalid"):
        listen("no.such.host.invalid", 1)


def test_uvicorn_has_the_private_attributes_that_the_timeouts_use():
    """If this fails, adapt `TimeoutProtocol` before pyproject.toml allows this uvicorn."""

    async def missing() -> list[str]:
        config = uvicorn.Config(app, ws="none", lifespan="off")
        loop = asyncio.get_running_loop()
        instance = H11Protocol(config, ServerState(), {}, _loop=loop)
        attributes = ["conn", "transport", "loop"]
        overridden = ["connection_made", "data_received", "connection_lost", "send_400_response"]
        of_server = ["shutdown", "capture_signals", "handle_exit", "serve"]
        return [
            *(f"H11Protocol().{name}" for name in attributes if not hasattr(instance, name)),
            *(f"H11Protocol.{name}()" for name in overridden if not hasattr(H11Protocol, name)),
            *(f"Server.{name}()" for name in of_server if not hasattr(uvicorn.Server, name)),
        ]

    assert asyncio.run(missing()) == [], f"missing in uvicorn {uvicorn.__version__}"
    parameters = inspect.signature(H11Protocol.send_400_response).parameters
    assert list(parameters) == ["self", "msg"], f"changed in uvicorn {uvicorn.__version__}"
