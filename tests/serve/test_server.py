from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from panodent.errors import ConfigError
from panodent.serve import server as module
from panodent.serve.server import TimeoutProtocol, listen

PATIENCE = 60.0
"""Seconds until something that does not come is a failure."""
SHORT = 0.3
"""Seconds that a client is waited for in these tests."""
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers 'ok', or more than a client's system takes on its own where it is asked for /much."""
    much = scope["path"] == "/much"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": bytes(64 << 20) if much else b"ok"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    """Whatever closes a connection here is `TimeoutProtocol`: uvicorn itself waits for an hour."""
    monkeypatch.setattr(module, "HEADER_SECONDS", SHORT)
    monkeypatch.setattr(module, "FLUSH_SECONDS", SHORT)
    line = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        app, http=TimeoutProtocol, ws="none", lifespan="off", log_level="critical",
        timeout_keep_alive=3600, timeout_graceful_shutdown=1,
    )  # fmt: skip
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, args=([line],), daemon=True)
    thread.start()
    until(lambda: running.started)
    yield running
    running.should_exit = True
    thread.join(PATIENCE)


def connect(server: uvicorn.Server, first: bytes) -> socket.socket:
    """A client whose first bytes are there when it is accepted, however busy the machine is."""
    accepting = server.servers[0]
    may_accept = threading.Event()
    accepting.get_loop().call_soon_threadsafe(may_accept.wait, PATIENCE)
    line = socket.create_connection(accepting.sockets[0].getsockname())
    line.sendall(first)
    may_accept.set()
    return line


def until(check: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)


def await_close(line: socket.socket) -> None:
    """Until the other side closes; what it sends meanwhile is let go."""
    line.settimeout(PATIENCE)
    with contextlib.suppress(ConnectionError):
        while line.recv(1 << 16):
            continue


def await_ok(line: socket.socket) -> None:
    line.settimeout(PATIENCE)
    answer = b""
    while not answer.endswith(b"ok\r\n0\r\n\r\n"):
        data = line.recv(1 << 16)
        assert data
        answer += data


@pytest.mark.parametrize("begun", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_client_that_does_not_say_what_it_wants_is_let_go(server, begun):
    start = time.monotonic()
    with connect(server, begun) as line:
        await_close(line)
    assert time.monotonic() - start > SHORT - 0.01  # not before its time is over


def test_saying_it_letter_by_letter_does_not_help(server):
    with connect(server, b"X") as line:
        end = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < end:
                line.sendall(b"X")
                time.sleep(0.05)
        except ConnectionError:
            pass
        else:
            pytest.fail("the connection is still there")


def test_nor_does_a_first_request_in_good_order(server):
    with connect(server, GET) as line:
        await_ok(line)
        line.sendall(GET[:20])
        await_close(line)


def test_requests_may_follow_one_another(server):
    with connect(server, GET) as line:
        for _ in range(3):
            await_ok(line)
            time.sleep(0.7 * SHORT)  # together longer than a client that says nothing is kept
            line.sendall(GET)
        await_ok(line)


def test_a_client_that_does_not_take_its_answer_is_let_go(server):
    with connect(server, b"GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as line:
        until(lambda: server.server_state.total_requests == 1)
        until(lambda: not server.server_state.connections)
        taken = 0
        line.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionError):
            while data := line.recv(1 << 16):
                taken += len(data)
        assert taken < 64 << 20


def test_what_is_no_request_is_told_so_as_a_problem(server):
    with connect(server, b"nonsense\r\n\r\n") as line:
        answer = line.recv(1 << 16)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


def asked(server: uvicorn.Server) -> socket.socket:
    line = connect(server, GET)
    await_ok(line)
    return line


def test_one_address_has_so_many_connections_and_loopback_any_number(server, monkeypatch):
    monkeypatch.setattr(TimeoutProtocol, "max_per_address", 2)
    with contextlib.ExitStack() as lines:
        for _ in range(4):
            lines.enter_context(asked(server))
        monkeypatch.setattr(module, "is_loopback", lambda host: False)
        refused = lines.enter_context(connect(server, GET))
        refused.settimeout(PATIENCE)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while data := refused.recv(1 << 16):
                answer += data
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"4 connections from your address" in answer


def test_idle_connections_make_room_and_health_gets_through(server, monkeypatch):
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 2)
    with contextlib.ExitStack() as lines:
        first, second, third = (lines.enter_context(asked(server)) for _ in range(3))
        await_close(first)  # idle for longest
        for line in (second, third):
            line.sendall(GET)
            await_ok(line)
        # None is idle: those are held in the middle of an answer, and one more is let in.
        much = b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n"
        for line in (second, third):
            line.sendall(much)
        until(lambda: server.server_state.total_requests == 7)
        lines.enter_context(asked(server))
        monkeypatch.setattr(module, "SPARE_CONNECTIONS", 0)
        monkeypatch.setattr(module, "MAX_CONNECTIONS", 1)
        await_close(lines.enter_context(connect(server, b"")))


def test_a_place_that_is_taken_is_said():
    with listen("127.0.0.1", 0) as line:
        port = line.getsockname()[1]
        with pytest.raises(ConfigError, match=f"127.0.0.1:{port}"):
            listen("127.0.0.1", port)
    with pytest.raises(ConfigError, match=r"no\.such\.host\.invalid"):
        listen("no.such.host.invalid", 1)


def test_the_parser_of_forms_logs_no_bytes_of_them(caplog, monkeypatch):
    log = logging.getLogger("panodent.serve")
    for name in ("handlers", "propagate", "level"):
        monkeypatch.setattr(log, name, getattr(log, name))
    module._set_up_log(verbose=True)
    parser = MultipartParser(b"xx")
    with pytest.raises(MultipartParseError):
        parser.write(b"Waltraud")
    assert not caplog.records


def test_uvicorn_has_the_private_attributes_that_the_timeouts_use():
    """If this fails, adapt `TimeoutProtocol` before pyproject.toml allows this uvicorn."""

    async def missing() -> list[str]:
        config = uvicorn.Config(app, ws="none", lifespan="off")
        loop = asyncio.get_running_loop()
        instance = H11Protocol(config, ServerState(), {}, _loop=loop)
        attributes = ["conn", "transport", "loop", "connections", "client", "cycle"]
        overridden = ["connection_made", "data_received", "connection_lost", "send_400_response"]
        overridden += ["on_response_complete"]
        of_server = ["shutdown", "capture_signals", "handle_exit", "serve"]
        return [
            *(f"H11Protocol().{name}" for name in attributes if not hasattr(instance, name)),
            *(f"H11Protocol.{name}()" for name in overridden if not hasattr(H11Protocol, name)),
            *(f"Server.{name}()" for name in of_server if not hasattr(uvicorn.Server, name)),
        ]

    assert asyncio.run(missing()) == [], f"missing in uvicorn {uvicorn.__version__}"
    parameters = inspect.signature(H11Protocol.send_400_response).parameters
    assert list(parameters) == ["self", "msg"], f"changed in uvicorn {uvicorn.__version__}"


def test_a_response_is_sent_at_once() -> None:
    """Without TCP_NODELAY its body waits for the acknowledgement of its header: 40 ms."""
    at_once: list[bool] = []

    async def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = writer.get_extra_info("socket")
        at_once.append(bool(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        writer.close()

    async def serve() -> None:
        async with await asyncio.start_server(accepted, sock=listen("127.0.0.1", 0)) as serving:
            reader, writer = await asyncio.open_connection(*serving.sockets[0].getsockname())
            await asyncio.wait_for(reader.read(), PATIENCE)
            writer.close()

    asyncio.run(serve())
    assert at_once == [True]
