"""A real `panodent serve` that tests share, and small radiographs to send it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sql

from panodent import phantom
from panodent.drawing.overlay import to_png_bytes
from panodent.phantom.dicom import dicom_bytes
from panodent.serve.store.tables import metadata

SIZE = (256, 512)
PATIENCE = 120
"""Seconds until something that does not come is a failure, also on a slow and busy machine."""


class Peak:
    """The most memory that a service took while the block ran, in bytes."""

    def __init__(self, server: Any) -> None:
        self._server, self._over, self.most = server, threading.Event(), 0
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.wait(0.02):
            self.most = max(self.most, self._server.resident())

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._thread.join()


@dataclass
class Server:
    """`panodent serve` as a process of its own, on a free port of loopback."""

    store: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    url: str = ""
    process: Any = None

    @property
    def log(self) -> Path:
        return self.store.with_suffix(".log")

    def start(self) -> Server:
        with self.log.open("ab") as stream:
            begin = stream.tell()
            protected = "--token-file" in self.options or "PANODENT_TOKEN" in self.environment
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "panodent", "serve", "--store", self.store,
                    "--port", "0", "--verbose", *self.options,
                    *(() if protected else ("--no-token",)),
                ],
                stdout=stream,
                stderr=stream,
                env={**os.environ, "COLUMNS": "300", **self.environment},
                start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while not (found := re.search(rb"(http://\S+?)/ ", self.log.read_bytes()[begin:])):
            self._check(until)
        self.url = found[1].decode()
        while True:
            self._check(until)
            try:
                if requests.get(f"{self.url}/readyz", timeout=30).status_code == 200:
                    return self
            except (requests.ConnectionError, requests.Timeout):
                continue

    def _check(self, until: float) -> None:
        assert self.process.poll() is None, self.log.read_text()
        assert time.monotonic() < until, self.log.read_text()
        time.sleep(0.1)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ends the service alone, as a supervisor would; its exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Its exit code, once it has ended."""
        return int(self.process.wait(PATIENCE))

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=PATIENCE, **options)

    def post(self, path: str, content: bytes, name: str = "scan.png", **options: Any) -> Any:
        files = {options.pop("field", "file"): (name, content)}
        return requests.post(self.url + path, files=files, timeout=PATIENCE, **options)

    @contextlib.contextmanager
    def workers_held(self, count: int | None = None) -> Iterator[None]:
        """All workers, or so many, do nothing in a `with` block, whatever they are given."""
        children = self.members()[1:]
        held = [p for p in children if "spawn_main" in _read(Path(f"/proc/{p}/cmdline"))][:count]
        for pid in held:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in held:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def members(self) -> list[int]:
        """The service's process and those of its workers."""
        # Each thread of the service has its own children.
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [int(pid) for thread in threads for pid in _read(thread).split()]
        return [self.process.pid, *children]

    def watched(self) -> Peak:
        """The most memory that it takes in a `with` block."""
        return Peak(self)

    def resident(self) -> int:
        """Bytes that service and workers hold together."""
        total = 0
        for pid in self.members():
            if found := re.search(r"VmRSS:\s+(\d+)", _read(Path(f"/proc/{pid}/status"))):
                total += int(found[1]) << 10
        return total


def _read(file: Path) -> str:
    """What /proc says of a process or thread; nothing when it has just ended."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.fixture(scope="session")
def serve(
    teeth_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Server]]:
    """Starts a service, with `teeth_bundle` unless options name another; it ends with the tests."""
    begun: list[Server] = []

    def start(*options: str, store: Path | None = None, **environment: str) -> Server:
        folder = store or tmp_path_factory.mktemp("serve") / "store"
        server = Server(folder, ("--bundle", str(teeth_bundle), *options), environment)
        begun.append(server)
        return server.start()

    yield start
    for server in begun:
        if server.process is not None and server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest.fixture(scope="session")
def server(serve: Callable[..., Server]) -> Server:
    """One service, with the default bundle, for all tests that do it no harm."""
    limits = ("--max-mib", "4", "--max-pixels", "4000000")
    return serve("--workers", "2", "--bundle", "default", *limits)


@pytest.fixture(scope="session")
def png() -> bytes:
    """A phantom, (256, 512)."""
    radiograph, _ = phantom.draw(5, SIZE)
    return to_png_bytes((radiograph.pixels * 255).round().astype("uint8"))


@pytest.fixture(scope="session")
def dicom() -> bytes:
    """The same as a DICOM file."""
    pytest.importorskip("pydicom")
    return dicom_bytes(phantom.draw(5, SIZE)[0])


@pytest.fixture(scope="session")
def postgres(free_port: Callable[[], int]) -> Iterator[str]:
    """URL of a PostgreSQL of our own: data in a temporary folder, a free port of loopback."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    if not places:
        pytest.skip("no PostgreSQL below /usr/lib/postgresql; apt-get install postgresql")
    pytest.importorskip("pg8000")
    folder = Path(tempfile.mkdtemp(prefix="panodent-pg-"))
    port = free_port()
    user = "postgres" if os.getuid() == 0 else None  # it refuses to run as root
    if user:
        shutil.chown(folder, user)
    options = {"user": user, "cwd": folder, "check": True, "stdout": subprocess.DEVNULL}
    secret = folder / "secret"
    secret.write_text("a secret")
    secret.chmod(0o644)
    initdb = ["initdb", "-D", "data", "-U", "panodent", "-A", "scram-sha-256", "-N"]
    subprocess.run([places[-1] / initdb[0], *initdb[1:], "--pwfile", secret], **options)
    control = [places[-1] / "pg_ctl", "-D", "data", "-l", folder / "log", "-w", f"-t{PATIENCE}"]
    settings = f"-h 127.0.0.1 -p {port} -k {folder} -F"
    subprocess.run([*control, "-o", settings, "start"], **options)
    yield f"postgresql://panodent:a%20secret@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], **options)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of an empty database; '' is the store's own file."""
    if request.param == "sqlite":
        yield ""
        return
    url = request.getfixturevalue("postgres")
    yield url
    engine = sql.create_engine(url.replace("postgresql:", "postgresql+pg8000:"))
    metadata.drop_all(engine)
    engine.dispose()
