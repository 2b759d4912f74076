"""What many tests share: one phantom, drawn once, and ports that nobody else takes."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Callable, Iterator

import pytest

from panodent import phantom
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth


@pytest.fixture(scope="session")
def drawn() -> tuple[Radiograph, Teeth]:
    """A phantom and its truth, (512, 1024)."""
    return phantom.draw(3, (512, 1024))


@pytest.fixture(scope="session")
def free_port() -> Iterator[Callable[[], int]]:
    """Gives ports of loopback that no other program is handed while the tests run."""
    with contextlib.ExitStack() as held:

        def reserve() -> int:
            line = held.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            line.bind(("127.0.0.1", 0))
            port = int(line.getsockname()[1])
            if sys.platform != "linux":
                line.close()  # elsewhere a bound port is taken, also for who would listen on it
            return port

        yield reserve
