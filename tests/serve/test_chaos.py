"""benchmarks/chaos.py in small: a worker and the service are killed, and the disk is filled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHAOS = Path(__file__).parents[2] / "benchmarks" / "chaos.py"


def test_nothing_is_lost_and_nothing_twice_under_kills_and_a_full_disk(teeth_bundle: Path) -> None:
    pytest.importorskip("httpx", reason="needs the client extra")
    options = ["--studies", "6", "--files", "5", "--faults", "3", "--pause", "0.7"]
    options += ["--clients", "4", "--workers", "1", "--bundle", str(teeth_bundle)]
    done = subprocess.run(
        [sys.executable, CHAOS, *options], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing lost, nothing twice" in done.stdout
    assert "'service': 1" in done.stdout
