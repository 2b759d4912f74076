"""Measures duration, processor time and peak memory of a command: `python launch.py COMMAND...`.

A script that imports nothing of panodent, because Linux reports the peak memory of a process as at
least that of its parent when it was started: the parent must be small.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time

_PAUSE = 0.1
"""Seconds between two looks at the memory of a process and its children."""


def main(command: list[str]) -> None:
    """Runs the command and prints JSON.

    code : its exit code, negative for a signal
    seconds : from start to end
    processor_seconds : what it and its children used of the processor, null as below
    peak_mib : most resident memory in MiB, null where the system does not report it; with that of
        children on Linux, where memory that several processes share counts once
    output, errors : what it printed on standard output and standard error
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err)
        family = _Family(process.pid)
        family.start()
        peak = used = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            process.returncode = code
            used = usage.ru_utime + usage.ru_stime
            # macOS reports bytes, Linux KiB.
            peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**20
            peak = max(peak, family.peak_mib)
        else:
            code = process.wait()
        seconds = time.perf_counter() - start
        out.seek(0)
        err.seek(0)
        result = {
            "code": code,
            "seconds": seconds,
            "processor_seconds": used,
            "peak_mib": peak,
            "output": out.read().decode(errors="replace"),
            "errors": err.read().decode(errors="replace"),
        }
    print(json.dumps(result))


class _Family(threading.Thread):
    """Looks at the memory of a process and its children now and then while there are some."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_mib = 0.0

    def run(self) -> None:
        while True:
            time.sleep(_PAUSE)
            try:
                with open(f"/proc/{self.pid}/task/{self.pid}/children") as stream:
                    children = stream.read().split()
                if children:
                    sizes = [_proportional_mib(pid) for pid in (str(self.pid), *children)]
                    self.peak_mib = max(self.peak_mib, sum(sizes))
            except OSError:  # the process has ended, or this is not Linux
                return


def _proportional_mib(pid: str) -> float:
    """Memory of a process, of which it shares a part with others: its part of that; 0 if ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as stream:
            return next(int(line.split()[1]) for line in stream if line.startswith("Pss:")) / 1024
    except (OSError, StopIteration):
        return 0.0


if __name__ == "__main__":
    main(sys.argv[1:])
