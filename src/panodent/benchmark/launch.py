"""Runs a command and says how long it took and how much memory: `python launch.py COMMAND...`.

A script of its own, without panodent: a process starts with its parent's peak of memory as its
own, so the parent must be small. Prints JSON with what the command printed.
"""

import json
import os
import subprocess
import sys
import tempfile
import time


def main(command: list[str]) -> None:
    """Prints code, seconds, peak_mib (None where the system does not tell), out and err."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err)
        peak = None
        if hasattr(os, "wait4"):
            _, status, used = os.wait4(process.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            process.returncode = code
            peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**20
        else:
            code = process.wait()
        seconds = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        told = {
            "code": code,
            "seconds": seconds,
            "peak_mib": peak,
            "output": out.read().decode(errors="replace"),
            "errors": err.read().decode(errors="replace"),
        }
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
