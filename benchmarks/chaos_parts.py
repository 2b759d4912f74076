"""What benchmarks/chaos.py breaks: a service, a PostgreSQL of its own and a small disk."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

START_SECONDS = 180.0


class SmallDisk:
    """A disk in memory at `place` that can be filled; a plain folder where it cannot be mounted."""

    def __init__(self, place: Path, mebibytes: int) -> None:
        self.place, self._mebibytes, self.mounted = place, mebibytes, False

    def __enter__(self) -> SmallDisk:
        self.place.mkdir()
        options = ["-o", f"size={self._mebibytes}m", "tmpfs", str(self.place)]
        mount = shutil.which("mount") or "mount"
        done = subprocess.run([mount, "-t", "tmpfs", *options], capture_output=True, check=False)
        self.mounted = done.returncode == 0
        if not self.mounted:
            print("a disk cannot be mounted here: it is not filled")
        return self

    def __exit__(self, *_: object) -> None:
        if self.mounted:
            subprocess.run([shutil.which("umount"), "-l", str(self.place)], check=False)

    def fill(self) -> None:
        with (self.place / "filler").open("ab", buffering=0) as stream:
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while stream.write(bytes(size)):
                        pass

    def empty(self) -> None:
        (self.place / "filler").unlink(missing_ok=True)


class Database:
    """A PostgreSQL in `folder`, on a free port of loopback."""

    def __init__(self, folder: Path) -> None:
        places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
        if not places:
            raise SystemExit("no PostgreSQL below /usr/lib/postgresql; apt-get install postgresql")
        self._programs, self._folder = places[-1], folder
        with socket.create_server(("127.0.0.1", 0)) as line:
            self._port = line.getsockname()[1]
        self._user = "postgres" if os.getuid() == 0 else None  # it refuses to run as root
        self.url = f"postgresql://panodent@127.0.0.1:{self._port}/postgres"

    def __enter__(self) -> Database:
        self._folder.mkdir()
        self._folder.parent.chmod(0o755)
        if self._user:
            shutil.chown(self._folder, self._user)
        self._run("initdb", "-D", "data", "-U", "panodent", "-A", "trust")
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop_hard()

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self._port} -k {self._folder}"
        self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "120", "-o", options, "start")

    def stop_hard(self) -> None:
        self._run("pg_ctl", "-D", "data", "-m", "immediate", "stop")

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), *words]
        where = {"cwd": self._folder, "user": self._user, "stdout": subprocess.DEVNULL}
        subprocess.run(command, check=True, **where)  # type: ignore[call-overload]


class Service:
    """`panodent serve` on a port that stays the same."""

    def __init__(self, store: Path, bundle: str, workers: int, database: Database | None) -> None:
        self.store = store
        with socket.create_server(("127.0.0.1", 0)) as line:
            port = line.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "panodent", "serve", "--store", str(store)]
        self._command += ["--port", str(port), "--workers", str(workers), "--bundle", bundle]
        self._command += ["--reserve-mib", "8"]
        self._environment = dict(os.environ)
        if database is not None:
            self._environment["PANODENT_DATABASE"] = database.url

    def __enter__(self) -> Service:
        self._process = self._begun()
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(120)

    def start(self) -> None:
        """Starts it, again and again while its database or disk is away, as a supervisor would."""
        self._process = self._begun()
        self._wait()

    def _begun(self) -> subprocess.Popen[bytes]:
        with (self.store.parent.parent / "service.log").open("ab") as log:
            return subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process.poll() is not None:
                self._process = self._begun()
            if self._health() == 200:
                return
            time.sleep(0.2)
        raise SystemExit("the service did not start; see service.log")

    def _health(self) -> int:
        return self._status("healthz")

    def ready(self) -> int:
        """The status of /readyz; 0 without an answer."""
        return self._status("readyz")

    def _status(self, path: str) -> int:
        try:
            return requests.get(f"{self.url}/{path}", timeout=30).status_code
        except requests.RequestException:
            return 0

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def kill_worker(self, chance: random.Random) -> None:
        workers = self._members()[1:]
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)

    def _members(self) -> list[int]:
        """The processes of the service: its own, then its workers."""
        pid, children = self._process.pid, []
        for thread in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                children += [int(child) for child in thread.read_text().split()]
        return [pid, *(one for one in children if "spawn_main" in _read(one, "cmdline"))]

    def resident(self) -> int:
        """Memory of service and workers, in bytes."""
        sizes = (re.search(r"VmRSS:\s+(\d+)", _read(pid, "status")) for pid in self._members())
        return sum(int(size[1]) << 10 for size in sizes if size)


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text()
    except OSError:
        return ""
