"""The load of benchmarks/serving.py in small: none lost, none wrong, memory flat."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "serving.py"


def test_many_clients_get_each_the_offline_answer(teeth_bundle):
    options = ["--requests", "32", "--files", "3", "--clients", "16", "--size", "256x512"]
    options += ["--workers", "2", "--bundle", teeth_bundle]
    done = subprocess.run(
        [sys.executable, BENCHMARK, *options], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost 0, wrong 0" in done.stdout
    held = re.search(r"first (\d+), most (\d+), last (\d+)", done.stdout)
    first, most, last = map(int, held.groups())
    assert most < first + 200
    assert last < first + 100
