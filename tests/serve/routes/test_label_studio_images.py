"""Which images are read without a network: data: URLs only. Fetching: test_label_studio.py."""

from __future__ import annotations

import re
import socket
import threading

import pytest

from panodent.errors import AnnotationError, ConfigError
from panodent.serve.routes.label_studio_images import LabelStudioAccess, read_image

ACCESS = LabelStudioAccess("http://studio.example:8081", "a-key")


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("data:image/png;base64,AAEC", b"\x00\x01\x02"),
        ("data:image/png,a%20b", b"a b"),
        ("data:", b""),
    ],
)
def test_images_in_the_task_itself(value: str, content: bytes) -> None:
    assert read_image(value, LabelStudioAccess(), 100) == ("task.png", content)


@pytest.mark.parametrize(
    ("value", "access", "message"),
    [
        ("data:image/png;base64,!", ACCESS, "not a valid data: URL"),
        ("/data/a.png", LabelStudioAccess(), "start it with --label-studio URL"),
        ("http://[", ACCESS, "URL of a task's image is invalid"),
        ("http://other.example/a.png", ACCESS, "fetched from studio.example:8081 only"),
        ("https://studio.example:8081/a.png", ACCESS, "only"),
        ("//studio.example/a.png", ACCESS, "only"),
    ],
)
def test_other_images_are_refused(value: str, access: LabelStudioAccess, message: str) -> None:
    with pytest.raises(AnnotationError, match=message) as caught:
        read_image(value, access, 100)
    assert "a-key" not in str(caught.value)


def test_the_address_of_label_studio_is_a_web_address() -> None:
    with pytest.raises(ConfigError, match="expected http"):
        LabelStudioAccess("ftp://example.org")


def received(client: socket.socket) -> bytes:
    """A whole request: to close a connection with unread data would reset it."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += client.recv(1 << 16)
    head, _, body = found.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += client.recv(1 << 16)
    return head + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"WALTRAUD 1952\r\n\r\n", "not valid HTTP"),
        (b"HTTP/1.1 404 WALTRAUD\r\n\r\n", "status 404"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nWALT", "not valid HTTP"),
        (b"HTTP/1.1 302 WALTRAUD\r\nLocation: http://WALTRAUD/\r\n\r\n", "status 302"),
        (b"", "no connection|not valid HTTP|reset"),
    ],
)
def test_errors_hold_nothing_of_what_was_fetched(answer: bytes, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                received(client)
                client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        access = LabelStudioAccess(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(AnnotationError, match=reason) as caught:
            read_image("/data/a.png", access, 100)
        thread.join()
    assert "WALT" not in str(caught.value)


def test_a_personal_access_token_is_exchanged() -> None:
    asked: list[bytes] = []
    answers = [b'{"access": "short-lived"}', b"pixels"]
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for body in answers:
                client, _ = listener.accept()
                with client:
                    asked.append(received(client))
                    client.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + body)

        thread = threading.Thread(target=serve)
        thread.start()
        access = LabelStudioAccess(f"http://127.0.0.1:{listener.getsockname()[1]}", "a.b.c")
        assert read_image("/data/a.png", access, 100) == ("a.png", b"pixels")
        thread.join()
    assert asked[0].startswith(b"POST /api/token/refresh ")
    assert b"\r\nAuthorization: Bearer short-lived\r\n" in asked[1]


def test_a_personal_access_token_that_is_refused_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                received(client)
                client.sendall(b"HTTP/1.0 401 WALTRAUD\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        access = LabelStudioAccess(f"http://127.0.0.1:{listener.getsockname()[1]}", "a.b.c")
        with pytest.raises(AnnotationError, match=r"personal access token \(status 401\)"):
            read_image("/data/a.png", access, 100)
        thread.join()
