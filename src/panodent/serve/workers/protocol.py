"""What service and worker say to each other: a JSON head and pieces of bytes, one after another.

No pickle: a worker decodes what strangers sent, and its answer is treated accordingly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

MOST_BYTES = 512_000_000
MOST_PIECES = 16


def send(line: Connection, head: Mapping[str, Any], pieces: Mapping[str, bytes]) -> None:
    """Sends one message."""
    line.send_bytes(json.dumps({"head": dict(head), "pieces": list(pieces)}).encode())
    for content in pieces.values():
        line.send_bytes(content)


def receive(line: Connection) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The next message; raises `EOFError`, `OSError` or `ValueError` when the other side failed."""
    message = json.loads(line.recv_bytes(MOST_BYTES))
    names = [str(name) for name in message["pieces"]]
    if len(names) > MOST_PIECES:
        raise ValueError("more pieces than a message may have")
    return dict(message["head"]), {name: line.recv_bytes(MOST_BYTES) for name in names}
