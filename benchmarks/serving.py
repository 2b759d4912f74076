"""Load on `panodent serve`: many clients at once, each answer compared with the offline prediction.

    python benchmarks/serving.py --requests 500 --clients 16

Draws phantoms, predicts them in this process, starts a service on loopback and sends them in turns.
Prints how long answers took, what was lost or wrong, and what memory service and workers held;
the exit code is 1 where an answer was lost or wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
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

import cv2
import numpy as np
import requests

from panodent.bundle.bundle import load
from panodent.inference.predictor import Predictor
from panodent.outputs.record import to_record
from panodent.phantom import draw

WARM_UP, MOST_RETRIES = 16, 100


def main() -> int:
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="panodent-load-") as folder:
        files = phantoms(Path(folder), options.files, options.size)
        expected = {file: offline(file) for file in files}
        service = Service(Path(folder) / "store", options.workers)
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
    parser.add_argument("--workers", type=int, default=0, help="0: as many as cores")
    parser.add_argument("--files", type=int, default=12, help="different radiographs")
    parser.add_argument("--size", default="1024x2041", help="HEIGHTxWIDTH in pixels")
    return parser.parse_args()


def phantoms(folder: Path, count: int, size: str) -> list[Path]:
    height, width = (int(side) for side in size.split("x"))
    made = []
    for seed in range(count):
        radiograph, _ = draw(seed, (height, width))
        made.append(folder / f"phantom-{seed}.jpg")
        pixels = (radiograph.pixels * 255).round().astype(np.uint8)
        cv2.imwrite(str(made[-1]), pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return made


_PREDICTOR: list[Predictor] = []


def offline(file: Path) -> list[dict[str, Any]]:
    """The teeth that predicting in this process finds, as teeth.json has them."""
    if not _PREDICTOR:
        _PREDICTOR.append(Predictor(load("default", 1)))
    return json.loads(json.dumps(to_record(_PREDICTOR[0].predict(file))["teeth"]))


class Service:
    """`panodent serve` in a process of its own."""

    def __init__(self, store: Path, workers: int) -> None:
        command = [sys.executable, "-m", "panodent", "serve", "--store", str(store), "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--workers", str(workers)], stdout=subprocess.PIPE, text=True
        )
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
        """Bytes held by the service and its workers; 0 where that cannot be told."""
        try:
            # Each thread of the service has its own children.
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
class Found:
    answers: list[Answer]
    elapsed: float
    memory: list[int]

    @property
    def lost(self) -> int:
        return sum(answer.status != 200 for answer in self.answers)

    @property
    def wrong(self) -> int:
        return sum(answer.status == 200 and not answer.right for answer in self.answers)


def run(service: Service, expected: dict[Path, Any], options: argparse.Namespace) -> Found:
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

    def look() -> None:
        while not over.wait(0.2):
            memory.append(service.resident())

    with ThreadPoolExecutor(options.clients) as pool:
        list(pool.map(ask, range(WARM_UP)))
        watch = threading.Thread(target=look)
        memory.append(service.resident())
        watch.start()
        start = time.perf_counter()
        answers = list(pool.map(ask, range(options.requests)))
        elapsed = time.perf_counter() - start
        over.set()
        watch.join()
    return Found(answers, elapsed, [*memory, service.resident()])


def report(found: Found, options: argparse.Namespace) -> None:
    ordered = sorted(answer.seconds for answer in found.answers)
    busy = sum(answer.busy for answer in found.answers)
    at = {share: ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.5, 0.95)}
    held = [size / 2**20 for size in found.memory if size]
    print(
        f"{options.requests} predictions of {options.size} pixels, {options.clients} clients, "
        f"{len(os.sched_getaffinity(0))} cores: {found.elapsed:.1f} s, "
        f"{options.requests / found.elapsed:.1f} a second"
    )
    print(f"lost {found.lost}, wrong {found.wrong}, asked to come again {busy}")
    print(
        f"seconds to an answer: median {at[0.5]:.2f}, p95 {at[0.95]:.2f}, "
        f"mean {statistics.fmean(ordered):.2f}, longest {ordered[-1]:.2f}"
    )
    if held:
        print(f"memory in MiB: first {held[0]:.0f}, most {max(held):.0f}, last {held[-1]:.0f}")


if __name__ == "__main__":
    sys.exit(main())
