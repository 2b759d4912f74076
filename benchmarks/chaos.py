"""Chaos test of `panodent serve`: everything it needs is killed or filled while it works.

    python benchmarks/chaos.py                       # 200 studies, a job of 100 files, 40 faults
    python benchmarks/chaos.py --database postgres   # the same with PostgreSQL, stopped hard

Clients send studies and a job of phantoms through `panodent.client`. Meanwhile workers and the
service are killed (SIGKILL), PostgreSQL is stopped without a checkpoint, and the disk of the store
is filled to the last byte and emptied a moment later. In the end each radiograph must be one study
with the teeth of a prediction without faults, nothing may be left over, and the memory may have
grown by a tenth. Prints what was done; the exit code is 1 if anything was lost, doubled or
wrong.

The disk is filled only where this user may mount a small one (root); PostgreSQL is that of Debian.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from chaos_parts import Database, Service, SmallDisk

from panodent.benchmark.inputs import draw_phantoms
from panodent.client import Client
from panodent.errors import ServiceError

PATIENCE = 900.0
"""Seconds until all work must be done after the last fault."""


def main() -> int:
    options = parsed()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="panodent-chaos-")))
        disk = stack.enter_context(SmallDisk(folder / "disk", options.disk_mib))
        database = None
        if options.database == "postgres":
            database = stack.enter_context(Database(folder / "database"))
        height, width = (int(side) for side in options.size.split("x"))
        files = draw_phantoms(folder / "phantoms", 4, (height, width))
        service = stack.enter_context(
            Service(folder / "disk" / "store", options.bundle, options.workers, database)
        )
        chaos = Chaos(service, disk, database, options)
        faults = run(chaos, files, options)
    for fault in faults:
        print(f"FAULT: {fault}")
    print("nothing lost, nothing twice" if not faults else f"{len(faults)} faults")
    return 1 if faults else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--files", type=int, default=100, help="files of the job")
    parser.add_argument("--faults", type=int, default=40, help="kills and full disks")
    parser.add_argument("--pause", type=float, default=4.0, help="mean seconds between two faults")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--size", default="256x512", help="HEIGHTxWIDTH in pixels")
    parser.add_argument("--disk-mib", type=int, default=256, help="size of the store's disk")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


class Chaos:
    """Makes faults in a thread, one after the other, each kind in turn and then at random."""

    def __init__(
        self,
        service: Service,
        disk: SmallDisk,
        database: Database | None,
        options: argparse.Namespace,
    ) -> None:
        self.service, self._disk, self._database = service, disk, database
        self._chance = random.Random(options.seed)  # noqa: S311
        self._count, self._pause = options.faults, options.pause
        self.done: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Chaos:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _run(self) -> None:
        kinds = {"worker": self._worker, "service": self._restart}
        if self._disk.mounted:
            kinds["disk"] = self._fill
        if self._database is not None:
            kinds["database"] = partial(self._stop, self._database)
        for number in range(self._count):
            time.sleep(self._chance.uniform(0.5, 1.5) * self._pause)
            names = sorted(kinds)
            name = names[number] if number < len(names) else self._chance.choice(names)
            kinds[name]()
            self.done[name] += 1
            print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)

    def _worker(self) -> None:
        self.service.kill_worker(self._chance)

    def _restart(self) -> None:
        self.service.kill()
        self.service.start()

    def _fill(self) -> None:
        self._disk.fill()
        time.sleep(self._chance.uniform(1, 2) * self._pause)
        self._disk.empty()

    def _stop(self, database: Database) -> None:
        database.stop_hard()
        time.sleep(self._chance.uniform(1, 2) * self._pause)
        database.start()


def run(chaos: Chaos, files: list[Path], options: argparse.Namespace) -> list[str]:
    service = chaos.service
    contents = [file.read_bytes() for file in files]
    with Client(service.url, token_file=service.store / "token", patience=PATIENCE) as client:
        with ThreadPoolExecutor(options.clients) as pool:
            # At the same time, so that every worker has predicted before memory is measured: one
            # that never has uses 60 MiB less.
            quiet = list(pool.map(lambda content: client.predict(("x.png", content)),
                                  contents * options.clients))  # fmt: skip
        expected = [teeth_of(record) for record in quiet[: len(contents)]]
        before = service.resident()
        with chaos, ThreadPoolExecutor(options.clients) as pool:
            uploads = [(f"job-{n}.png", contents[n % 4]) for n in range(options.files)]
            job = client.add_job(uploads)["id"]
            list(pool.map(lambda n: add(client, f"study-{n}.png", contents[n % 4]),
                          range(options.studies)))  # fmt: skip
        ended = finished(client, job)
        faults = list(check(client, service, options, expected, ended))
        after = service.resident()
    print(f"faults made: {dict(chaos.done)}")
    print(f"memory in MiB: first {before >> 20}, last {after >> 20}")
    if after > 1.1 * before:
        faults.append(f"the memory grew from {before >> 20} to {after >> 20} MiB")
    return faults


def add(client: Client, name: str, content: bytes) -> None:
    """Adds a study; after an answer that was lost, it looks whether the study is there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            client.add_study((name, content))
            return
        except ServiceError as error:
            if error.status not in (0, 503, 507):
                raise
        time.sleep(1.0)
        if client.studies(search=name)["total"]:
            return
    raise SystemExit(f"{name} could not be added within {PATIENCE:.0f} s")


def finished(client: Client, job: str) -> dict[str, Any]:
    """The job; what failed because workers were killed three times is tried again."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = client.job(job)
        if found["state"] == "done":
            if not any(item["kept"] for item in found["items"]):
                return dict(found)
            client.retry_job(job)
        time.sleep(0.5)
    raise SystemExit(f"the job was not done within {PATIENCE:.0f} s")


def check(
    client: Client,
    service: Service,
    options: argparse.Namespace,
    expected: list[Any],
    job: dict[str, Any],
) -> Iterator[str]:
    """What was lost, doubled or wrong."""
    if (job["done"], job["failed"]) != (options.files, 0):
        yield f"the job has {job['done']} done and {job['failed']} failed of {options.files}"
    wanted = [f"job-{n}.png" for n in range(options.files)]
    wanted += [f"study-{n}.png" for n in range(options.studies)]
    studies = list(client.all_studies())
    counts = Counter(study["name"] for study in studies)
    yield from (f"{name} is {counts[name]} studies" for name in wanted if counts[name] != 1)
    yield from (f"{name} was not sent" for name in counts if name not in set(wanted))
    for study in studies[:: max(1, len(studies) // 40)]:
        number = int(study["name"].split("-")[1].split(".")[0])
        record = client.export_study(study["id"], "teeth.json")
        if teeth_of(json.loads(record)) != expected[number % 4]:
            yield f"{study['name']} has other teeth than a quiet prediction"
    folders = {place.name for place in (service.store / "files").iterdir()}
    if stray := folders - {study["id"] for study in studies}:
        yield f"{len(stray)} folders have no study"
    if lost := {study["id"] for study in studies} - folders:
        yield f"{len(lost)} studies have no folder"
    if (status := service.ready()) != 200:
        yield f"readyz answers {status}"


def teeth_of(record: dict[str, Any]) -> list[tuple[int, str]]:
    return [(tooth["fdi"], tooth["rle"]) for tooth in record["teeth"]]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]} failed")
