"""The first radiograph of a fresh process, and folders of them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from panodent.benchmark.processes import run
from panodent.benchmark.timing import Clock, Spread

COMMAND = "whole command"


@dataclass(frozen=True)
class Cold:
    """`panodent predict FILE` from the shell."""

    stages: dict[str, Spread]
    """Of a process that does the same, stage by stage; last the command itself."""
    peak_mib: float | None


def first(file: Path, output: Path, bundle: str, rounds: int, environment: dict[str, str]) -> Cold:
    """One radiograph with all outputs, `rounds` times, each time in a new process."""
    clock, peaks = Clock(), []
    for number in range(-1, rounds):
        taken = clock if number >= 0 else Clock()  # the first finds no byte code yet
        stages = ["-m", "panodent.benchmark.cold_stages", str(file), str(output), bundle]
        told = run([*stages, repr(time.time())], environment).output
        for stage, milliseconds in json.loads(told).items():
            taken.add(stage, milliseconds)
        command = ["-m", "panodent", "predict", str(file), "-o", str(output), "--bundle", bundle]
        call = run(command, environment)
        taken.add(COMMAND, 1000 * call.seconds)
        peaks.append(call.peak_mib)
    known = [peak for peak in peaks if peak is not None]
    return Cold(clock.spreads(), max(known) if known else None)


@dataclass(frozen=True)
class Folder:
    """`panodent predict FOLDER` with all outputs."""

    radiographs: int
    seconds: float
    a_second: float
    peak_mib: float | None


def folder(
    images: Path, count: int, output: Path, bundle: str, environment: dict[str, str]
) -> Folder:
    """All radiographs of a folder, from the start of Python to its end."""
    command = ["-m", "panodent", "predict", str(images), "-o", str(output), "--bundle", bundle]
    call = run(command, environment)
    return Folder(count, round(call.seconds, 2), round(count / call.seconds, 2), call.peak_mib)
