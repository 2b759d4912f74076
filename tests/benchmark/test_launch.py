"""Duration, memory, exit code and output of a command."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from panodent.benchmark import launch

CODE = """
import sys, time
held = bytearray(b"x") * (64 << 20)
time.sleep(0.2)
print("out")
print("err", file=sys.stderr)
sys.exit(3)
"""


def test_a_command_is_measured_and_its_output_kept(capsys: pytest.CaptureFixture[str]) -> None:
    launch.main([sys.executable, "-c", CODE])
    result = json.loads(capsys.readouterr().out)
    assert (result["code"], result["output"], result["errors"]) == (3, "out\n", "err\n")
    assert 0.2 < result["seconds"] < 30
    if sys.platform != "win32":
        assert result["peak_mib"] > 64
        assert 0 < result["processor_seconds"] < 0.2 + result["seconds"]


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the memory of children")
def test_memory_of_children_counts() -> None:
    hold = "import time; held = bytearray(b'x') * (40 << 20); time.sleep(0.6)"
    both = f"""
import subprocess, sys
for process in [subprocess.Popen([sys.executable, "-c", {hold!r}]) for _ in range(2)]:
    process.wait()
"""
    # A process of its own: that of the tests is large, which would count as well.
    command = [sys.executable, launch.__file__, sys.executable, "-c", both]
    printed = subprocess.run(command, capture_output=True, check=True).stdout
    assert 80 < json.loads(printed)["peak_mib"] < 160


def test_it_imports_nothing_of_panodent() -> None:
    assert "panodent" not in vars(launch)
    with open(launch.__file__, encoding="utf-8") as stream:
        imports = [line for line in stream if line.startswith(("import ", "from "))]
    assert not any("panodent" in line for line in imports)
