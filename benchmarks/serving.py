"""Load test of `panodent serve`: many clients at once, every answer checked.

    python benchmarks/serving.py --requests 500 --clients 16

Draws phantoms, predicts them in this process, starts a service on loopback and sends it the
phantoms in turn. With --idle and --slow, so many connections hang on meanwhile: some say nothing,
some send a radiograph byte by byte; those that the service closes are opened again. Prints the
duration of requests, how many answers were lost or differ from the prediction of this process, and
the memory of service and workers. The exit code is 1 when an answer was lost or wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from panodent.benchmark.inputs import draw_phantoms
from panodent.bundle.bundle import load
from panodent.inference.predictor import Predictor
from panodent.outputs.record import to_record

WARM_UP, MOST_RETRIES = 16, 100


def main() -> int:
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="panodent-load-") as folder:
        height, width = (int(side) for side in options.size.split("x"))
        files = draw_phantoms(Path(folder), options.files, (height, width))
        predictor = Predictor(load(options.bundle, 1))
        expected = {file: offline(predictor, file) for file in files}
        service = Service(Path(folder) / "store", options.workers, options.bundle)
        try:
            found = run(service, expected, options)
        finally:
            service.stop()
    report(found, options)
    return 1 if found.wrong or found.lost else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--workers", type=int, default=0, help="0: one per core")
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--files", type=int, default=12, help="number of different radiographs")
    parser.add_argument("--idle", type=int, default=0, help="connections that say nothing")
    parser.add_argument("--slow", type=int, default=0, help="connections that send slowly")
    parser.add_argument("--size", default="1024x2041", help="HEIGHTxWIDTH in pixels")
    return parser.parse_args()


def offline(predictor: Predictor, file: Path) -> list[dict[str, Any]]:
    """The teeth predicted in this process, as in teeth.json."""
    return json.loads(json.dumps(to_record(predictor.predict(file))["teeth"]))


class Service:
    """`panodent serve` in a new process, ready to predict."""

    def __init__(self, store: Path, workers: int, bundle: str) -> None:
        command = [sys.executable, "-m", "panodent", "serve", "--store", str(store), "--port", "0"]
        command += ["--workers", str(workers), "--bundle", bundle, "--no-token"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = ""
        while not (told := re.search(r"http://\S+?(?=/ )", line)):
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("the service did not start")
        self.url = told[0]
        while True:
            try:
                if requests.get(f"{self.url}/readyz", timeout=60).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.1)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def resident(self) -> int:
        """Resident memory of the service and its workers in bytes; 0 where it is unknown."""
        try:
            # Linux lists child processes by the thread that started them.
            threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
            children = [pid for thread in threads for pid in thread.read_text().split()]
            statuses = [Path(f"/proc/{pid}/status") for pid in (self.process.pid, *children)]
            return sum(
                int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) << 10
                for status in statuses
            )
        except (OSError, TypeError):
            return 0


@dataclass
class Answer:
    seconds: float
    status: int
    right: bool
    busy: int


@dataclass
class LoadResults:
    answers: list[Answer]
    elapsed: float
    memory: list[int]

    @property
    def lost(self) -> int:
        return sum(answer.status != 200 for answer in self.answers)

    @property
    def wrong(self) -> int:
        return sum(answer.status == 200 and not answer.right for answer in self.answers)


def run(service: Service, expected: dict[Path, Any], options: argparse.Namespace) -> LoadResults:
    files = [(file.name, file.read_bytes(), teeth) for file, teeth in expected.items()]
    sessions = threading.local()

    def ask(number: int) -> Answer:
        name, content, teeth = files[number % len(files)]
        if not hasattr(sessions, "session"):
            sessions.session = requests.Session()
        start, busy = time.perf_counter(), 0
        while True:
            answer = sessions.session.post(
                f"{service.url}/v1/predict", files={"file": (name, content)}, timeout=300
            )
            if answer.status_code != 503 or busy == MOST_RETRIES:
                break
            busy += 1
            time.sleep(float(answer.headers["retry-after"]))
        seconds = time.perf_counter() - start
        right = answer.ok and answer.json()["teeth"] == teeth
        return Answer(seconds, answer.status_code, right, busy)

    memory: list[int] = []
    over = threading.Event()

    def sample_memory() -> None:
        while not over.wait(0.2):
            memory.append(service.resident())

    hanging = HangingConnections(service.url, options.idle, options.slow)
    with hanging, ThreadPoolExecutor(options.clients) as pool:
        list(pool.map(ask, range(WARM_UP)))
        watch = threading.Thread(target=sample_memory)
        memory.append(service.resident())
        watch.start()
        start = time.perf_counter()
        answers = list(pool.map(ask, range(options.requests)))
        elapsed = time.perf_counter() - start
        over.set()
        watch.join()
    return LoadResults(answers, elapsed, [*memory, service.resident()])


class HangingConnections:
    """Connections that do nothing useful, in a thread, while the block runs."""

    def __init__(self, url: str, idle: int, slow: int) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._place = (host, int(port))
        self._lines: list[tuple[bool, socket.socket]] = []
        self._wanted = [False] * idle + [True] * slow
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._hang_on)
        self.opened = 0

    def __enter__(self) -> HangingConnections:
        self._lines = [self._open(slow) for slow in self._wanted]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for _, line in self._lines:
            line.close()
        if self._wanted:
            print(f"{len(self._wanted)} connections hung on, {self.opened} were opened in all")

    def _open(self, slow: bool) -> tuple[bool, socket.socket]:
        line = socket.create_connection(self._place, 30)
        self.opened += 1
        if slow:
            line.sendall(
                b"POST /v1/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
                b"Content-Type: multipart/form-data; boundary=xx\r\n\r\n"
                b'--xx\r\nContent-Disposition: form-data; name="file"; filename="x.png"\r\n\r\n'
            )
        line.setblocking(False)
        return slow, line

    def _hang_on(self) -> None:
        while not self._over.wait(0.5):
            for place, (slow, line) in enumerate(self._lines):
                try:
                    if slow:
                        line.send(b"-")
                    if line.recv(1 << 16):
                        continue
                except BlockingIOError:
                    continue  # still open
                except OSError:
                    pass
                line.close()
                self._lines[place] = self._open(slow)


def report(found: LoadResults, options: argparse.Namespace) -> None:
    ordered = sorted(answer.seconds for answer in found.answers)
    busy = sum(answer.busy for answer in found.answers)
    at = {share: ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, 0.95)}
    held = [size / 2**20 for size in found.memory if size]
    print(
        f"{options.requests} predictions of {options.size} pixels, {options.clients} clients, "
        f"{len(os.sched_getaffinity(0))} cores: {found.elapsed:.1f} s, "
        f"{options.requests / found.elapsed:.1f} per second"
    )
    print(f"lost {found.lost}, wrong {found.wrong}, retries after status 503 {busy}")
    print(
        f"seconds per request: median {at[0.5]:.2f}, p95 {at[0.95]:.2f}, "
        f"mean {statistics.fmean(ordered):.2f}, longest {ordered[-1]:.2f}"
    )
    if held:
        print(f"memory in MiB: first {held[0]:.0f}, most {max(held):.0f}, last {held[-1]:.0f}")


if __name__ == "__main__":
    sys.exit(main())
