"""Messages between the service and a worker: a JSON header, then blobs of bytes.

No pickle: a worker decodes files from outside, so the service does not trust its answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

MAX_BYTES = 512_000_000
MAX_BLOBS = 16

Task = Mapping[str, Any]
Answer = tuple[dict[str, Any], dict[str, bytes]]
"""(header, blobs by name)."""


def send(connection: Connection, header: Mapping[str, Any], blobs: Mapping[str, bytes]) -> None:
    """Sends one message."""
    connection.send_bytes(json.dumps({"header": dict(header), "blobs": list(blobs)}).encode())
    for content in blobs.values():
        connection.send_bytes(content)


def receive(connection: Connection) -> Answer:
    """The next message.

    Raises `EOFError` or `OSError` if the other process has ended, and `ValueError`, `KeyError` or
    `TypeError` for a malformed message.
    """
    message = json.loads(connection.recv_bytes(MAX_BYTES))
    names = [str(name) for name in message["blobs"]]
    if len(names) > MAX_BLOBS:
        raise ValueError(f"the message has {len(names)} blobs; expected at most {MAX_BLOBS}")
    return dict(message["header"]), {name: connection.recv_bytes(MAX_BYTES) for name in names}
