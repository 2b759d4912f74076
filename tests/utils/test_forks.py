"""Work in forked processes. Tests fork processes of their own, since that of pytest has threads."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")

START = """
import os, signal, sys, threading, time
from panodent.utils.forks import can_fork, in_forks
def lost(item, code):
    return f"lost {item} {code}"
"""


def run(script: str, code: int = 0) -> list[str]:
    """The lines that a script prints, which begins with `START`."""
    found = subprocess.run(
        [sys.executable, "-c", START + script], capture_output=True, text=True, timeout=60
    )
    assert found.returncode == code, found.stderr
    return found.stdout.splitlines()


def test_results_come_in_the_order_of_the_items() -> None:
    (line,) = run("""
def work(item):
    time.sleep(0.002 * (7 - item % 7))
    return item * item
print(*(list(in_forks(work, range(30), n, lost)) == [(i, i * i) for i in range(30)]
        for n in (1, 2, 5)), list(in_forks(work, [], 2, lost)))
""")
    assert line == "True True True []"


def test_few_are_begun_ahead_and_the_first_may_be_the_last() -> None:
    lines = run("""
taken = []
def items():
    for item in range(50):
        taken.append(item)
        yield item
results = in_forks(lambda item: time.sleep(0 if item else 0.3), items(), 2, lost)
next(results)
print(len(taken))
print(len(list(results)))
""")
    assert lines == ["4", "49"]


def test_an_error_comes_in_its_turn_with_its_traceback() -> None:
    lines = run("""
class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(one)
def work(item):
    if item == 3:
        raise ValueError("three")
    if item == 103:
        raise Odd("one", "two")
    time.sleep(0.05 if item % 100 == 2 else 0)
for first in (0, 100):
    try:
        for item, _ in in_forks(work, range(first, first + 1000), 3, lost):
            print(item)
    except Exception as error:
        told = str(error) + "".join(getattr(error, "__notes__", []))
        print(type(error).__name__, ", in work" in told)
""")
    assert lines == ["0", "1", "2", "ValueError True", "100", "101", "102", "RuntimeError True"]


def test_an_item_that_ends_its_process_fails_alone() -> None:
    lines = run("""
def work(item):
    if item == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if item == 3:
        os._exit(7)
    return item
print([result for _, result in in_forks(work, range(6), 2, lost)])
""")
    assert lines == ["[0, 1, 'lost 2 -9', 'lost 3 7', 4, 5]"]


def test_results_that_nobody_takes_do_not_hold_up_the_end() -> None:
    lines = run("""
results = in_forks(lambda item: bytes(1_000_000), range(100), 2, lost)
print(len(next(results)[1]))
results.close()
""")
    assert lines == ["1000000"]


def test_processes_end_after_the_one_that_forked_them(tmp_path: Path) -> None:
    run(
        f"""
def work(item):
    open(f"{tmp_path}/{{os.getpid()}}", "w").close()
    time.sleep(0.2)
for _ in in_forks(work, range(100), 2, lost):
    os.kill(os.getpid(), signal.SIGKILL)
""",
        code=-9,
    )
    deadline = time.monotonic() + 20
    forks = [int(file.name) for file in tmp_path.iterdir()]
    assert len(forks) == 2
    while any(is_running(pid) for pid in forks):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_process_with_threads_is_not_forked() -> None:
    lines = run("""
print(can_fork())
threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()
print(can_fork())
""")
    assert lines == ["True", "False"]
