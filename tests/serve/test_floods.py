"""Requests that lie about themselves, or never end: refused or cut off, in bounded memory."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from panodent.serve.middleware.limits import LINGER_BYTES

CHUNK = 1 << 16
UNSENT = 1 << 18
"""Bytes that our side of a connection holds at most."""
UNREAD = int(Path("/proc/sys/net/ipv4/tcp_rmem").read_text().split()[2])
"""Bytes that the system holds for a service that has no time to read them."""


def talk(server: Any, *pieces: bytes, repeat: bytes = b"", most: int = 0) -> tuple[bytes, int]:
    """What a service answers to these bytes, and how many it took of `repeat` before it closed."""
    host, port = server.url.removeprefix("http://").split(":")
    taken = 0
    with socket.socket() as line:
        line.settimeout(120)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT // 2)  # Linux doubles it
        line.connect((host, int(port)))
        try:
            for piece in pieces:
                line.sendall(piece)
            while taken < most:
                line.sendall(repeat)
                taken += len(repeat)
        except OSError:
            pass
        answer = b""
        try:
            while data := line.recv(CHUNK):
                answer += data
        except OSError:
            pass
    return answer, taken


def head(*lines: str) -> bytes:
    first = ("POST /v1/predict HTTP/1.1", "Host: 127.0.0.1", "Connection: close")
    return "\r\n".join([*first, *lines, "", ""]).encode("latin-1")


FORM = "Content-Type: multipart/form-data; boundary=xx"
PART = b'--xx\r\nContent-Disposition: form-data; name="file"; filename="x.png"\r\n\r\n'
GIGABYTE = 1 << 30


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ((head(FORM, f"Content-Length: {GIGABYTE}"), PART), 413),
        ((head(FORM, "Content-Length: " + "9" * 4000), PART), 400),
        ((head(FORM, "Content-Length: -1"), PART), 400),
        ((head(FORM, "Content-Length: 5", "Content-Length: 6"), PART), 400),
        ((head(FORM, "Content-Length: 5", "Transfer-Encoding: chunked"), b"0\r\n\r\n"), 400),
        ((head(FORM, "Transfer-Encoding: gzip"), PART), 400),
        ((head(FORM, "Transfer-Encoding: chunked"), b"zz\r\n" + PART), 400),
        ((head(FORM, "Transfer-Encoding: chunked"), b"f" * 30 + b"\r\n" + PART), 400),
        ((head(FORM, "Content-Length: 10"), PART), 400),  # and the rest is no request
        ((head(FORM, "Content-Length: 0"),), 400),
        ((head(FORM),), 400),
        ((head("Content-Type: text/plain", "Content-Length: 3"), b"a=b"), 415),
        ((b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",), 400),
        ((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),), 400),
        ((b"GET / HTTP/1.1\r\n\r\n",), 400),
        ((b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n",), 400),
        ((b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n folded\r\nA b: c\r\n\r\n",), 400),
        ((b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n",), 421),
        ((b"CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\nConnection: close\r\n\r\n",), 421),
        ((b"PROPFIND /v1/info HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",), 405),
    ],
)  # fmt: skip
def test_requests_that_lie_about_themselves_are_refused(server, pieces, status):
    answer, _ = talk(server, *pieces)
    found = re.match(rb"HTTP/1\.1 (\d+) ", answer)
    assert found, answer[:200]
    assert int(found[1]) == status, answer[:300]
    assert b"application/problem+json" in answer


def test_floods_are_cut_off_early_and_take_no_memory(server, png):
    idle = server.resident()
    with server.watched() as peak:
        begun = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        lines = b"".join(b"X-%d: %b\r\n" % (n, b"y" * 1000) for n in range(60))
        _, one_line = talk(server, begun + b"X: ", repeat=b"y" * CHUNK, most=GIGABYTE)
        _, many_lines = talk(server, begun, repeat=lines, most=GIGABYTE)
        piece = b"%x\r\n%b\r\n" % (CHUNK, bytes(CHUNK))
        chunked = head(FORM, "Transfer-Encoding: chunked")
        _, body = talk(server, chunked, repeat=piece, most=GIGABYTE)
        file = b"%x\r\n%b\r\n" % (len(PART), PART)
        _, part = talk(server, chunked, file, repeat=piece, most=GIGABYTE)
        text = "PUT /v1/studies/" + "0" * 32 + "/teeth HTTP/1.1"
        put = head("Content-Type: application/json", "Transfer-Encoding: chunked")
        put = put.replace(b"POST /v1/predict HTTP/1.1", text.encode())
        _, json = talk(server, put, repeat=piece, most=GIGABYTE)
    # What is read on after an answer, and what the sockets hold, comes on top of the bounds.
    slack = LINGER_BYTES + UNSENT + UNREAD + (1 << 20)
    assert one_line < slack
    assert many_lines < slack
    assert body < (4 << 20) + slack
    assert part < (4 << 20) + slack
    assert json < (16 << 20) + slack
    assert peak.most - idle < 200 << 20
    assert server.post("/v1/predict", png).status_code == 200
    assert "Traceback" not in server.log.read_text()
