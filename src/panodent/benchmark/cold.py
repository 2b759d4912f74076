"""Measures predictions in new processes: the first radiograph, and whole folders."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from panodent.benchmark.processes import run_python
from panodent.benchmark.timing import Spread, StageTimer

COMMAND = "whole command"
PROCESSOR_TIME = "its processor time"


@dataclass(frozen=True)
class ColdStart:
    """The first radiograph of a new process.

    `stages` holds milliseconds by stage, and last those of the command `panodent predict FILE` as a
    shell measures it, and its processor time. `peak_mib` is the most memory that the command held.
    Windows reports neither processor time nor memory.
    """

    stages: dict[str, Spread]
    peak_mib: float | None


@dataclass(frozen=True)
class FolderRun:
    """One call of `panodent predict FOLDER OPTIONS`, from the start of Python to its end.

    `processor_ms` is the processor time for each radiograph in milliseconds, start included; None,
    as `peak_mib`, where the system does not report it (Windows).
    """

    radiographs: int
    seconds: float
    radiographs_per_second: float
    peak_mib: float | None
    options: tuple[str, ...] = ()
    processor_ms: float | None = None


@dataclass(frozen=True)
class ColdBenchmark:
    """Starts a new process for each measurement.

    bundle : bundle that predicts.
    environment : environment variables of the processes.
    preload : module imported before the first stage, see `panodent.benchmark.cold_stages`; "" none.

    The methods raise `BenchmarkError` when a process fails.
    """

    bundle: str
    environment: dict[str, str]
    preload: str = ""

    def measure_file(self, file: Path, output: Path, rounds: int) -> ColdStart:
        """Predicts a radiograph and writes all outputs, `rounds` times by stage and as command."""
        timer, peaks = StageTimer(), []
        for number in range(-1, rounds):
            # The round before the first one writes the byte code of all modules.
            used = timer if number >= 0 else StageTimer()
            for stage, milliseconds in self._stages(file, output).items():
                used.add(stage, milliseconds)
            command = run_python(self._command(file, output), self.environment)
            used.add(COMMAND, 1000 * command.seconds)
            if command.processor_seconds is not None:
                used.add(PROCESSOR_TIME, 1000 * command.processor_seconds)
            peaks.append(command.peak_mib)
        known = [peak for peak in peaks if peak is not None]
        return ColdStart(timer.spreads(), max(known) if known else None)

    def measure_folder(
        self, images: Path, count: int, output: Path, options: Sequence[str] = ()
    ) -> FolderRun:
        """Predicts the `count` radiographs of a folder, with further `options` of the command."""
        command = run_python([*self._command(images, output), *options], self.environment)
        used = command.processor_seconds
        return FolderRun(
            count,
            round(command.seconds, 2),
            round(count / command.seconds, 2),
            command.peak_mib,
            tuple(options),
            None if used is None else round(1000 * used / count, 1),
        )

    def _command(self, path: Path, output: Path) -> list[str]:
        places = [str(path), "-o", str(output), "--overwrite"]  # the rounds write to one folder
        return ["-m", "panodent", "predict", *places, "--bundle", self.bundle]

    def _stages(self, file: Path, output: Path) -> dict[str, float]:
        module = ["-m", "panodent.benchmark.cold_stages"]
        arguments = [str(file), str(output), self.bundle, repr(time.time())]
        preload = [self.preload] if self.preload else []
        stages: dict[str, float] = json.loads(
            run_python([*module, *arguments, *preload], self.environment).output
        )
        return stages
