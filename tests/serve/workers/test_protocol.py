"""Messages between service and worker, over a pipe of this process."""

from __future__ import annotations

import json
import multiprocessing

import pytest

from panodent.serve.workers.protocol import MAX_BLOBS, receive, send


def test_headers_and_blobs_arrive_as_they_were_sent() -> None:
    one, other = multiprocessing.Pipe()
    send(one, {"task": "x", "n": [1, None]}, {"a": b"", "b": bytes(range(256))})
    send(one, {}, {})
    assert receive(other) == ({"task": "x", "n": [1, None]}, {"a": b"", "b": bytes(range(256))})
    assert receive(other) == ({}, {})


def test_an_ended_process_is_an_error() -> None:
    one, other = multiprocessing.Pipe()
    one.send_bytes(json.dumps({"header": {}, "blobs": ["a"]}).encode())
    one.close()  # before the blob
    with pytest.raises((EOFError, OSError)):
        receive(other)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b"no JSON", ValueError),
        (b"{}", KeyError),
        (b"3", TypeError),
        (json.dumps({"header": {}, "blobs": ["x"] * (MAX_BLOBS + 1)}).encode(), ValueError),
    ],
)
def test_malformed_messages_are_errors(message: bytes, error: type[Exception]) -> None:
    one, other = multiprocessing.Pipe()
    one.send_bytes(message)
    with pytest.raises(error):
        receive(other)
