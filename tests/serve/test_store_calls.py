from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sql
from sqlalchemy.exc import IntegrityError, OperationalError

from panodent.errors import BusyError, UnknownStudyError
from panodent.serve import store_calls
from panodent.serve.store.store import Store
from panodent.serve.store.tables import metadata
from panodent.serve.store_calls import StoreCalls

GONE = OperationalError("SELECT", {}, Exception("connection refused"))


def calling(coroutine: Any) -> Any:
    async def main() -> Any:
        calls = StoreCalls(asyncio.Event())
        try:
            return await coroutine(calls)
        finally:
            calls.close()

    return asyncio.run(asyncio.wait_for(main(), 60))


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_calls, "FIRST_RETRY_SECONDS", 0.001)


def test_a_database_that_is_away_is_waited_for_and_readiness_says_so(caplog) -> None:
    troubles: list[dict[str, str]] = []

    async def do(calls: StoreCalls) -> int:
        def take(number: int) -> int:
            troubles.append(dict(calls.troubles))
            if len(troubles) < 4:
                raise GONE if len(troubles) % 2 else OSError(28, "Waltraud")
            return number

        found = await calls.with_retries(take, 7)
        assert not calls.troubles
        return found

    assert calling(do) == 7
    assert troubles[0] == {}
    assert all("does not answer" in found["take"] for found in troubles[1:])
    assert caplog.text.count("waiting for it") == 1
    assert "Waltraud" not in caplog.text


@pytest.mark.parametrize(
    "error",
    [UnknownStudyError("no study"), IntegrityError("x", {}, Exception()), KeyError("x")],
)
def test_other_errors_are_raised_at_once(error: Exception) -> None:
    async def do(calls: StoreCalls) -> None:
        def fail() -> None:
            raise error

        with pytest.raises(type(error)):
            await calls.with_retries(fail)

    calling(do)


def test_a_stop_ends_the_wait() -> None:
    async def do(calls: StoreCalls) -> None:
        def fail() -> None:
            calls._stopping.set()
            raise GONE

        with pytest.raises(BusyError, match="is stopping"):
            await calls.with_retries(fail)

    calling(do)


def test_the_store_is_called_by_one_thread_at_a_time() -> None:
    inside: list[int] = []

    async def do(calls: StoreCalls) -> None:
        def enter() -> int:
            inside.append(1)
            assert len(inside) == 1
            inside.pop()
            return 1

        work: list[Coroutine[Any, Any, int]] = [calls.call(enter) for _ in range(20)]
        assert sum(await asyncio.gather(*work)) == 20

    calling(do)


class Line:
    """Connections to a database that can be cut and restored, as if it were stopped hard."""

    def __init__(self, port: int) -> None:
        self._port, self.cut = port, False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.cut:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._port))
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def end(self, cut: bool = True) -> None:
        self.cut = cut
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def test_postgresql_that_is_cut_off_is_waited_for(tmp_path: Path, postgres: str) -> None:
    port = int(re.search(r":(\d+)/", postgres)[1])
    line = Line(port)
    store = Store(tmp_path / "store", postgres.replace(f":{port}/", f":{line.port}/"))
    tries = 0

    async def do(calls: StoreCalls) -> None:
        def count() -> int:
            nonlocal tries
            tries += 1
            line.cut = line.cut and tries < 4
            return store.count()

        assert await calls.with_retries(count) == 0
        line.end()
        assert await calls.with_retries(count) == 0
        assert tries >= 4
        # One that ends its connections and is there again at once, as at a restart.
        line.end(cut=False)
        assert await calls.with_retries(count) == 0

    calling(do)
    store.close()
    engine = sql.create_engine(postgres.replace("postgresql:", "postgresql+pg8000:"))
    metadata.drop_all(engine)
    engine.dispose()
