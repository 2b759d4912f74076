"""Measures duration, processor time and peak memory of a command: `python launch.py COMMAND...`.

A script that imports nothing of panodent, because Linux reports the peak memory of a process as at
least that of its parent when it was started: the parent must be small.
"""

import json
import os
import subprocess
import sys
import tempfile
import time


def main(command: list[str]) -> None:
    """Runs the command and prints JSON.

    code : its exit code, negative for a signal
    seconds : from start to end
    processor_seconds : what it and its children used of the processor, null as below
    peak_mib : most resident memory in MiB, null where the system does not report it
    output, errors : what it printed on standard output and standard error
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err)
        peak = used = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            process.returncode = code
            used = usage.ru_utime + usage.ru_stime
            # macOS reports bytes, Linux KiB.
            peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**20
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


if __name__ == "__main__":
    main(sys.argv[1:])
