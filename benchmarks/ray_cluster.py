"""Predicts phantoms on a simulated Ray cluster while a node and the driver are killed.

    python benchmarks/ray_cluster.py --count 5000 --output /tmp/cluster
    python benchmarks/ray_cluster.py --count 2000 --output /tmp/cluster --memory
    python benchmarks/ray_cluster.py --idle 60

Needs the extra `ray`. Three nodes of one core each run as processes of this machine. A third of the
way a node is killed, and another one joins; at two thirds the driver, `panodent predict --ray`, is
killed and started again with --resume. One file kills the worker that reads it, and one cannot be
read. The results are compared with those of a plain call. Prints measured rates and memory as JSON.

With --memory nothing is killed: `--ray local` predicts the phantoms, and the memory of its
processes is printed as it goes on. With --idle a Ray without any work is watched for so many
minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from panodent import phantom
from panodent.inference.cluster.ray_run import BATCH

DISTINCT = 250
"""Phantoms that are drawn; the others are links to them under other names."""
POISON = "00/poison.png"
DEADLY = f"""
import os, signal, sys

def fall(event, arguments):
    if event == "open" and str(arguments[0]).endswith("{POISON}"):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(fall)
"""
"""A sitecustomize.py with which a process dies when it opens the file."""
FAST = ("--no-overlay", "--no-refine", "--no-findings")


def draw(folder: Path, count: int) -> None:
    """Phantoms of 256 x 128 pixels, and a file that cannot be read."""
    (folder / "images" / POISON).unlink(missing_ok=True)
    if (folder / "images").exists():
        return
    phantom.write(folder / "drawn", min(count, DISTINCT), size=(128, 256))
    drawn = sorted((folder / "drawn" / "images").iterdir())
    for number in range(count):
        place = folder / "images" / f"{number // 500:02d}" / f"scan-{number:05d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(drawn[number % len(drawn)], place)
    (folder / "images" / "00" / "broken.png").write_bytes(b"no picture")


def predict(images: Path, output: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "panodent", "predict", str(images), "-o", str(output)]
    return subprocess.Popen([*command, *FAST, *options], stdout=subprocess.PIPE)


class Memory(threading.Thread):
    """Watches the largest memory of processes by kind, in MB (proportional set size)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak: dict[str, float] = {}

    def run(self) -> None:
        while True:
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    line = " ".join(process.cmdline())
                    if kind := next((k for k, text in KINDS.items() if text in line), ""):
                        used = process.memory_full_info().pss / 2**20
                        self.peak[kind] = max(self.peak.get(kind, 0.0), used)
            time.sleep(2)

    def since(self) -> dict[str, int]:
        """The largest memory since the last call."""
        peak, self.peak = self.peak, {}
        return {kind: round(used) for kind, used in sorted(peak.items())}


KINDS = {
    "driver": "-m panodent predict",
    "worker": "ray::MapWorker",
    "head": "gcs_server",
    "attempts": "ray::CountedAttempts",
}
"""Processes by a text of their command line."""


def finished(output: Path) -> int:
    """Finished batches, seen from outside."""
    return sum(1 for _ in output.glob("tables/statuses/*.parquet"))


def wait_for(output: Path, batches: int, driver: subprocess.Popen[bytes]) -> None:
    while finished(output) < batches and driver.poll() is None:
        time.sleep(0.5)


def curve(images: Path, output: Path, count: int) -> int:
    """Predicts without a disturbance and prints the memory in each part; returns the exit code."""
    memory = Memory()
    memory.start()
    driver = predict(images, output, "--ray", "local")
    started = time.monotonic()
    for part in (1 / 8, 1 / 4, 1 / 2, 1):
        wait_for(output, int(part * count) // BATCH, driver)
        so_far = {
            "radiographs": finished(output) * BATCH,
            "minutes": round((time.monotonic() - started) / 60, 1),
        }
        print(json.dumps(so_far | memory.since()), flush=True)
    return driver.wait()


def idle(minutes: int) -> None:
    """Prints the memory of the head node of a Ray that has nothing to do, every ten minutes."""
    import ray

    memory = Memory()
    memory.start()
    ray.init(include_dashboard=False, logging_level=logging.ERROR)
    for passed in range(0, minutes, 10):
        time.sleep(600)
        print(json.dumps({"minutes": passed + 10} | memory.since()), flush=True)
    ray.shutdown()


def clustered(images: Path, output: Path, count: int) -> dict[str, Any]:
    """Predicts on the cluster with a node and the driver killed; times and memory."""
    import ray
    from ray.cluster_utils import Cluster

    (output.parent / "deadly").mkdir(exist_ok=True)
    (output.parent / "deadly" / "sitecustomize.py").write_text(DEADLY)
    (images / POISON).write_bytes(next(images.rglob("scan-*.png")).read_bytes())
    before = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(output.parent / "deadly"), before))
    )
    cluster = Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 2**27}
    )
    nodes = [cluster.add_node(num_cpus=1, object_store_memory=2**27) for _ in range(2)]
    memory, batches = Memory(), count // BATCH
    memory.start()
    started = time.monotonic()
    options = ("--ray", cluster.address, "--resume")
    try:
        driver = predict(images, output, *options)
        wait_for(output, batches // 3, driver)
        cluster.remove_node(nodes[0], allow_graceful=False)
        said = [f"a node was killed after {finished(output)} batches"]
        cluster.add_node(num_cpus=1, object_store_memory=2**27)
        wait_for(output, 2 * batches // 3, driver)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        said.append(f"the driver was killed after {finished(output)} batches")
        driver = predict(images, output, *options)
        out, _ = driver.communicate()
        said.append(out.decode().strip())
    finally:
        ray.shutdown()
        cluster.shutdown()
    seconds = time.monotonic() - started
    return {
        "exit_code": driver.returncode,
        "seconds": round(seconds),
        "said": said,
        "peak": memory.since(),
    }


def rows(output: Path, table: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    found = pq.read_table(str(output / "tables" / table)).to_pylist()
    return sorted(found, key=lambda row: json.dumps(row, sort_keys=True))


def differences(plain: Path, output: Path) -> list[str]:
    """What differs between the results of a plain call and those of the cluster."""
    files = {
        place: {
            str(file.relative_to(place)): file.read_bytes()
            for name in ("teeth.json", "labels.png")
            for file in place.rglob(name)
        }
        for place in (plain, output)
    }
    found = [f"{name}: differs" for name in sorted(set(files[plain]) ^ set(files[output]))]
    found += [n for n, data in files[plain].items() if files[output].get(n, data) != data]
    for table in ("statuses", "teeth", "findings"):
        here, there = rows(plain, table), rows(output, table)
        poisoned = [row for row in there if row.get("file_name") == POISON]
        if table == "statuses" and "a worker died 3 times" not in str(poisoned):
            found.append(f"{POISON}: not given up as it should be, but {poisoned}")
        if here != [row for row in there if row not in poisoned]:
            found.append(f"table {table} differs")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=5000, help="number of phantoms")
    parser.add_argument("--output", type=Path, help="folder for everything")
    parser.add_argument("--memory", action="store_true", help="only the memory as it goes on")
    parser.add_argument("--idle", type=int, metavar="MINUTES", help="only a Ray without work")
    given = parser.parse_args()
    if given.idle:
        idle(given.idle)
        return
    if given.output is None:
        parser.error("--output is needed")
    place: Path = given.output
    draw(place, given.count)
    for name in ("plain", "cluster"):
        shutil.rmtree(place / name, ignore_errors=True)
    if given.memory:
        sys.exit(curve(place / "images", place / "cluster", given.count))
    started = time.monotonic()
    predict(place / "images", place / "plain", "--parquet").communicate()
    plain = round(time.monotonic() - started)
    found = clustered(place / "images", place / "cluster", given.count)
    found |= {"radiographs": given.count, "plain_seconds": plain}
    found["differences"] = differences(place / "plain", place / "cluster")
    print(json.dumps(found, indent=1))
    sys.exit(1 if found["differences"] else 0)


if __name__ == "__main__":
    main()
