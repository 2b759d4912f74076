"""Measures Python programs run as new processes: duration, processor time and peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from panodent.errors import BenchmarkError

_LAUNCH = Path(__file__).with_name("launch.py")
_MOST_ERROR_TEXT = 400
"""Characters of a failed process's standard error that an error message quotes, from its end."""


@dataclass(frozen=True)
class FinishedProcess:
    """A process that has ended.

    `processor_seconds` is what it used of all processors together, `peak_mib` the most resident
    memory at a time; None where the system does not report them (Windows). `output` is what it
    printed on standard output.
    """

    seconds: float
    processor_seconds: float | None
    peak_mib: float | None
    output: str


def run_python(arguments: Sequence[str], environment: dict[str, str]) -> FinishedProcess:
    """Runs `python ARGUMENTS` to its end. Raises `BenchmarkError` when its exit code is not 0."""
    command = [sys.executable, str(_LAUNCH), sys.executable, *arguments]
    result = json.loads(
        subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    )
    if result["code"]:
        errors = " ".join(result["errors"].split())[-_MOST_ERROR_TEXT:]
        raise BenchmarkError(f"{' '.join(arguments[:3])} ended with {result['code']}: {errors}")
    peak = result["peak_mib"]
    return FinishedProcess(
        result["seconds"],
        result["processor_seconds"],
        None if peak is None else round(peak, 1),
        result["output"],
    )


@contextmanager
def child_environment() -> Iterator[dict[str, str]]:
    """The environment for measured processes, in which Python stores compiled byte code.

    An installed package has its byte code compiled. Where PYTHONDONTWRITEBYTECODE is set, each
    process would compile it again; then a temporary folder holds it instead.
    """
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    if not environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        yield environment
        return
    with TemporaryDirectory(prefix="panodent-bytecode-") as folder:
        environment["PYTHONPYCACHEPREFIX"] = folder
        yield environment
