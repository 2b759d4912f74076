"""The text of a report, from figures made up here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from panodent.benchmark.cold import ColdStart, FolderRun
from panodent.benchmark.formatting import lines
from panodent.benchmark.limit import Limit
from panodent.benchmark.peers import Peer
from panodent.benchmark.report import Report
from panodent.benchmark.timing import Spread

MACHINE = {
    "panodent": "0.1",
    "bundle": "abc",
    "python": "3.11",
    "onnxruntime": "1.32",
    "processor": "CPU",
    "cores": 2,
    "threads": 2,
    "load": 0.5,
}


def report(**others: object) -> Report:
    settings = {
        "machine": MACHINE,
        "radiographs": "4 phantoms",
        "warm": {"network": Spread(20, 18, 25, 10)},
        "cold": ColdStart({"start": Spread(200, 190, 210, 3)}, None),
        "limit": Limit(2_000_000_000, 200.0, 20.0, Spread(24, 23, 25, 3), Spread(1.2, 1.1, 1.3, 3)),
        "other_stages": Spread(0.9, 0.8, 1.0, 10),
        "folder": None,
    }
    return Report(**{**settings, **others})


def test_what_is_always_measured() -> None:
    assert list(lines(report())) == [
        "panodent 0.1, bundle abc, Python 3.11, ONNX Runtime 1.32",
        "CPU, 2 cores, 2 threads; load 0.5",
        "radiographs: 4 phantoms",
        "",
        "warm, ms: median (first to third quartile)",
        "  network                 20.0  (18.0 to 25.0)",
        "  read, frame and decode take 0.90 (0.80 to 1.00) times that of network",
        "",
        "cold, a new process each time, ms: median (first to third quartile)",
        "  start                  200.0  (190.0 to 210.0)",
        "  peak memory not reported by this system",
        "",
        "network: 2.00 G multiply-adds; a plain float32 matrix product reaches 200 GFLOP/s",
        "  limit 20.0 ms; the network takes 24.0 (23.0 to 25.0) ms, 1.20 (1.10 to 1.30) times "
        "its limit",
    ]


RUN = FolderRun(40, 4.0, 10.0, 250.4)
SPREAD = Spread(2.0, 1.5, 2.5, 10)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ({"folder": RUN}, ["a folder of 40: 4.0 s, 10.0 radiographs/s, peak memory 250 MiB"]),
        (
            {"variants": [replace(RUN, options=("--no-overlay", "--fast"))]},
            [
                "a folder of 40 with --no-overlay --fast: 4.0 s, 10.0 radiographs/s, "
                "peak memory 250 MiB"
            ],
        ),
        (
            {"folder": replace(RUN, processor_ms=214.6)},
            [
                "a folder of 40: 4.0 s, 10.0 radiographs/s, 215 ms of processor time each, "
                "peak memory 250 MiB"
            ],
        ),
        ({"counts": [RUN]}, ["a folder of 40: 4.0 s, 10.0 radiographs/s, peak memory 250 MiB"]),
        (
            {"peers": [Peer("yolo n", "3 M", {"whole": SPREAD}, SPREAD, SPREAD)]},
            [
                "yolo n (3 M), ms: median (first to third quartile)",
                "  whole                    2.0  (1.5 to 2.5)",
                "  2.00 (1.50 to 2.50) times panodent's time from file to teeth, "
                "2.0 (1.5 to 2.5) ms",
            ],
        ),
        (
            {"widths": {512: {"read": SPREAD}, 1024: {"read": SPREAD}}},
            [
                "median ms by width                  read",
                "               512                   2.0",
                "              1024                   2.0",
            ],
        ),
    ],
)
def test_what_is_measured_on_request(others: dict, expected: list[str]) -> None:
    without = list(lines(report()))
    added = [line for line in lines(report(**others)) if line and line not in without]
    assert added == expected
