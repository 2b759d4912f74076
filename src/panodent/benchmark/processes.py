"""Calls in processes of their own: what a shell sees, and how much memory they took."""

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


@dataclass(frozen=True)
class Call:
    """A process that has ended."""

    seconds: float
    peak_mib: float | None
    """Most memory that was resident at a time; None where the system does not tell (Windows)."""
    output: str


def run(arguments: Sequence[str], environment: dict[str, str]) -> Call:
    """Runs `python ARGUMENTS` to its end. Raises `BenchmarkError` when it fails."""
    command = [sys.executable, str(_LAUNCH), sys.executable, *arguments]
    told = json.loads(
        subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    )
    if told["code"]:
        words = " ".join(told["errors"].split())[-400:]
        raise BenchmarkError(f"{' '.join(arguments[:3])} ended with {told['code']}: {words}")
    peak = told["peak_mib"]
    return Call(told["seconds"], None if peak is None else round(peak, 1), told["output"])


@contextmanager
def as_installed() -> Iterator[dict[str, str]]:
    """The environment of a call, with byte code kept as that of an installed package is.

    Where Python is told not to write any, every start would compile what a user's does not.
    """
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    if not environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        yield environment
        return
    with TemporaryDirectory(prefix="panodent-bytecode-") as folder:
        environment["PYTHONPYCACHEPREFIX"] = folder
        yield environment
