"""Trains several runs at the same time, each in a process of its own on its own device.

Each process is `panodent train --resume`, so that runs that an earlier call began go on, and what a
process prints goes to train.log in the folder of its run. A run that fails leaves the others alone.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panodent.errors import ConfigError
from panodent.training.history import TABLE, Row

LOG = "train.log"
"""What the process of a run prints; in the run's folder."""
COMMAND = (sys.executable, "-m", "panodent", "train", "--resume", "--output")
"""The folder of the run is added."""
_PAUSE = 0.5
"""Seconds between two looks at the processes."""

_DEVICE = re.compile(r"\d+|(GPU|MIG)-[\w/-]+")
"""How CUDA names a device."""
_COUNT_GPUS = (
    "from panodent.training.backend import keras; "
    "print(len(keras.distribution.list_devices('gpu')))"
)

Report = Callable[[Path, str, dict[str, Any]], None]
"""Called as `report(folder, event, row)`: 'start' with 'place', 'epoch', or 'end' with 'code'."""


@dataclass(frozen=True)
class Slot:
    """What one process may use.

    name : for messages, such as 'device 0'.
    environment : variables that restrict the process to it.
    processors : numbers of the processors that it may use; empty: all.
    """

    name: str = "all processors"
    environment: Mapping[str, str] | None = None
    processors: frozenset[int] = frozenset()


def device_slots(devices: str) -> list[Slot]:
    """A slot for each CUDA device in a list such as '0,1'; raises `ConfigError`."""
    names = [name.strip() for name in devices.split(",")]
    if not all(map(_DEVICE.fullmatch, names)) or len(set(names)) < len(names):
        raise ConfigError(
            f"--devices is {devices!r}; expected numbers of CUDA devices, each once, such as 0,1"
        )
    return [Slot(f"device {name}", {"CUDA_VISIBLE_DEVICES": name}) for name in names]


def check_devices(devices: str) -> None:
    """Raises `ConfigError` where Keras does not find all CUDA devices in a list such as '0,1'.

    A run on a device that is not there would train on the processor. It takes some seconds, since
    another process looks: one that has loaded CUDA keeps its memory.
    """
    process = subprocess.run(
        [sys.executable, "-c", _COUNT_GPUS],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": devices.replace(" ", "")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    wanted = len(devices.split(","))
    found = process.stdout.split()[-1] if process.returncode == 0 and process.stdout else "0"
    if found != str(wanted):
        raise ConfigError(
            f"--devices is {devices!r}, but Keras finds {found} of {wanted} CUDA devices; "
            "`nvidia-smi -L` lists those that are there, and --jobs trains on processors"
        )


def processor_slots(count: int) -> list[Slot]:
    """`count` slots that share the processors equally, without GPUs."""
    every = _processors()
    slots = []
    for number in range(count):
        first, end = number * len(every) // count, (number + 1) * len(every) // count
        share = every[first : max(end, first + 1)]
        threads = str(len(share))
        environment = {
            "CUDA_VISIBLE_DEVICES": "",
            "OMP_NUM_THREADS": threads,
            "TF_NUM_INTRAOP_THREADS": threads,
            "TF_NUM_INTEROP_THREADS": threads,
        }
        slots.append(Slot(f"share {number + 1} of {count}", environment, frozenset(share)))
    return slots


def _processors() -> list[int]:
    """The processors that this process may use."""
    if sys.platform == "linux":
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def train_side_by_side(
    folders: Sequence[Path],
    slots: Sequence[Slot] | None = None,
    report: Report = lambda *_: None,
    command: Sequence[str] = COMMAND,
) -> dict[Path, int]:
    """Trains the runs in `folders`, one at a time in each slot; returns their exit codes.

    Without slots, one run after another is trained with all that there is. After Ctrl-C or SIGTERM
    the processes are ended; their complete epochs are kept.
    """
    waiting, free = list(folders), list(slots or [Slot()])
    running: dict[Path, tuple[subprocess.Popen[bytes], Slot]] = {}
    codes: dict[Path, int] = {}
    epochs = {folder: len(_history(folder)) for folder in folders}
    try:
        while waiting or running:
            while waiting and free:
                folder, slot = waiting.pop(0), free.pop(0)
                running[folder] = (_started(folder, slot, command), slot)
                report(folder, "start", {"place": slot.name})
            time.sleep(_PAUSE)
            for folder, (process, slot) in list(running.items()):
                code = process.poll()
                for row in _history(folder)[epochs[folder] :]:
                    epochs[folder] += 1
                    report(folder, "epoch", row)
                if code is not None:
                    codes[folder] = code
                    del running[folder]
                    free.append(slot)
                    report(folder, "end", {"code": code})
    finally:
        for process, _ in running.values():
            process.terminate()
        for process, _ in running.values():
            process.wait()
    return codes


def _started(folder: Path, slot: Slot, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """The process that trains a run in a slot."""
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            [*command, str(folder)],
            env={**os.environ, **(slot.environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C comes to this process alone, which ends the others
        )
    if slot.processors and sys.platform == "linux":
        with suppress(ProcessLookupError):  # it has ended already
            os.sched_setaffinity(process.pid, slot.processors)
    return process


def _history(folder: Path) -> list[Row]:
    """The rows of a run's history.csv; empty before the first epoch is complete."""
    try:
        with (folder / TABLE).open(encoding="utf-8", newline="") as stream:
            return [
                {name: float(text) for name, text in row.items()} for row in csv.DictReader(stream)
            ]
    except FileNotFoundError:
        return []


def last_line(folder: Path) -> str:
    """The last line with 'error:' in a run's train.log, else the last line."""
    lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").split("\n")
    lines = [line for line in lines if line.strip()] or ["nothing was printed"]
    return next((line for line in reversed(lines) if line.startswith("error:")), lines[-1])
