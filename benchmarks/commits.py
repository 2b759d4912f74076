"""Compares the speed of `panodent predict` with that of another commit, in turns.

    python benchmarks/commits.py 9ea929b [--count 24] [--rounds 5] [--images FOLDER]

Unpacks the other commit into a temporary folder and runs it with this Python and its packages.
Each row runs two whole commands alternately, the start of Python included, and prints the median
(least to most) of the ratios of neighbours: duration, processor time of all cores, and peak memory.
Without --images, phantoms of 2041 x 1024 pixels are drawn, as by `panodent benchmark`.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from panodent.benchmark.inputs import copy_in_turn, draw_phantoms, find_radiographs
from panodent.benchmark.processes import FinishedProcess, child_environment, run_python

ROOT = Path(__file__).parents[1]
PHANTOMS = 8
"""Most phantoms that are drawn; a larger folder has copies of them."""


@dataclass(frozen=True)
class Comparison:
    """Two commands: this checkout with some options, and one or the other with others."""

    title: str
    options: tuple[str, ...]
    against: tuple[str, ...]
    other_commit: bool = True
    single: bool = False
    """One radiograph instead of the folder."""


COMPARISONS = (
    Comparison("folder, all outputs", (), ()),
    Comparison("folder, --no-overlay", ("--no-overlay",), ("--no-overlay",)),
    Comparison("folder, --no-overlay --fast, times before without --fast",
               ("--no-overlay", "--fast"), ("--no-overlay",)),
    Comparison("folder, --no-overlay --fast, times now without --fast",
               ("--no-overlay", "--fast"), ("--no-overlay",), other_commit=False),
    Comparison("one radiograph, cold", (), (), single=True),
)  # fmt: skip


def unpack(commit: str, folder: Path) -> Path:
    """The source folder of a commit, unpacked into `folder`; ends the program if there is none."""
    git = shutil.which("git") or sys.exit("git is needed for the other commit")
    archive = subprocess.run(
        [git, "archive", "--format=tar", commit, "src"], cwd=ROOT, capture_output=True
    )
    if archive.returncode:
        sys.exit(f"commit {commit}: {archive.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder / "src"


def run(
    source: Path, inputs: Path, options: Sequence[str], environment: dict[str, str]
) -> FinishedProcess:
    """One `panodent predict` of the package in `source`."""
    path = os.pathsep.join((str(source), environment["PYTHONPATH"]))
    with tempfile.TemporaryDirectory(prefix="panodent-results-") as place:
        arguments = ["-m", "panodent", "predict", str(inputs), "--output", f"{place}/teeth"]
        return run_python([*arguments, *options], environment | {"PYTHONPATH": path})


def ratios(now: Sequence[float | None], then: Sequence[float | None]) -> str:
    """Median (least to most) of the ratios of neighbours; a dash where one was not measured."""
    pairs = [a / b for a, b in zip(now, then, strict=True) if a and b]
    if not pairs:
        return "-"
    return f"{statistics.median(pairs):.2f} ({min(pairs):.2f} to {max(pairs):.2f})"


def compare(one: Comparison, other: Path, inputs: Path, rounds: int) -> str:
    """The row of a comparison: both commands once without measuring them, then in turns."""
    if one.single:
        inputs = find_radiographs(inputs)[0]
    sides = (
        (ROOT / "src", one.options),
        (other if one.other_commit else ROOT / "src", one.against),
    )
    measured: tuple[list[FinishedProcess], list[FinishedProcess]] = ([], [])
    with child_environment() as environment:
        for turn in range(rounds + 1):
            for (source, options), processes in zip(sides, measured, strict=True):
                process = run(source, inputs, options, environment)
                if turn:
                    processes.append(process)
    now, then = measured
    columns = (
        ratios([p.seconds for p in now], [p.seconds for p in then]),
        ratios([p.processor_seconds for p in now], [p.processor_seconds for p in then]),
        ratios([p.peak_mib for p in now], [p.peak_mib for p in then]),
        f"{statistics.median(p.seconds for p in now):.2f} s",
        f"{max(p.peak_mib or 0 for p in now):.0f} MiB",
    )
    return " | ".join((one.title, *columns))


def main() -> None:
    """Prints a row for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("commit", help="commit to compare this checkout with")
    parser.add_argument("--count", type=int, default=24, help="radiographs in the folder")
    parser.add_argument("--rounds", type=int, default=5, help="measured turns of each row")
    parser.add_argument("--images", type=Path, help="folder of radiographs")
    options = parser.parse_args()
    if options.count < 1 or options.rounds < 1:
        parser.error("--count and --rounds must be at least 1")
    print(
        "| | duration | processor time | peak memory | now | now, most |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory(prefix="panodent-commits-") as place:
        other = unpack(options.commit, Path(place, "other"))
        if options.images:
            files = find_radiographs(options.images)
        else:
            files = draw_phantoms(Path(place), min(options.count, PHANTOMS))
        inputs = copy_in_turn(files, options.count, Path(place, "folder"))
        for comparison in COMPARISONS:
            print(f"| {compare(comparison, other, inputs, options.rounds)} |", flush=True)


if __name__ == "__main__":
    main()
