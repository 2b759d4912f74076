"""Runs in processes of their own, with short scripts in the place of `panodent train --resume`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from panodent.errors import ConfigError
from panodent.training.side_by_side import (
    Slot,
    check_devices,
    device_slots,
    last_line,
    processor_slots,
    train_side_by_side,
)

EPOCHS = """
import os, sys, time
folder = sys.argv[1]
print("device", os.environ.get("CUDA_VISIBLE_DEVICES"))
if folder.endswith("bad"):
    print("error: no radiograph", file=sys.stderr)
    print("bye")
    sys.exit(1)
with open(folder + "/history.csv", "a") as table:
    table.write("epoch,loss\\n" if table.tell() == 0 else "")
    table.write("1,0.5\\n2,0.25\\n")
"""
SLOW = "import time; time.sleep(60)"


def command(script: str) -> list[str]:
    return [sys.executable, "-ISc", script]


def folders(root: Path, *names: str) -> list[Path]:
    for name in names:
        (root / name).mkdir()
    return [root / name for name in names]


def test_runs_are_shared_among_slots_and_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    runs = folders(tmp_path, "one", "bad", "two")
    (tmp_path / "two" / "history.csv").write_text("epoch,loss\n1,0.75\n")
    events: list[tuple[str, str, dict[str, Any]]] = []
    codes = train_side_by_side(
        runs,
        device_slots("4,7"),
        lambda folder, event, row: events.append((folder.name, event, row)),
        command(EPOCHS),
    )
    assert codes == dict(zip(runs, (0, 1, 0), strict=True))
    assert last_line(runs[1]) == "error: no radiograph"
    assert (runs[0] / "train.log").read_text() == "device 4\n"
    assert [event[1:] for event in events if event[0] == "bad"] == [
        ("start", {"place": "device 7"}),
        ("end", {"code": 1}),
    ]
    assert [row for name, event, row in events if (name, event) == ("two", "epoch")] == [
        {"epoch": 1, "loss": 0.5},  # not the one that an earlier call has trained
        {"epoch": 2, "loss": 0.25},
    ]
    # The third waits for a slot.
    assert [name for name, event, _ in events if event == "start"] == ["one", "bad", "two"]


def test_an_interrupt_ends_the_processes(tmp_path: Path) -> None:
    runs = folders(tmp_path, "one", "two")
    started = time.monotonic()

    def interrupted(run: Path, *_: object) -> None:
        if run == runs[1]:  # both have started
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_side_by_side(runs, [Slot(), Slot()], interrupted, command=command(SLOW))
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("devices", ["", "0,", "1,1", "a,b", "0 1", "cuda:0", "-1"])
def test_devices_are_named_once(devices: str) -> None:
    with pytest.raises(ConfigError, match="each once, such as 0,1"):
        device_slots(devices)
    names = [slot.name for slot in device_slots("GPU-1f, 3")]
    assert names == ["device GPU-1f", "device 3"]


def test_devices_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "panodent.training.side_by_side._COUNT_GPUS"
    monkeypatch.setattr(place, "import os; print(len(os.environ['CUDA_VISIBLE_DEVICES']) // 2 + 1)")
    check_devices("0, 2")
    for count, found in (("print('a note'); print(1)", "1"), ("raise SystemExit(2)", "0")):
        monkeypatch.setattr(place, count)
        with pytest.raises(ConfigError, match=f"'0,2', but Keras finds {found} of 2 CUDA devices"):
            check_devices("0,2")


def test_processors_are_shared_equally_and_each_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("panodent.training.side_by_side._processors", lambda: [0, 1, 4, 5, 6])
    assert [slot.processors for slot in processor_slots(2)] == [{0, 1}, {4, 5, 6}]
    assert (processor_slots(2)[1].environment or {})["OMP_NUM_THREADS"] == "3"
    assert {len(slot.processors) for slot in processor_slots(7)} == {1}


@pytest.mark.skipif(sys.platform != "linux", reason="macOS pins no process to processors")
def test_a_process_stays_on_its_processors(tmp_path: Path) -> None:
    (run,) = folders(tmp_path, "one")
    first = min(os.sched_getaffinity(0))
    script = """
import os, time
while len(os.sched_getaffinity(0)) > 1: time.sleep(0.01)
print(*os.sched_getaffinity(0))
"""
    slot = Slot("first", None, frozenset({first}))
    assert train_side_by_side([run], [slot], command=command(script)) == {run: 0}
    assert last_line(run) == str(first)


def test_last_line_of_a_silent_process(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text("\n")
    assert last_line(tmp_path) == "nothing was printed"
